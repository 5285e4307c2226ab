"""Holders: whose an identifier was, and when, as the lake's links say now.

In: the facts of a snapshot, a token. Out: spans of time with the person each.
Invariant: the same answer as the brain gives (brain/identity.py); a contested identifier stands for itself.
Deliberately absent: identifiers; a token is all that is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain.identity import Identity
from schemas.facts import FACT_COLUMNS
from schemas.instants import BEGIN_MS, OPEN_MS
from schemas.keys import ANCHOR_KINDS, Ints, rank
from streams.current import Current
from streams.proof import standing_facts


@dataclass(frozen=True)
class Holding:
    """Half-open; BEGIN_MS and OPEN_MS where no link begins or ends it."""

    person: int
    since_ms: int
    until_ms: int


def find_identity(current: Current) -> tuple[Identity, dict[str, Ints]]:
    """Who is who by the snapshot's links, and the links themselves."""
    columns = ("rec", *FACT_COLUMNS["links"])
    rows = np.array(standing_facts(current, "links", columns), np.int64).reshape(-1, len(columns))
    links = dict(zip(columns, rows.T, strict=True))
    identity = Identity()
    identity.change(links, np.zeros(0, np.int64))
    return identity, links


def holdings(current: Current, token: int) -> list[Holding]:
    """The spans of a token, oldest first; a document has one."""
    identity, links = find_identity(current)
    if rank(np.array([token]))[0] < len(ANCHOR_KINDS):
        return [Holding(int(identity.resolve(np.array([token]), np.array([0]))[0]), BEGIN_MS, OPEN_MS)]
    edges = _edges(links, token)
    people = identity.resolve(np.full(len(edges) - 1, token, np.int64), edges[:-1])
    found: list[Holding] = []
    for person, since, until in zip(people.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if found and found[-1].person == person:
            found[-1] = Holding(person, found[-1].since_ms, until)
        else:
            found.append(Holding(person, since, until))
    return found


def _edges(links: dict[str, Ints], token: int) -> Ints:
    """The instants at which its person can change: ends of its own links, and of those of phones that own it."""
    own = links["carried"] == token
    either = own | np.isin(links["carried"], links["owner"][own])
    ends = np.concatenate([links["since_ms"][either], links["until_ms"][either], [BEGIN_MS, OPEN_MS]])
    return np.unique(np.clip(ends, BEGIN_MS, OPEN_MS)).astype(np.int64)
