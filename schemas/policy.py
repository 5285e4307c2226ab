"""Policy packs: every number of the field as data, with edition, dates, source, and whether it is confirmed.

In: the TOML text of a pack. Out: `Pack`, checked whole.
Invariant: an unknown key, a missing source or a kind without a rule is an error at load; nothing has a default.
Deliberately absent: reading files (streams/packs.py) and applying rules (brain/).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal, Self, get_args

import numpy as np
from pydantic import Field, ValidationError, model_validator

from schemas.codes import FIRST_VEHICLE, PlaceKind
from schemas.instants import day_number, local_day
from schemas.keys import Ints
from schemas.statements import (
    CompanionRule,
    Count,
    FindingRules,
    Management,
    MedicineHold,
    PlaceRule,
    PoolHold,
    RideRule,
    SecondaryRule,
    Sourced,
    Statement,
    Strict,
    SymptomRule,
    Text,
    TransferRules,
    Window,
)


class Pack(Strict):
    """One edition of one authority's rules."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    title_zh: Text
    title_en: Text
    series: Annotated[str, Field(pattern=r"^[a-z0-9-]*$")]  # packs of a series follow each other by date
    in_force_since: date
    in_force_until: date | Literal["open"]
    source: Text
    window: Window
    sealed_assumed: Sourced[bool]
    dwell_minutes: dict[str, Sourced[Count]]
    place: dict[str, PlaceRule]
    ride: tuple[RideRule, ...]
    symptoms: SymptomRule
    secondary: SecondaryRule
    companion: CompanionRule
    pool_hold: PoolHold
    medicine_hold: MedicineHold
    findings: FindingRules
    transfer: TransferRules
    management: dict[Literal["close", "secondary", "venue_exposed", "general"], Management]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        every = set(PlaceKind.__members__)
        grounded = {k.name for k in PlaceKind if k < FIRST_VEHICLE}
        for table, have, need in (
            ("dwell_minutes", set(self.dwell_minutes), every),
            ("place", set(self.place), grounded),
            ("management", set(self.management), {"close", "secondary", "venue_exposed", "general"}),
        ):
            if have != need:
                raise ValueError(f"[{table}] lacks {sorted(need - have)}, and {sorted(have - need)} it does not know")
        if self.in_force_until != "open" and self.in_force_until <= self.in_force_since:
            raise ValueError(f"in_force_until: {self.in_force_until} is not after {self.in_force_since}")
        for mode in sorted(every - grounded):
            for sealed in (True, False):
                rules = [r.rule for r in self.ride if r.mode == mode and r.sealed in (sealed, "any")]
                if len(rules) != 1:
                    asked = f"mode {mode!r}, sealed {str(sealed).lower()}"
                    raise ValueError(f"[[ride]] needs exactly one rule for {asked}; it has {rules}")
        ids = [r.rule for r in self.place.values()] + [r.rule for r in self.ride]
        ids += [self.symptoms.rule, self.secondary.rule]
        ids += [self.companion.rule, self.pool_hold.rule, self.medicine_hold.rule]
        ids += [self.transfer.rule]
        ids += [finding.rule for _, finding in self.findings.rules()]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError(f"rule: every rule needs an id of its own; used more than once: {twice}")
        known = {r.category for r in self.place.values()} | {r.category for r in self.ride} | {self.symptoms.category}
        strange = sorted(set(self.secondary.categories) - known)
        if strange:
            raise ValueError(f"secondary.categories: no rule yields {strange}; expected among {sorted(known)}")
        return self

    def statements(self) -> Iterator[tuple[str, Statement]]:
        """Every sourced number and rule with its key as in the file, in the order of the file."""
        yield "sealed_assumed", self.sealed_assumed
        for name in Window.model_fields:
            yield f"window.{name}", getattr(self.window, name)
        yield from ((f"dwell_minutes.{kind}", minutes) for kind, minutes in self.dwell_minutes.items())
        yield from ((f"place.{kind}", rule) for kind, rule in self.place.items())
        yield from ((f"ride.{rule.rule}", rule) for rule in self.ride)
        yield from (("symptoms", self.symptoms), ("secondary", self.secondary))
        numbers = (name for name in CompanionRule.model_fields if name != "rule")
        yield from ((f"companion.{name}", getattr(self.companion, name)) for name in numbers)
        yield from (("pool_hold", self.pool_hold), ("medicine_hold", self.medicine_hold))
        yield from ((f"findings.{kind}", finding) for kind, finding in self.findings.rules())
        numbers = (name for name in TransferRules.model_fields if name != "rule")
        yield from ((f"transfer.{name}", getattr(self.transfer, name)) for name in numbers)
        yield from ((f"management.{name}", measures) for name, measures in self.management.items())

    def ride_rule(self, mode: str, sealed: bool) -> RideRule:
        return next(r for r in self.ride if r.mode == mode and r.sealed in (sealed, "any"))


def parse_pack(text: str, where: str) -> Pack:
    """The pack in a TOML text. Errors: ValueError with file, key and what was expected, one line each."""
    try:
        # By way of JSON: there a list may stand for a tuple, while "yes" still is no boolean and "2" no number.
        return Pack.model_validate_json(json.dumps(tomllib.loads(text), default=str))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{where}: not TOML: {error}") from None
    except ValidationError as error:
        lines = [f"{where}: {_key(e['loc'])}: {_expected(e['type'], e['msg'], e['loc'])}" for e in error.errors()]
        raise ValueError("\n".join(lines)) from None


def _key(loc: tuple[int | str, ...]) -> str:
    """`ride[2].mode`: a table's place in the file counts from 1, as a reader does."""
    return "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p in loc).lstrip(".") or "pack"


def _expected(kind: str, message: str, loc: tuple[int | str, ...]) -> str:
    if kind == "missing":
        return "is missing; the key is required"
    if kind == "extra_forbidden":
        return f"unknown key; expected one of {_keys_beside(loc)}"
    return message.removeprefix("Value error, ")


def _keys_beside(loc: tuple[int | str, ...]) -> list[str]:
    """The keys that the table around `loc` knows."""
    table: Any = Pack
    for part in loc[:-1]:
        fields = getattr(table, "model_fields", None)
        if fields is not None:
            table = fields[part].annotation
        else:  # dict[name, table] or tuple[table, ...]
            table = next(a for a in reversed(get_args(table)) if a is not ...)
    return list(table.model_fields)


class PackSeries:
    """The packs that can be in force, by date. A single pack is in force on every date; of a series the earliest
    one also stands for the time before it, and the latest for the time after it."""

    def __init__(self, packs: list[Pack]) -> None:
        if not packs:
            raise ValueError("a series needs at least one pack")
        self.packs = sorted(packs, key=lambda p: p.in_force_since)
        self._starts = np.array([day_number(p.in_force_since) for p in self.packs[1:]], np.int64)
        for before, after in zip(self.packs, self.packs[1:], strict=False):
            if before.in_force_until == "open" or before.in_force_until > after.in_force_since:
                raise ValueError(
                    f"{before.name}: in_force_until: {before.in_force_until}, but {after.name} is in force since "
                    f"{after.in_force_since}; expected that day or an earlier one"
                )

    def in_force(self, at_ms: Ints) -> Ints:
        """Index into `packs` of the pack in force on the local day of each instant."""
        return np.searchsorted(self._starts, local_day(at_ms), side="right").astype(np.int64)
