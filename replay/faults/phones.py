"""Phones: two people give one phone; it is contested, and records by that number name nobody any more.

In: sheets and a blow. Out: registers in which some give somebody else's phone too; what is known of records by it.
Invariant: who shares with whom is one draw for the whole drill, so that every sheet knows it. Nobody gives a phone
through which a card, a health code or a plate is found: what goes by those is not touched.
Deliberately absent: whoever is right. That is for a human to settle (identity_contested).
"""

from __future__ import annotations

import numpy as np

from replay.city.model import City
from replay.faults.struck import Blow, FaultRow, Mask, model_of, own
from replay.sheets import Sheet, cells
from schemas.departments.drafting import identifier
from schemas.keys import Ints

REGISTER = "police.resident_register"
_PURPOSE = 7_001


def shared_phones(sheet: Sheet, blow: Blow) -> list[FaultRow]:
    """Some residents give the police the phone of another one beside their own."""
    givers, holders = pairs(blow.city, blow.seed, blow.fault.share)
    if not len(givers):
        return []
    shared = {identifier("phone", holder) for holder in holders.tolist()}
    if sheet.source == REGISTER:
        return _given(sheet, blow, dict(zip(givers.tolist(), holders.tolist(), strict=True)))
    found: list[FaultRow] = []
    for kind, name in model_of(sheet).identifiers:
        if name in sheet.body:
            rows = _by_phone(sheet, kind, name) & np.isin(cells(sheet.body[name]).astype(str), list(shared))
            sheet.knows = np.where(rows, 0, sheet.knows)
            found += blow.told(sheet, rows, True, name)
    return found


def pairs(city: City, seed: int, share: float) -> tuple[Ints, Ints]:
    """Who gives whose phone too: residents without one in common, each in one pair at most."""
    people, few = city.people, slice(city.residents)
    alone = (people.holds_phone == 1) & (people.linked_phone == 1)
    for carried in (people.linked_card, people.linked_token, people.linked_plate):
        alone &= carried == 0
    able = np.flatnonzero(alone[few])
    rng = city.rng(_PURPOSE, seed)
    holders = rng.permutation(able)[: round(share * city.residents)]
    others = np.setdiff1d(np.arange(city.residents), holders)
    givers = rng.permutation(others)[: len(holders)]
    return givers, holders[: len(givers)]


def _given(sheet: Sheet, blow: Blow, phone_of: dict[int, int]) -> list[FaultRow]:
    """The register's rows of those who give it."""
    rows = np.isin(sheet.person, list(phone_of)) & (sheet.withdraw == 0)
    column = own(sheet, "phones", object)
    for at in np.flatnonzero(rows).tolist():
        phones = tuple(column[at] or ())
        column[at] = (*phones, identifier("phone", phone_of[int(sheet.person[at])]))
    return blow.told(sheet, rows, False, "phones")


def _by_phone(sheet: Sheet, kind: str, name: str) -> Mask:
    if kind.startswith("="):
        return np.full(len(sheet), kind == "=phone" and name in sheet.body)
    return np.asarray(cells(sheet.body[kind]).astype(str) == "phone")
