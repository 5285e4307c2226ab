"""Findings worked out by hand from docs/rules.md, section 13, put to the oracle and to the brain.

In: records and facts written out one by one. Out: pass or fail.
Invariant: what is expected is a literal; the two must give it, and each other's whole view.
Deliberately absent: the order of arrival and corrections at random (test_laws.py).
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from brain.stages import Brain
from schemas.codes import ContactDegree, EpidemicStatus, ObservationMode, PlaceKind, TraceStatus
from schemas.facts import FACT_COLUMNS
from schemas.instants import BEGIN_MS, OPEN_MS, UNKNOWN_MS
from tests.histories import batches
from tests.test_oracle import ANN, BOB, CID, DAN, HOME, PASSPORT, PHONE, at, pack
from tests.test_provisional import World as Provisional
from tests.test_stories import person

EAST, WEST, COMPOUND, SITE, HERE = 501, 502, 503, 504, 505
CLOSE, SECONDARY, GENERAL = ContactDegree.close, ContactDegree.secondary, ContactDegree.general
WAITING, CONTROLLED = TraceStatus.awaiting_transfer, TraceStatus.controlled


class World(Provisional):
    """Ann is a case; an order that says nothing else is right: Bob, a close contact of hers, at home."""

    def __init__(self, *packs: Any) -> None:
        super().__init__(*packs)
        self.ann = self.report(ANN, at(6))

    def order(self, ident: int = BOB, event: int = at(9), rec: int = 0, version: int = 1, **said: int) -> int:
        right = {
            "ident": ident, "degree": CLOSE, "case_ident": ANN, "contact_ident": 0, "last_contact_ms": at(7),
            "trace": CONTROLLED, "status": EpidemicStatus.home_isolation, "mode": ObservationMode.home, "site": 0,
            "checked_in_ms": UNKNOWN_MS, "province": HERE, "street": 0,
        }  # fmt: skip
        assert list(right) == list(FACT_COLUMNS["orders"])
        return self.say(rec, event, version, digest=version, orders=tuple((right | said).values()))

    def lives(self, ident: int, place: int = COMPOUND, since: int = BEGIN_MS, until: int = OPEN_MS) -> int:
        return self.say(homes=(ident, place, since, until))

    def lies(self, street: int, place: int = COMPOUND, since: int = BEGIN_MS, until: int = OPEN_MS) -> int:
        return self.say(streets=(place, street, since, until))

    def kinds(self) -> list[Any]:
        return self.view("findings", "kind")


def test_an_order_that_all_bears_out_has_no_finding() -> None:
    world = World()
    world.order()
    assert world.kinds() == []


def test_a_finding_has_every_column_of_the_rules() -> None:
    world = World()
    home, street = world.lives(BOB), world.lies(WEST)
    wrong = world.order(street=EAST, event=at(9, 5))
    rows = [tuple(row.values()) for row in world.answer()["findings"].to_pylist()]
    assert rows == [(wrong, "wrong_street", BOB, at(9, 5), sorted([home, street, wrong]), "Q-wrong_street", "test")]


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ({"trace": TraceStatus.missing}, ["trace_missing"]),
        ({"trace": TraceStatus.unknown}, []),
        ({"province": 0}, ["province_missing"]),
        ({"last_contact_ms": UNKNOWN_MS}, ["last_contact_missing"]),
        ({"last_contact_ms": UNKNOWN_MS, "degree": GENERAL}, []),
        ({"case_ident": 0}, ["case_missing"]),
        ({"case_ident": 0, "degree": GENERAL}, []),
        ({"case_ident": CID}, ["case_unknown"]),
        ({"case_ident": CID, "degree": GENERAL}, []),
        ({"degree": ContactDegree.unknown, "case_ident": 0, "last_contact_ms": UNKNOWN_MS}, []),
        ({"degree": SECONDARY, "case_ident": 0}, ["contact_missing"]),
        ({"degree": SECONDARY, "contact_ident": CID}, ["contact_unknown"]),
        ({"degree": SECONDARY, "contact_ident": ANN}, []),
        ({"status": EpidemicStatus.confirmed}, ["case_unreported"]),
        ({"status": EpidemicStatus.asymptomatic}, ["case_unreported"]),
        ({"status": EpidemicStatus.suspected}, []),
    ],
)
def test_what_an_order_lacks_or_what_nothing_bears_out(said: dict[str, int], kinds: list[str]) -> None:
    world = World()
    world.order(**said)
    assert world.kinds() == kinds


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, True),
        ({"trace": TraceStatus.awaiting_transfer}, False),
        ({"trace": TraceStatus.unreachable}, False),
        ({"site": SITE}, False),
        ({"checked_in_ms": at(8)}, False),
        ({"mode": ObservationMode.unknown}, False),
    ],
)
def test_central_without_site_and_date_should_be_awaiting_transfer(said: dict[str, int], found: bool) -> None:
    world = World()
    world.order(**{"mode": ObservationMode.central, **said})
    assert world.kinds() == ["central_unsettled"] * found


@pytest.mark.parametrize(
    ("checked_in", "found"),
    [(at(6, 23), False), (at(7), True), (at(12, 23, 59), True), (at(13), False), (UNKNOWN_MS, False)],
)
def test_awaiting_transfer_with_a_check_in_within_five_days_should_be_central(checked_in: int, found: bool) -> None:
    """Local days count: the last contact was at noon of the 7th."""
    world = World()
    world.order(trace=WAITING, last_contact_ms=at(7, 12), checked_in_ms=checked_in)
    assert world.kinds() == ["transfer_done"] * found
    assert World().kinds() == []


def test_a_case_should_not_be_listed_as_a_contact_and_the_proof_of_the_case_is_named() -> None:
    world = World()
    wrong = world.order(ANN, case_ident=ANN)
    assert world.view("findings", "kind", "person", "records") == [("case_as_contact", ANN, sorted([world.ann, wrong]))]
    world.order(ANN, rec=wrong, version=2, status=EpidemicStatus.released)
    assert world.kinds() == []


def test_a_street_is_wrong_only_if_no_record_puts_the_home_there_at_that_time() -> None:
    world = World()
    world.order(street=EAST)
    assert world.kinds() == [], "nobody says where Bob lives"
    world.lives(BOB)
    assert world.kinds() == [], "nobody says where the compound is"
    world.lies(WEST, until=at(9))
    world.lies(WEST, since=at(9) + 1)
    assert world.kinds() == [], "not at the time of the order"
    world.lies(WEST, since=at(9), until=at(9) + 1)
    assert world.kinds() == ["wrong_street"]
    world.lives(BOB, HOME, until=at(9))
    world.lies(EAST, HOME)
    assert world.kinds() == ["wrong_street"], "a former home"
    world.lies(EAST)
    assert world.kinds() == [], "sources differ, and one of them agrees"


def test_an_order_without_a_street_is_in_no_wrong_one() -> None:
    world = World()
    world.lives(BOB)
    world.lies(WEST)
    world.order()
    assert world.kinds() == []


def test_whose_order_and_home_it_is_follows_the_links() -> None:
    world = World()
    world.lives(PASSPORT)
    world.lies(WEST)
    world.order(PHONE, street=EAST)
    assert world.kinds() == []
    world.link(PHONE, BOB)
    world.link(PASSPORT, BOB)
    assert world.view("findings", "kind", "person") == [("wrong_street", BOB)]


@pytest.mark.parametrize("how", ["order", "exposure", "case"])
def test_a_linked_close_contact_is_known_by_an_order_by_exposure_or_as_a_case(how: str) -> None:
    world = World()
    world.order(CID, degree=SECONDARY, contact_ident=DAN)
    assert world.kinds() == ["contact_unknown"]
    if how == "order":
        world.order(DAN)
    elif how == "case":
        world.report(DAN, at(8))
    else:
        world.be(ANN, HOME, at(6), at(7), PlaceKind.household)
        world.be(DAN, HOME, at(6), at(7), PlaceKind.household)
    assert world.kinds() == []


def test_a_pack_that_knows_no_findings_gives_none_and_the_pack_of_the_order_s_day_counts() -> None:
    off = {f"findings__{kind}__enabled": False for kind in ("trace_missing", "province_missing")}
    world = World(pack("before", "2022-01-01", "2022-03-09", **off), pack("after", "2022-03-09"))
    for when in (at(9) - 1, at(9)):
        world.order(event=when, trace=TraceStatus.missing)
    assert world.view("findings", "since_ms", "pack") == [(at(9), "after")]


def test_a_late_case_report_closes_the_finding_by_an_event() -> None:
    """From the wire: the order names a case that is reported only later."""
    said = {**person("bob"), "degree": "close", "case_id_type": "person_no", "case_id_no": "ANN", "province": "吉林省"}
    said |= {"trace_status": "controlled", "last_contact_at": "2022-03-07", "observation_mode": "home"}
    lines = [("health.contact_order", said), ("health.case_report", {**person("ann"), "classification": "confirmed"})]
    brain, told = Brain(Provisional().packs), []
    for part in batches([(source, line(body)) for source, body in lines], [1, 1]):
        told += [(e["kind"], e["rule"]) for e in brain.step(part).to_pylist() if e["kind"].startswith("finding")]
    assert told == [("finding_opened", "case_unknown"), ("finding_closed", "case_unknown")]
    assert brain.view()["findings"].num_rows == 0


def line(body: dict[str, Any]) -> bytes:
    envelope = {"source_record_id": "r1", "event_time": "2022-03-09T10:00:00", "version": 1, "operation": "upsert"}
    return json.dumps(envelope | body, ensure_ascii=False).encode()
