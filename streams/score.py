"""Score: what the engine found of what really happened in a drill.

In: the truth beside a drill's records, a snapshot, the key. Out: shares by kind of place.
Invariant: the truth is read after the view was published, and changes nothing in it.
Deliberately absent: a verdict; nobody can find what no department wrote down.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson
from rich.console import RenderableType

from schemas.identifiers import read_identifier
from schemas.keys import Key, pseudonym
from streams.current import Current
from streams.errors import CommandError
from streams.holders import find_identity
from streams.terminal import table

Truth = dict[str, list[dict[str, Any]]]
_FILES = ("cases", "co_presences")


def truth_of(records: Path) -> Truth:
    """Who was infectious, and who was with them. Errors: CommandError if it is not there."""
    folder = records.parent / f"{records.name}-truth"
    try:
        return {n: [orjson.loads(line) for line in (folder / f"{n}.ndjson").open("rb")] for n in _FILES}
    except FileNotFoundError:
        raise CommandError(f"没有真相 no truth beside the drill: {folder}; remove {records} and run again") from None


def render_score(current: Current, key: Key, truth: Truth) -> RenderableType:
    """One line for the cases, and one for each kind of place: pairs of a case and a person who were truly together."""
    person_of = _People(current, key)
    contacts = current.rows("contacts")
    found = {(row["source_person"], row["contact_person"]) for row in contacts if row["degree"] < 2}
    cases = {row["case_person"] for row in current.rows("cases")}
    person = {row["id_no"]: person_of(row["id_type"], row["id_no"]) for rows in truth.values() for row in rows}
    true_cases = {person[row["id_no"]] for row in truth["cases"]}
    met: dict[str, set[tuple[str, str]]] = {}
    for row in truth["co_presences"]:
        met.setdefault(row["kind"], set()).add((person[row["case_id_no"]], person[row["id_no"]]))
    rows = [("病例 cases", len(true_cases), len(true_cases & cases))]
    rows += [(f"同处 together: {kind}", len(pairs), len(pairs & found)) for kind, pairs in sorted(met.items())]
    every = set().union(*met.values())
    rows.append(("同处合计 together with a case", len(every), len(every & found)))
    return table("对照真相 against the truth", ("真实 truly", "共有 there are", "找到 found"), rows)


class _People:
    """The person's code that an identifier has in the view."""

    def __init__(self, current: Current, key: Key) -> None:
        self._identity, _ = find_identity(current)
        self._key = key

    def __call__(self, kind: str, value: str) -> str:
        token = np.array([self._key.identifier(kind, read_identifier(kind, value))], np.int64)
        return pseudonym(int(self._identity.resolve(token, np.zeros(1, np.int64))[0]))
