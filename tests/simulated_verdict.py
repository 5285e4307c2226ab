"""Simulated verdict: what must have come of a run once it is at rest, whatever happened.

In: a simulation that has ended. Out: its breaches, told to it.
Invariant: the embedded engine has the last word on the same lines; every line sent is in the lake once, as a record or
as a reject; every event was published, under one number, and whoever adds the events up has the current view.
Deliberately absent: what must hold at every instant; broker and queues see to that themselves.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa

from schemas.codes import PersonClass
from sinks.render import codes_of
from streams.engine import Engine
from tests.engines import PACKS
from tests.simulated_histories import Answer, expected, places_of, rejects_of

if TYPE_CHECKING:
    from tests.simulation import Simulation

_ALL = 1_000_000


def judge(simulation: Simulation) -> None:
    """Everything that must hold in the end."""
    wanted, published = expected(simulation.lines), simulation.lakes.digest()
    lake = simulation.lakes.open()
    simulation.note("lake", f"digest {published}")
    simulation.counts["contacts"] = wanted.contacts
    simulation.demand(published == wanted.digest, "another digest than the embedded engine's")
    _judge_lines(simulation, lake, wanted)
    _judge_events(simulation, lake)
    again = Engine(lake, PACKS)
    _judge_sum(simulation, again.brain.view())
    simulation.demand(again.publish().digest == wanted.digest, "another digest when the lake is opened again")
    lake.close()


def _judge_lines(simulation: Simulation, lake: Any, wanted: Answer) -> None:
    kept, sent, rejects = Counter(simulation.lakes.kept()), simulation.sent, rejects_of(lake)
    refused = sum(count for *_, count in rejects.values())
    doubled = [at for at, count in kept.items() if count > 1]
    simulation.demand(not doubled, f"doubled in the lake: {doubled[:3]}")
    simulation.demand(set(kept) <= set(sent), "records in the lake that nobody sent")
    simulation.demand(len(kept) + refused == len(sent), f"{len(sent)} sent, {len(kept)} kept, {refused} refused")
    simulation.demand(rejects == wanted.rejects, "other rejects than the embedded engine's")
    # Who moves the group on passes over a letter whose hop has arrived alone; the lake has its reject.
    letters, moved = set(simulation.broker.letters), simulation.may_have_holes
    simulation.demand(letters == set(rejects) or (moved and letters < set(rejects)), "other dead letters than rejects")
    # A worker names a place once. Where the hop that does so is let go by the broker, the name may stay unknown.
    places = places_of(lake)
    unnamed = simulation.hops_lost and places < wanted.places
    simulation.demand(unnamed or places == wanted.places, "other places than the embedded engine's")


def _judge_events(simulation: Simulation, lake: Any) -> None:
    published = simulation.broker.events
    numbers = lake.events(0, _ALL)["seq"].to_pylist()
    simulation.demand(numbers == list(range(simulation.durable_events)), "events are not numbered one by one")
    for topic in dict.fromkeys(message.topic for message in published.values()):
        came = [number for number, message in published.items() if message.topic == topic]
        simulation.demand(came == sorted(came), f"{topic}: events came out of order")


def _judge_sum(simulation: Simulation, view: dict[str, pa.Table]) -> None:
    """Of the published events, the last on each person and each contact."""
    persons, contacts = dict[str, str](), dict[tuple[str, str, int], str]()
    for _, message in sorted(simulation.broker.events.items()):
        event = orjson.loads(message.value)
        if event["kind"].startswith("person_"):
            persons[event["subject"]] = event["class_after"]
        elif event["kind"].startswith("contact_"):
            contacts[event["subject"], event["source"], event["degree"]] = event["class_after"]
    shown, met = view["persons"], view["contacts"]
    stand = dict(zip(_codes(shown["person"]), _classes(shown), strict=True))
    simulation.demand(_standing(persons) == stand, "the person events do not add up to the view")
    keys = zip(_codes(met["contact_person"]), _codes(met["source_person"]), met["degree"].to_pylist(), strict=True)
    stands = dict(zip(keys, _classes(met), strict=True))
    simulation.demand(_standing(contacts) == stands, "the contact events do not add up to the view")


def _standing(last: dict[Any, str]) -> dict[Any, str]:
    return {key: level for key, level in last.items() if level != PersonClass(0).name}


def _codes(tokens: pa.ChunkedArray) -> list[str]:
    found: list[str] = codes_of("P", tokens.to_numpy()).to_pylist()
    return found


def _classes(table: pa.Table) -> list[str]:
    return [PersonClass(level).name for level in table["class"].to_pylist()]
