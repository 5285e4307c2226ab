"""The oracle on little histories whose view was worked out by hand from docs/rules.md, section by section.

In: records and facts written out one by one, and a pack whose numbers stand below. Out: pass or fail.
Invariant: what is expected is a literal, or arithmetic on local days; nothing is read off the oracle.
Deliberately absent: the brain (its laws and the oracle meet in tests of their own) and large histories.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from replay.oracle import answer
from schemas import seats
from schemas.codes import Certainty, Classification, Discovery, Flag, PersonClass, PlaceKind, Result
from schemas.facts import FACT_COLUMNS, RECORD_SCHEMA
from schemas.instants import BEGIN_MS, DAY_MS, LOCAL, LOCAL_OFFSET_MS, OPEN_MS, UNKNOWN_MS
from schemas.keys import mix
from schemas.policy import Pack, PackSeries
from schemas.statements import FindingRules
from schemas.transfers import Purpose, Step, TransferState
from schemas.views import VIEWS, raw_schema

PROOF = {"source": "made for these tests", "confirmed": False}
FINDING = {"transfer_done": {"days_min": 0, "days_max": 5}, "case_as_contact": {"statuses": ["confirmed", "released"]}}
ANN, BOB, CID, DAN, EVE = 11, 12, 13, 14, 15  # resident ids, by rank 0 in the top bits
PASSPORT = (1 << 60) + 1
PHONE, PHONE_2 = (3 << 60) + 1, (3 << 60) + 2
CARD = (5 << 60) + 1
HOME, SHOP, TRAIN = 101, 102, 103
CLOSE, SECONDARY, VENUE, GENERAL, CASE = (
    PersonClass.close, PersonClass.secondary, PersonClass.venue_exposed, PersonClass.general, PersonClass.case,
)  # fmt: skip
LOW, MEDIUM, HIGH = Certainty.low, Certainty.medium, Certainty.high


TRANSFER_NUMBERS = {
    "case_hours": 2, "close_hours": 8, "secondary_hours": 12, "warning_minutes": 60, "answer_building_minutes": 10,
    "answer_grid_minutes": 20, "answer_secretary_minutes": 30, "answer_cadre_minutes": 40, "floors": 1,
    "floor_restart_days": 7, "cleaning_minutes": 90, "disinfection_minutes": 30, "crew_hours_max": 8,
    "crew_test_hours_max": 24, "boarding_minutes": 5, "speed_kmh": 30,
}  # fmt: skip


def at(day: int, hour: int = 0, minute: int = 0) -> int:
    """A time in March 2022 at +08:00."""
    return round(datetime(2022, 3, day, hour, minute, tzinfo=LOCAL).timestamp() * 1000)


def number(day: int) -> int:
    """The number of a day in March 2022."""
    return (at(day) + LOCAL_OFFSET_MS) // DAY_MS


def place(rule: str, category: str, result: str, seconds: int = 0, below: str = "none") -> dict[str, Any]:
    return {"rule": rule, "category": category, "result": result, "overlap_s_min": seconds, "below": below, **PROOF}


def ride(mode: str, sealed: Any, scope: str, distance: int = 0, soft: str = "as_scope") -> dict[str, Any]:
    rule = f"TR-{mode}" if sealed == "any" else f"TR-{mode}-{'sealed' if sealed else 'ventilated'}"
    how = {"mode": mode, "sealed": sealed, "scope": scope, "distance": distance, "soft_sleeper_scope": soft}
    return {**place(rule, "CC-4.7", "close"), **how, "rest": "general"}


def measures(isolation: int, monitoring: int, tests: list[int]) -> dict[str, Any]:
    days = {"isolation_days": isolation, "monitoring_days": monitoring, "test_days": tests}
    return {**days, "isolation_mode": "home", **PROOF}


def pack(name: str = "test", since: str = "2022-01-01", until: str = "open", **changes: Any) -> Pack:
    """A pack; `window__lookback_days__value=4` changes that one number."""
    said = lambda value: {"value": value, **PROOF}  # noqa: E731
    body: dict[str, Any] = {
        "name": name, "title_zh": name, "title_en": name, "series": "test", "source": "none",
        "in_force_since": since, "in_force_until": until, "sealed_assumed": said(True),
        "window": {
            "lookback_days": said(2), "days_after_anchor_max": said(-1), "last_negative_opens": said(False),
        },
        "dwell_minutes": {kind.name: said(60) for kind in PlaceKind},
        "place": {
            "household": place("home", "CC-4.1", "close"), "hotel_room": place("hotel-room", "CC-4.1", "close"),
            "room": place("room", "CC-4.4", "close"), "restaurant": place("meal", "CC-4.5", "close", 900, "general"),
            "entertainment": place("fun", "CC-4.5", "close"), "shared_facility": place("lift", "CC-4.5", "close"),
            "venue": place("venue", "V-1", "venue_exposed"), "hotel": place("hotel", "V-1", "venue_exposed"),
            "checkpoint": place("checkpoint", "GC", "none"),
        },
        "ride": [
            ride("aircraft", "any", "rows", 3), ride("train", True, "carriage", soft="compartment"),
            ride("train", False, "bays", 1, "compartment"), ride("coach", "any", "all"), ride("bus", True, "all"),
            ride("bus", False, "rows", 3), ride("metro", "any", "carriage"), ride("ship", "any", "compartment"),
            ride("taxi", "any", "all"), ride("transfer", "any", "all"),
        ],
        "symptoms": {"rule": "cough", "enabled": True, "category": "CC-4.7", "result": "close", **PROOF},
        "secondary": {
            "rule": "second", "enabled": True, "kinds": ["household", "room"], "categories": ["CC-4.1"],
            "category": "SC", "overlap_s_min": 1800, **PROOF,
        },
        "companion": {
            "rule": "near", "enabled": said(True), "lookback_days": said(14), "together_in": said("window"),
            "together_minutes_over": said(10), "stay_hours_over": said(30),
        },
        "pool_hold": {"rule": "pooled", "enabled": True, **PROOF},
        "medicine_hold": {"rule": "medicine", "enabled": True, "medicines": ["cough"], **PROOF},
        "findings": {
            kind: {"rule": f"Q-{kind}", "enabled": True, **PROOF, **FINDING.get(kind, {})}
            for kind in FindingRules.model_fields
        },
        "transfer": {
            "rule": "taken", "single_rooms": said(True),
            **{name: said(number) for name, number in TRANSFER_NUMBERS.items()},
        },
        "management": {
            "close": measures(7, 3, [1, 7]), "secondary": measures(7, 0, [4]),
            "venue_exposed": measures(0, 0, [3, 1]), "general": measures(0, 2, []),
        },
    }  # fmt: skip
    for path, value in changes.items():
        *parts, last = path.split("__")
        table = body
        for part in parts:
            table = table[part]
        table[last] = value
    return Pack.model_validate_json(json.dumps(body))


class History:
    """Records one by one; `view` asks the oracle and keeps the columns that are asked for."""

    def __init__(self, *packs: Pack) -> None:
        self.packs = PackSeries(list(packs) or [pack()])
        self.records: list[dict[str, Any]] = []
        self.facts: dict[str, list[tuple[int, ...]]] = {table: [] for table in FACT_COLUMNS}
        self.answered: tuple[int, dict[str, pa.Table]] = (-1, {})

    def say(self, rec: int = 0, event: int = at(1), version: int = 1, withdrawn: bool = False, digest: int = 1,
            **facts: tuple[int, ...]) -> int:  # fmt: skip
        rec = rec or 1001 + len(self.records)
        row = {"rec": rec, "source": "x.y", "record_id": "", "version": version, "withdrawn": withdrawn}
        for table, fact in facts.items():
            self.facts[table].append((len(self.records), *fact))
        unsaid = {"ingest_ms": UNKNOWN_MS, "given": 0, "part": "", "offset": 0}
        self.records.append({**row, "digest": digest, "event_ms": event, **unsaid})
        return rec

    def be(self, ident: int, where: int, since: int, until: int, kind: PlaceKind = PlaceKind.household,
           flags: int = 0, seat: int = 0) -> int:  # fmt: skip
        return self.say(presences=(ident, where, kind, since, until, flags, seat))

    def link(self, carried: int, owner: int, since: int = BEGIN_MS, until: int = OPEN_MS) -> int:
        return self.say(links=(carried, owner, since, until))

    def report(self, ident: int, onset: int = UNKNOWN_MS, what: Classification = Classification.confirmed,
               event: int = at(6), found: Discovery = Discovery.unknown) -> int:  # fmt: skip
        return self.say(event=event, reports=(ident, what, onset, event, found))

    def sample(self, ident: int, tube: int, when: int, pool: int = 1) -> int:
        return self.say(samples=(ident, tube, when, pool))

    def result(self, tube: int, what: Result) -> int:
        return self.say(results=(tube, what))

    def admit(self, ident: int, when: int, site: int = 0, room: int = 0) -> int:
        return self.say(admissions=(ident, when, site, room))

    def discharge(self, ident: int, when: int, site: int = 0) -> int:
        return self.say(discharges=(ident, when, site))

    def answer(self) -> dict[str, pa.Table]:
        """Asks again only if more was said since."""
        if self.answered[0] == len(self.records):
            return self.answered[1]
        tables = {}
        for table, rows in self.facts.items():
            names = ["row", *FACT_COLUMNS[table]]
            listed = [dict(zip(names, row, strict=True)) for row in rows]
            if rows:
                tables[table] = pa.Table.from_pylist(listed, pa.schema([(name, pa.int64()) for name in names]))
        views = answer(pa.Table.from_pylist(self.records, RECORD_SCHEMA), tables, self.packs, threads=1)
        self.answered = len(self.records), views
        return views

    def view(self, name: str, *columns: str) -> list[Any]:
        rows = self.answer()[name].to_pylist()
        return [row[columns[0]] if len(columns) == 1 else tuple(row[c] for c in columns) for row in rows]


def case_at_home(*packs: Pack, onset: int = at(5, 12)) -> History:
    """Ann is a case, at home from noon to six on the 4th."""
    history = History(*packs)
    history.report(ANN, onset)
    history.be(ANN, HOME, at(4, 12), at(4, 18))
    return history


def test_every_view_has_its_schema_even_of_no_records() -> None:
    views = History().answer()
    assert {name: (table.schema, len(table)) for name, table in views.items()} == {v: (raw_schema(v), 0) for v in VIEWS}


def test_a_household_contact_has_every_column_of_the_rules() -> None:
    history = History()
    case = history.report(ANN, at(5, 12))
    hers = history.be(ANN, HOME, at(4, 12), at(4, 18))
    his = history.be(BOB, HOME, at(4, 17), UNKNOWN_MS)
    views = {name: [tuple(row.values()) for row in table.to_pylist()] for name, table in history.answer().items()}
    contact = int(mix([1], [ANN], [BOB])[0])
    met = (HOME, PlaceKind.household, at(4, 17), at(4, 18), hers, his, "home")
    # Day 0 is the 4th; 7 days of isolation are the 5th to the 11th, 3 of monitoring the 12th to the 14th.
    measured = (at(12), at(15), [number(5), number(11)], "test")
    assert views == {
        "cases": [
            (ANN, Classification.confirmed, at(5, 12), UNKNOWN_MS, at(6), UNKNOWN_MS, at(5, 12), at(3), OPEN_MS,
             "CC-1-onset", "test", [case]),
        ],
        "exposures": [(ANN, BOB, *met, CLOSE, "CC-4.1", MEDIUM, "test")],
        "contacts": [
            (contact, ANN, BOB, 1, ANN, CLOSE, "home", "CC-4.1", MEDIUM, at(4, 17), at(4, 18), 3_600_000, 1, *measured),
        ],
        "contact_evidence": [(contact, ANN, BOB, 1, *met, "CC-4.1", MEDIUM)],
        "persons": [
            (ANN, CASE, 0, UNKNOWN_MS, UNKNOWN_MS, UNKNOWN_MS, UNKNOWN_MS, UNKNOWN_MS, [], "test"),
            (BOB, CLOSE, 1, at(4, 17), at(4, 18), UNKNOWN_MS, *measured),
        ],
        "leads": [],
        "holds": [],
        "findings": [],
        "transfers": [
            (ANN, Purpose.hospital, TransferState.needed, CASE, at(6), at(6, 2), 0, *[UNKNOWN_MS] * 10, 0, 0, 0, 0, 0,
             0, 0, UNKNOWN_MS, UNKNOWN_MS, "taken", "test"),
        ],
        "transfer_steps": [
            (ANN, Purpose.hospital, 1, at(6), Step.call, TransferState.none, TransferState.needed, *[0] * 5, [case]),
        ],
        "escalations": [],
        "vehicles": [],
        "beds": [],
        "reviews": [],
    }  # fmt: skip


# Section 1


def test_only_the_greatest_version_of_a_record_stands() -> None:
    history = case_at_home()
    history.say(rec=7, version=2, presences=(CID, HOME, 1, at(4, 12), at(4, 13), 0, 0))
    history.say(rec=7, version=1, presences=(BOB, HOME, 1, at(4, 12), at(4, 13), 0, 0))
    assert history.view("contacts", "contact_person") == [CID]
    assert history.view("reviews", "kind") == []


def test_a_withdrawn_record_says_nothing_and_a_later_version_brings_it_back() -> None:
    history = case_at_home()
    history.say(rec=7, presences=(BOB, HOME, 1, at(4, 12), at(4, 13), 0, 0))
    history.say(rec=7, version=2, withdrawn=True, digest=2)
    assert history.view("contacts", "contact_person") == []
    history.say(rec=7, version=3, presences=(BOB, HOME, 1, at(4, 12), at(4, 13), 0, 0))
    assert history.view("contacts", "contact_person") == [BOB]


def test_of_a_tied_version_the_withdrawn_one_then_the_greatest_digest_stands_and_a_human_looks() -> None:
    history = case_at_home()
    history.say(rec=7, event=at(1), digest=8, presences=(BOB, HOME, 1, at(4, 12), at(4, 13), 0, 0))
    history.say(rec=7, event=at(2), digest=9, presences=(CID, HOME, 1, at(4, 12), at(4, 13), 0, 0))
    assert history.view("contacts", "contact_person") == [CID]
    assert history.view("reviews", "kind", "subject", "at_ms", "people") == [("version_conflict", 7, at(2), [])]
    history.say(rec=7, event=at(3), digest=1, withdrawn=True)
    assert history.view("contacts", "contact_person") == []
    assert history.view("reviews", "kind", "subject", "at_ms", "people") == [("version_conflict", 7, at(3), [])]


def test_a_record_that_came_twice_counts_once() -> None:
    history = case_at_home()
    for _ in range(2):
        history.say(rec=7, presences=(BOB, HOME, 1, at(4, 12), at(4, 13), 0, 0))
    assert history.view("contacts", "contact_person", "exposures") == [(BOB, 1)]
    assert history.view("reviews", "kind") == []


# Section 2


def test_linked_anchors_are_one_person_named_by_the_least_token_whatever_the_dates() -> None:
    history = case_at_home()
    history.link(DAN, CID, at(1), at(2))
    history.link(PASSPORT, DAN, at(20), at(21))
    history.be(PASSPORT, HOME, at(4, 12), at(4, 13))
    assert history.view("contacts", "contact_person") == [CID]


def test_a_card_held_by_a_phone_held_by_a_passport_is_its_person() -> None:
    history = case_at_home()
    history.link(CARD, PHONE)
    history.link(PHONE, PASSPORT)
    history.link(PASSPORT, BOB)
    history.be(CARD, HOME, at(4, 12), at(4, 13))
    assert history.view("contacts", "contact_person") == [BOB]


def test_a_link_holds_from_its_start_to_just_before_its_end() -> None:
    history = case_at_home()
    history.link(PHONE, BOB, at(4, 13), at(4, 14))
    for hour in (12, 13, 14):
        history.be(PHONE, HOME, at(4, hour), at(4, hour, 30))
    assert history.view("contacts", "contact_person", "exposures") == [(BOB, 1), (PHONE, 2)]


def test_a_contested_phone_is_a_person_of_its_own_and_so_is_a_card_it_holds() -> None:
    history = case_at_home()
    history.link(PHONE, CID, at(2), at(9))
    history.link(PHONE, BOB, at(4), OPEN_MS)
    history.link(CARD, PHONE, at(3))
    history.be(CARD, HOME, at(4, 12), at(4, 13))
    assert history.view("contacts", "contact_person") == [PHONE]
    contested = ("identity_contested", PHONE, at(4), [BOB, CID])
    assert history.view("reviews", "kind", "subject", "at_ms", "people") == [contested]


def test_a_card_is_contested_when_the_phone_that_holds_it_changes_hands() -> None:
    history = History()
    history.link(CARD, CID, at(2))
    history.link(CARD, PHONE, at(1))
    history.link(PHONE, CID, BEGIN_MS, at(5))
    history.link(PHONE, BOB, at(5))
    # On the 1st the phone alone holds the card, from the 2nd both say Cid, from the 5th the phone says Bob.
    contested = ("identity_contested", CARD, at(5), [BOB, CID])
    assert history.view("reviews", "kind", "subject", "at_ms", "people") == [contested]


def test_two_documents_of_one_person_do_not_contest_a_phone() -> None:
    history = History()
    history.link(PHONE, BOB)
    history.link(PHONE, PASSPORT)
    assert history.view("reviews", "people") == [[BOB, PASSPORT]]
    history.link(PASSPORT, BOB)
    assert history.view("reviews", "people") == []


# Section 3


@pytest.mark.parametrize(
    ("flags", "certainty"),
    [(0, HIGH), (Flag.since_inferred, MEDIUM), (Flag.until_inferred, MEDIUM), (Flag.vague | Flag.since_inferred, LOW)],
)
def test_certainty_follows_the_flags(flags: int, certainty: Certainty) -> None:
    history = case_at_home()
    history.be(BOB, HOME, at(4, 12), at(4, 13), flags=flags)
    assert history.view("exposures", "certainty") == [certainty]


def test_a_stay_without_an_end_lasts_as_long_as_the_pack_of_its_start_says() -> None:
    before = pack("before", "2021-01-01", "2022-03-04", dwell_minutes__household__value=720)
    history = case_at_home(before, pack("after", "2022-03-04"))
    history.be(BOB, HOME, at(3, 23), UNKNOWN_MS)  # until at(4, 11): too early
    history.be(CID, HOME, at(4) - 1, UNKNOWN_MS)  # until a millisecond before noon: too early
    history.be(DAN, HOME, at(4, 11, 30), UNKNOWN_MS)
    history.be(EVE, HOME, at(4), UNKNOWN_MS)  # the new pack: until at(4, 1)
    assert history.view("exposures", "contact_person", "until_ms") == [(DAN, at(4, 12, 30))]


# Section 4


def test_onset_opens_the_window_two_days_before_its_local_day() -> None:
    history = case_at_home()
    history.be(BOB, HOME, at(4, 12), at(4, 13))
    assert history.view("cases", "window_since_ms", "window_rule") == [(at(3), "CC-1-onset")]


def test_an_onset_that_moves_takes_the_contacts_with_it() -> None:
    history = case_at_home(onset=at(7, 1))
    history.be(BOB, HOME, at(4, 12), at(4, 13))
    assert history.view("contacts", "contact_person") == []  # the window opens on the 5th
    history.report(ANN, at(6, 1))
    assert history.view("cases", "window_since_ms") == [at(4)]
    assert history.view("contacts", "contact_person") == [BOB]


def test_a_positive_single_specimen_proves_a_case_and_opens_the_window() -> None:
    history = History()
    records = [history.sample(ANN, 1, at(5, 9)), history.result(1, Result.positive), history.admit(ANN, at(6))]
    history.result(1, Result.negative)  # does not undo the positive one and proves nothing
    columns = ("classification", "first_positive_at_ms", "window_since_ms", "window_until_ms", "window_rule", "records")
    expected = (Classification.positive, at(5, 9), at(3), at(6), "CC-1-sampling", records)
    assert history.view("cases", *columns) == [expected]


def test_a_positive_taken_before_the_onset_opens_the_window_and_a_later_one_does_not() -> None:
    history = case_at_home()
    history.sample(ANN, 1, at(4, 9))
    history.result(1, Result.positive)
    assert history.view("cases", "anchor_at_ms", "window_rule") == [(at(4, 9), "CC-1-sampling")]
    history.report(ANN, at(4, 8))
    assert history.view("cases", "anchor_at_ms", "window_rule") == [(at(4, 8), "CC-1-onset")]


def test_a_positive_pool_is_no_case_and_neither_is_a_tube_declared_single_with_two_members() -> None:
    history = History()
    history.sample(ANN, 1, at(5), pool=10)
    history.sample(BOB, 2, at(5, 2))
    history.sample(CID, 2, at(5, 1), pool=10)
    for tube in (1, 2):
        history.result(tube, Result.positive)
    assert history.view("cases", "case_person") == []
    conflict = ("tube_conflict", 2, at(5, 1), [BOB, CID])
    assert history.view("reviews", "kind", "subject", "at_ms", "people") == [conflict]


def test_two_samples_of_one_person_in_a_tube_are_one_member() -> None:
    history = History()
    history.link(PASSPORT, ANN)
    history.sample(ANN, 1, at(5))
    history.sample(PASSPORT, 1, at(4))
    history.result(1, Result.positive)
    assert history.view("cases", "case_person", "first_positive_at_ms") == [(ANN, at(4))]
    assert history.view("reviews", "kind") == []


def test_an_excluded_report_counts_for_nothing() -> None:
    history = History()
    history.report(ANN, at(2), Classification.excluded)
    assert history.view("cases", "case_person") == []
    counted = history.report(ANN, at(5), Classification.suspected)
    assert history.view("cases", "onset_at_ms", "classification", "records") == [(at(5), 2, [counted])]


def test_a_case_without_dates_has_no_window_and_a_human_looks() -> None:
    history = History(pack("old", "2021-01-01", "2022-03-07"), pack("new", "2022-03-07"))
    history.report(ANN, event=at(8))
    history.report(ANN, event=at(6))
    history.admit(ANN, at(2))
    history.be(ANN, HOME, at(4), OPEN_MS)
    history.be(BOB, HOME, at(4), OPEN_MS)
    columns = ("window_rule", "anchor_at_ms", "window_since_ms", "window_until_ms", "isolated_at_ms", "pack")
    assert history.view("cases", *columns) == [("none", UNKNOWN_MS, UNKNOWN_MS, UNKNOWN_MS, at(2), "old")]
    review = ("case_without_dates", ANN, at(6), [ANN])
    assert history.view("reviews", "kind", "subject", "at_ms", "people") == [review]
    assert history.view("persons", "person", "class", "isolated_at_ms") == [(ANN, CASE, at(2))]


def test_a_screened_case_is_infectious_from_the_last_negative_before_the_first_positive() -> None:
    history = History(pack(window__last_negative_opens__value=True))
    history.report(ANN, at(8), found=Discovery.screening)
    for tube, (day, result) in enumerate([(3, Result.negative), (4, Result.negative), (6, Result.positive)]):
        history.sample(ANN, tube, at(day, 9), pool=1 if result == Result.positive else 10)
        history.result(tube, result)
    assert history.view("cases", "window_since_ms", "window_rule", "anchor_at_ms") == [(at(4, 9), "CC-3", at(6, 9))]
    history.result(1, Result.positive)  # the pool of the 4th is not negative after all
    assert history.view("cases", "window_since_ms", "window_rule") == [(at(3, 9), "CC-3")]


def test_a_discharge_before_the_admission_does_not_end_the_stay() -> None:
    history = case_at_home()
    history.discharge(ANN, at(2))
    history.admit(ANN, at(2))
    assert history.view("cases", "isolated_at_ms", "window_until_ms") == [(at(2), at(3))]  # an empty window
    history.discharge(ANN, at(3))  # ends as the window opens: not after it
    history.admit(ANN, at(6))
    assert history.view("cases", "isolated_at_ms", "window_until_ms") == [(at(6), at(6))]


def test_the_window_ends_with_the_last_day_after_the_anchor_that_the_pack_allows() -> None:
    history = case_at_home(pack(window__days_after_anchor_max__value=0))
    assert history.view("cases", "window_until_ms") == [at(6)]
    history.admit(ANN, at(5, 20))
    assert history.view("cases", "window_until_ms") == [at(5, 20)]


# Section 5: rides. First the case's seat and flags, then the other's: close when in the circle, general when not.


def seat(carriage: str = "", compartment: str = "", row: int = 0, last: int = 0) -> int:
    codes = (seats.code(text) if text else 0 for text in (carriage, compartment))
    return seats.pack(*codes, row, last or row)


CREW, SOFT, AIRY, SEALED = Flag.crew, Flag.soft_sleeper, Flag.ventilated, Flag.sealed
RIDES = [
    ("same carriage", PlaceKind.train, seat("3"), 0, seat("3", row=9), 0, (CLOSE, HIGH)),
    ("another carriage", PlaceKind.train, seat("3"), 0, seat("4"), 0, (GENERAL, HIGH)),
    ("no carriage known", PlaceKind.train, seat("3"), 0, 0, 0, (CLOSE, LOW)),
    ("neither carriage known", PlaceKind.train, 0, 0, 0, 0, (CLOSE, LOW)),
    ("crew of the whole train", PlaceKind.train, seat("3"), 0, 0, CREW, (CLOSE, HIGH)),
    ("crew of another carriage", PlaceKind.train, seat("3"), 0, seat("4"), CREW, (GENERAL, HIGH)),
    ("crew with a compartment and no carriage", PlaceKind.train, seat("3"), 0, seat("", "1"), CREW, (CLOSE, HIGH)),
    ("crew knows, passenger does not", PlaceKind.train, 0, 0, seat("4"), CREW, (CLOSE, LOW)),
    ("both crew", PlaceKind.train, seat("3"), CREW, seat("4"), CREW, (CLOSE, HIGH)),
    ("a case that is crew of no place", PlaceKind.train, 0, CREW, seat("4"), 0, (CLOSE, HIGH)),
    ("same soft compartment", PlaceKind.train, seat("3", "2"), SOFT, seat("3", "2"), 0, (CLOSE, HIGH)),
    ("next soft compartment", PlaceKind.train, seat("3", "2"), SOFT, seat("3", "1"), 0, (GENERAL, HIGH)),
    ("same compartment of another carriage", PlaceKind.train, seat("3", "2"), SOFT, seat("4", "2"), 0, (GENERAL, HIGH)),
    ("only the contact in a soft sleeper", PlaceKind.train, seat("3", "2"), 0, seat("3", "1"), SOFT, (CLOSE, HIGH)),
    ("next bay", PlaceKind.train, seat("3", "2"), AIRY, seat("3", "3"), 0, (CLOSE, HIGH)),
    ("two bays on", PlaceKind.train, seat("3", "2"), AIRY, seat("3", "4"), 0, (GENERAL, HIGH)),
    ("bay against rows", PlaceKind.train, seat("3", "2"), AIRY, seat("3", row=3), 0, (CLOSE, HIGH)),
    ("bay against far rows", PlaceKind.train, seat("3", "2"), AIRY, seat("3", row=4, last=9), 0, (GENERAL, HIGH)),
    ("a lettered bay is no number", PlaceKind.train, seat("3", "B"), AIRY, seat("3", "B"), 0, (CLOSE, LOW)),
    ("a lettered bay and rows", PlaceKind.train, seat("3", "B", 5), AIRY, seat("3", "6"), 0, (CLOSE, HIGH)),
    ("sealed as the contact says", PlaceKind.train, seat("3", "2"), 0, seat("3", "9"), AIRY, (GENERAL, HIGH)),
    ("sealed as the case says", PlaceKind.train, seat("3", "2"), SEALED, seat("3", "9"), AIRY, (CLOSE, HIGH)),
    ("three rows on", PlaceKind.aircraft, seat(row=10), 0, seat(row=13), 0, (CLOSE, HIGH)),
    ("four rows on", PlaceKind.aircraft, seat(row=10), 0, seat(row=14), 0, (GENERAL, HIGH)),
    ("three rows before a range", PlaceKind.aircraft, seat(row=10, last=12), 0, seat(row=7), 0, (CLOSE, HIGH)),
    ("four rows before", PlaceKind.aircraft, seat(row=10), 0, seat(row=6), 0, (GENERAL, HIGH)),
    ("no row", PlaceKind.aircraft, seat(row=10), 0, 0, 0, (CLOSE, LOW)),
    ("crew of the area", PlaceKind.aircraft, seat(row=10), 0, seat(row=12, last=20), CREW, (CLOSE, HIGH)),
    ("crew of another area", PlaceKind.aircraft, seat(row=10), 0, seat(row=20, last=30), CREW, (GENERAL, HIGH)),
    ("no carriages in the air", PlaceKind.aircraft, seat("1", row=10), 0, seat("2", row=10), 0, (CLOSE, HIGH)),
    ("sealed bus", PlaceKind.bus, seat(row=1), 0, seat(row=12), 0, (CLOSE, HIGH)),
    ("ventilated bus, near", PlaceKind.bus, seat(row=1), AIRY, seat(row=4), 0, (CLOSE, HIGH)),
    ("ventilated bus, far", PlaceKind.bus, seat(row=1), AIRY, seat(row=12), 0, (GENERAL, HIGH)),
    ("ventilated bus, driver", PlaceKind.bus, seat(row=1), AIRY, 0, CREW, (CLOSE, HIGH)),
    ("same cabin", PlaceKind.ship, seat("", "B12"), 0, seat("", "B12"), 0, (CLOSE, HIGH)),
    ("another cabin", PlaceKind.ship, seat("", "B12"), 0, seat("", "B13"), 0, (GENERAL, HIGH)),
    ("coughing", PlaceKind.train, seat("3"), Flag.symptomatic, seat("4"), 0, (CLOSE, HIGH)),
    ("coughing, no seat", PlaceKind.train, seat("3"), Flag.symptomatic, 0, 0, (CLOSE, HIGH)),
    ("only the contact coughs", PlaceKind.train, seat("3"), 0, seat("4"), Flag.symptomatic, (GENERAL, HIGH)),
]


@pytest.fixture(scope="module")
def aboard() -> History:
    """Each ride has its own vehicle, its own case 1000 + i and its own contact 2000 + i."""
    history = History()
    for i, (_, kind, her_seat, her_flags, his_seat, his_flags, _) in enumerate(RIDES):
        history.report(1000 + i, at(5))
        history.be(1000 + i, 3000 + i, at(4), at(4, 5), kind, her_flags, her_seat)
        history.be(2000 + i, 3000 + i, at(4, 1), at(4, 9), kind, his_flags, his_seat)
    return history


@pytest.mark.parametrize("i", range(len(RIDES)), ids=[row[0] for row in RIDES])
def test_aboard(aboard: History, i: int) -> None:
    expected = (1000 + i, 2000 + i, *RIDES[i][-1])
    for view in ("exposures", "contacts"):
        found = aboard.view(view, "case_person", "contact_person", "class", "certainty")
        assert [row for row in found if row[0] == 1000 + i] == [expected]


def test_symptoms_need_a_pack_that_counts_them() -> None:
    history = History(pack(symptoms__enabled=False))
    history.report(ANN, at(5))
    history.be(ANN, TRAIN, at(4), at(4, 5), PlaceKind.train, Flag.symptomatic, seat("3"))
    history.be(BOB, TRAIN, at(4), at(4, 5), PlaceKind.train, 0, seat("4"))
    assert history.view("exposures", "rule", "class") == [("TR-train-sealed", GENERAL)]


def test_who_leaves_as_the_other_comes_has_not_met_them() -> None:
    history = case_at_home()
    history.be(BOB, HOME, at(4, 18), at(4, 20))
    history.be(CID, HOME, at(4, 10), at(4, 12))
    history.be(DAN, SHOP, at(4, 12), at(4, 18), PlaceKind.venue)
    history.be(EVE, HOME, at(4, 13), at(4, 13))
    assert history.view("exposures", "contact_person") == []


def test_nobody_is_their_own_contact() -> None:
    history = case_at_home()
    history.link(PHONE, ANN)
    history.be(PHONE, HOME, at(4, 12), at(4, 18))
    assert history.view("exposures", "contact_person") == []


# Section 6


def test_too_short_a_time_together_is_the_class_below_and_times_add_up_once() -> None:
    history = History()
    history.report(ANN, at(5))
    history.be(ANN, SHOP, at(4, 12), at(4, 14), PlaceKind.restaurant)
    history.be(BOB, SHOP, at(4, 12), at(4, 12, 10), PlaceKind.restaurant)
    history.be(BOB, SHOP, at(4, 12, 5), at(4, 12, 14), PlaceKind.restaurant)  # 14 minutes in all
    assert history.view("contacts", "class", "degree", "overlap_ms", "exposures") == [(GENERAL, 0, 840_000, 2)]
    assert history.view("exposures", "class") == [CLOSE, CLOSE]
    assert history.view("contacts", "isolate_until_ms", "monitor_until_ms", "test_days") == [(UNKNOWN_MS, at(7), [])]
    history.be(BOB, SHOP, at(4, 13), at(4, 13, 1), PlaceKind.restaurant)  # the fifteenth minute
    assert history.view("contacts", "class", "degree", "overlap_ms", "exposures") == [(CLOSE, 1, 900_000, 3)]


def test_only_the_exposures_of_the_greatest_class_decide() -> None:
    history = case_at_home()
    history.be(ANN, SHOP, at(4, 20), at(4, 22), PlaceKind.venue)
    history.be(BOB, SHOP, at(4, 20), at(4, 22), PlaceKind.venue)
    contact = ("contact_person", "class", "degree", "exposures", "last_exposure_at_ms", "test_days")
    assert history.view("contacts", *contact) == [(BOB, VENUE, 0, 1, at(4, 22), [number(5), number(7)])]
    history.be(BOB, HOME, at(4, 17), at(4, 23))
    assert history.view("contacts", *contact) == [(BOB, CLOSE, 1, 1, at(4, 18), [number(5), number(11)])]
    assert len(history.view("exposures", "rule")) == 2
    assert history.view("contact_evidence", "rule") == ["home"]


def test_the_rule_is_that_of_the_surest_then_longest_then_least_named_group() -> None:
    history = case_at_home()
    room, karaoke = 201, 202
    for where, kind in ((room, PlaceKind.room), (karaoke, PlaceKind.entertainment)):
        history.be(ANN, where, at(3, 8), at(3, 10), kind)
        history.be(BOB, where, at(3, 8), at(3, 9), kind)
    assert history.view("contacts", "rule", "category", "overlap_ms") == [("fun", "CC-4.5", 3_600_000)]
    history.be(BOB, room, at(3, 9), at(3, 9, 1), PlaceKind.room)
    assert history.view("contacts", "rule", "category", "overlap_ms") == [("room", "CC-4.4", 3_660_000)]
    history.be(BOB, HOME, at(4, 12), at(4, 18), flags=Flag.vague)
    assert history.view("contacts", "rule", "certainty", "exposures") == [("room", HIGH, 4)]


def test_rest_stays_rest_even_if_it_is_the_same_class() -> None:
    rides = [{**r.model_dump(), "overlap_s_min": 900, "below": "none", "rest": "close"} for r in pack().ride]
    history = History(pack(ride=rides))
    history.report(ANN, at(5))
    history.be(ANN, TRAIN, at(4), at(4, 5), PlaceKind.train, 0, seat("3"))
    history.be(BOB, TRAIN, at(4), at(4, 0, 1), PlaceKind.train, 0, seat("3"))  # in the circle, too short
    history.be(CID, TRAIN, at(4), at(4, 0, 1), PlaceKind.train, 0, seat("4"))
    assert history.view("contacts", "contact_person", "class") == [(CID, CLOSE)]


def test_class_none_is_an_exposure_but_no_contact() -> None:
    history = History()
    history.report(ANN, at(5))
    for who in (ANN, BOB):
        history.be(who, SHOP, at(4), at(4, 1), PlaceKind.checkpoint)
    assert history.view("exposures", "contact_person", "class") == [(BOB, PersonClass.none)]
    assert history.view("contacts", "contact_person") == []
    assert history.view("persons", "person") == [ANN]


def test_an_exposure_that_goes_on_has_no_end_no_measures_and_no_tests() -> None:
    history = History()
    history.report(ANN, at(5))
    history.be(ANN, HOME, BEGIN_MS, OPEN_MS)
    history.be(BOB, HOME, BEGIN_MS, OPEN_MS)
    columns = ("first_exposure_at_ms", "last_exposure_at_ms", "overlap_ms", "isolate_until_ms", "monitor_until_ms",
               "test_days")  # fmt: skip
    assert history.view("contacts", *columns) == [(at(3), OPEN_MS, OPEN_MS, UNKNOWN_MS, UNKNOWN_MS, [])]
    history.admit(ANN, at(6))  # ends with the 5th, which is day 0
    days = [number(6), number(12)]
    assert history.view("contacts", *columns) == [(at(3), at(6), 3 * DAY_MS, at(13), at(16), days)]


# Section 7


def second_degree(*packs: Pack) -> History:
    """Ann met Bob at home at noon on the 4th; Bob shared a room with Cid for 40 minutes on the 5th."""
    history = case_at_home(*packs)
    history.be(BOB, HOME, at(4, 12), at(4, 13))
    history.be(BOB, SHOP, at(5, 8), at(5, 9), PlaceKind.room)
    history.be(CID, SHOP, at(5, 8, 20), at(5, 9, 20), PlaceKind.room)
    return history


def test_who_met_a_close_contact_after_the_first_exposure_is_a_contact_of_degree_2() -> None:
    history = second_degree()
    columns = ("source_person", "contact_person", "degree", "case_person", "class", "rule", "category", "overlap_ms",
               "isolate_until_ms", "monitor_until_ms", "test_days")  # fmt: skip
    second = (BOB, CID, 2, ANN, SECONDARY, "second", "SC", 2_400_000, at(13), UNKNOWN_MS, [number(9)])
    assert second in history.view("contacts", *columns)
    assert (CID, SECONDARY, 1) in history.view("persons", "person", "class", "sources")
    assert (BOB, CID, 2, SHOP, "second") in history.view(
        "contact_evidence", "source_person", "contact_person", "degree", "place", "rule"
    )
    assert len(history.view("exposures", "rule")) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"secondary__enabled": False},
        {"secondary__kinds": ["household"]},
        {"secondary__categories": ["CC-4.4"]},
        {"secondary__overlap_s_min": 2401},
    ],
    ids=lambda change: next(iter(change)),
)
def test_degree_2_is_as_wide_as_the_pack_says(change: dict[str, Any]) -> None:
    assert second_degree(pack(**change)).view("contacts", "contact_person") == [BOB]


def test_degree_2_begins_with_the_first_exposure_and_ends_with_the_isolation_of_the_source() -> None:
    history = second_degree()
    history.be(DAN, SHOP, at(4, 11), at(4, 11, 50), PlaceKind.room)
    history.be(BOB, SHOP, at(4, 11), at(4, 12), PlaceKind.room)  # before Ann came home
    history.admit(BOB, at(5, 8, 50))
    assert history.view("contacts", "contact_person", "overlap_ms") == [(BOB, 3_600_000), (CID, 1_800_000)]
    history.admit(BOB, at(5, 8, 49))
    assert history.view("contacts", "contact_person") == [BOB]
    history.discharge(BOB, at(4, 12))
    history.admit(BOB, at(4, 1))  # over as the window opens, so it closes nothing
    history.say(rec=history.records[-3]["rec"], version=2, withdrawn=True, digest=2)
    assert history.view("contacts", "contact_person", "overlap_ms") == [(BOB, 3_600_000), (CID, 1_800_000)]


def test_the_root_is_the_case_of_the_earliest_first_exposure_then_of_the_least_token() -> None:
    history = second_degree()
    history.report(EVE, at(5))
    history.be(EVE, HOME, at(4, 12), at(4, 13))
    roots = ("source_person", "case_person")
    assert (BOB, ANN) in history.view("contacts", *roots)
    history.be(EVE, 205, at(4, 10), at(4, 13))
    history.be(BOB, 205, at(4, 10), at(4, 13))
    assert (BOB, EVE) in history.view("contacts", *roots)


def test_neither_a_case_nor_a_contact_of_degree_1_is_a_contact_of_degree_2_but_one_of_degree_0_is() -> None:
    history = second_degree()
    history.be(ANN, 206, at(4, 20), at(4, 21), PlaceKind.venue)
    history.be(CID, 206, at(4, 20), at(4, 21), PlaceKind.venue)
    history.be(DAN, SHOP, at(5, 8), at(5, 9), PlaceKind.room)
    history.report(DAN)  # a case without dates
    found = history.view("contacts", "source_person", "contact_person", "degree")
    assert sorted(found) == [(ANN, BOB, 1), (ANN, CID, 0), (BOB, CID, 2)]
    assert (CID, SECONDARY) in history.view("persons", "person", "class")
    history.be(CID, HOME, at(4, 17), at(4, 18))
    found = history.view("contacts", "source_person", "contact_person", "degree")
    assert sorted(found) == [(ANN, BOB, 1), (ANN, CID, 1)]


def test_a_contact_that_becomes_a_case_is_no_source_any_more_but_stays_a_contact() -> None:
    history = second_degree()
    history.report(BOB)
    assert history.view("contacts", "contact_person", "degree") == [(BOB, 1)]
    assert history.view("persons", "person", "class", "sources") == [(ANN, CASE, 0), (BOB, CASE, 0)]


# Section 8


def test_a_person_has_the_greatest_class_and_the_measures_of_its_last_exposure() -> None:
    history = case_at_home(pack("old", "2021-01-01", "2022-03-06"), pack("new", "2022-03-06"))
    history.be(CID, HOME, at(4, 12), at(4, 13))
    history.report(BOB, at(6))
    history.be(BOB, HOME, at(5), at(5, 2))
    history.be(CID, HOME, at(5, 1), at(5, 3))
    history.report(DAN, at(6))
    history.be(DAN, SHOP, at(9), at(9, 1), PlaceKind.venue)
    history.be(CID, SHOP, at(9), at(9, 1), PlaceKind.venue)  # later, but of a lesser class
    history.admit(CID, at(2))
    history.admit(CID, at(5, 5))
    history.discharge(CID, at(3))
    columns = ("person", "class", "sources", "first_exposure_at_ms", "last_exposure_at_ms", "isolated_at_ms",
               "isolate_until_ms", "pack")  # fmt: skip
    expected = (CID, CLOSE, 2, at(4, 12), at(5, 2), at(5, 5), at(13), "new")
    assert expected in history.view("persons", *columns)


def test_of_equal_last_exposures_the_least_source_says_what_is_to_be_done() -> None:
    history = case_at_home(pack("old", "2021-01-01", "2022-03-06"), pack("new", "2022-03-06"))
    history.report(BOB, at(6))
    history.be(BOB, HOME, at(4, 12), at(4, 18))
    history.be(CID, HOME, at(4, 12), at(4, 18))
    assert (CID, 2, "old") in history.view("persons", "person", "sources", "pack")


# Section 9


def test_the_order_of_records_changes_no_byte() -> None:
    history = second_degree()
    history.link(PHONE, BOB)
    history.link(PHONE, CID)
    shuffled = History()
    shuffled.records = history.records[::-1]
    last = len(history.records) - 1
    shuffled.facts = {t: [(last - row, *fact) for row, *fact in rows][::-1] for t, rows in history.facts.items()}
    assert shuffled.answer() == history.answer()
    for name, table in history.answer().items():
        rows = [tuple(row.values()) for row in table.to_pylist()]
        assert rows == sorted(rows), name
