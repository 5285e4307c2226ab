"""Plan: what a drill is made from, as its file says it.

In: nothing. Out: `Plan` and its parts.
Invariant: a plan and the published sets it names are all that a drill's bytes depend on.
Deliberately absent: the file's form (replay/drills), and what comes of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

Profile = Literal["emergency", "routine"]
InjectKind = Literal["train", "wedding", "market", "school", "hospital", "truck_driver", "household", "workplace"]


@dataclass(frozen=True)
class Inject:
    """Something that happens at a given time, with somebody in the midst of it who is infectious then. Units: `at_ms`
    UTC; `people`: how many take part, 0 as the place has it."""

    kind: InjectKind
    at_ms: int
    people: int = 0


@dataclass(frozen=True)
class Fault:
    """One fault of feeds. `kind`: a name of replay/faults; `sources`: sources or departments it strikes, empty: all it
    can; `share`: of the records it may strike; `options`: what else it takes, by name, such as `since_ms`."""

    kind: str
    sources: tuple[str, ...] = ()
    share: float = 0.0
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Transfers:
    """How people are taken away in a drill, in a loop: the engine concludes, the dispatcher plans, the world answers.
    `vehicles`: 0 as many as the city has; `beds`: share of its beds that there are; `cabins_after_hours`: from the
    first midnight until they open, −1 never; `dispatch_minutes`: from plan to plan; `faults`: shares by name of
    replay/transfers/troubles.py."""

    vehicles: int = 0
    beds: float = 1.0
    cabins_after_hours: int = 24
    dispatch_minutes: int = 60
    faults: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """One drill. `days` begin at local midnight of `first_day`. `seeds`: infected residents whom nobody knows of at the
    first midnight; `wave`: parameters of the wave that differ from replay/wave's own, by name. `expect`: bounds that
    the score is held to, by name of the figure. `sets`: published sets it is made after, by folder name, used where
    they are at hand for names and timetables alone. `pace`: seconds of the drill that are played in one; 0: as fast as
    it can be. No byte depends on it. `transfers`: None where the wave takes people away by itself."""

    name: str
    title: tuple[str, str]
    about: tuple[str, str]
    seed: int
    first_day: date
    days: int
    residents: int
    profile: Profile = "emergency"
    pack: str = "cn"
    seeds: int = 3
    wave: dict[str, float] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    injects: tuple[Inject, ...] = ()
    expect: dict[str, tuple[float, float]] = field(default_factory=dict)
    sets: tuple[str, ...] = ()
    pace: float = 0.0
    transfers: Transfers | None = None
