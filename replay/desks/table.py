"""Table: which desk writes for which department, and what nobody writes.

In: a day. Out: its sheets, department by department in the order of every list; what was on file before.
Invariant: every source of every department gives one sheet, or none, or is told to be missing.
Deliberately absent: a department's own ways (its desk).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec

from replay.desks import registers, rosters
from replay.desks.day import Day
from replay.desks.forged import forged, untraced
from replay.sheets import Sheet
from schemas.departments import DEPARTMENTS

Desk = Callable[[Day], Iterator[Sheet]]
REGISTERS: tuple[Callable[[Day], Sheet], ...] = (
    registers.resident_register, registers.phone_ownership, registers.identity_link, registers.card_holder,
    registers.identity_map, rosters.enterprise_roster, rosters.care_roster, rosters.care_home_roster,
    rosters.merchant, rosters.stall_map, rosters.class_roster, rosters.family_link, rosters.dwelling,
    rosters.property_staff, rosters.assignment, rosters.chronic_register,
)  # fmt: skip
"""What was on file before the first day, in the order of the departments."""


def desk(department: str) -> Desk | None:
    """The desk that writes for a department; none for one that has none yet."""
    name = f"replay.desks.{department}"
    return getattr(import_module(name), "sheets", None) if find_spec(name) else None


def sheets(day: Day, department: str) -> Iterator[Sheet]:
    """A department's records of a day. What its desk does not write is made up, if it tells tracing nothing."""
    written = set()
    write = desk(department)
    for sheet in write(day) if write else ():
        written.add(sheet.source)
        yield sheet
    for source in sources_of(department):
        if source not in written and untraced(source):
            yield forged(day, source)


def sources_of(department: str) -> list[str]:
    return [f"{department}.{model.record}" for model in DEPARTMENTS[department]]


TRANSFERS = (
    "transport.transfer_vehicle", "transport.transfer_crew", "transport.transfer_run", "transport.transfer_receipt",
    "transport.transfer_trouble", "transport.transfer_ping", "health.isolation_site", "health.isolation_room",
    "health.transfer_order", "grid_centre.transfer_ack", "command.transfer_decision", "command.tick",
)  # fmt: skip
"""Sources that are played in drills with transfers alone, by no desk: they tell of what was decided meanwhile
(replay/transfers)."""


def unplayed(department: str, written: set[str]) -> list[str]:
    """The sources of a department of which nothing can be played: no desk writes them, and they tell of people."""
    left = [source for source in sources_of(department) if source not in written and source not in TRANSFERS]
    return [source for source in left if not untraced(source)]
