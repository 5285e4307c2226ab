"""The current view: the tables that say what stands now, with a word on every column.

In: nothing. Out: the raw tables (integers, as the brain and the oracle compute them) and the published tables (text,
as the lake holds them); the data dictionary is made from here.
Invariant: the canonical order of a table is the order of all its columns from left to right. Exposures and evidence
have no key: one record may say the same thing twice.
Deliberately absent: the rendering from raw to published (sinks/render.py).
"""

from __future__ import annotations

import pyarrow as pa

PERSON, PLACE, RECORD, TIME, KIND, CLASS, CERTAINTY = "person", "place", "record", "time", "kind", "class", "certainty"
CLASSIFICATION, NUMBER, TEXT, CONTACT, DAYS, PEOPLE, RECORDS, FLAG = (
    "classification", "number", "text", "contact", "days", "people", "records", "flag",
)  # fmt: skip
PURPOSE, STATE, STEP, MARKS, TRAITS, TAKES, ROLE, ANGLE = (
    "purpose", "state", "step", "marks", "traits", "takes", "role", "angle",
)  # fmt: skip
"""What a column holds. Raw, all are int64 but TEXT (string), DAYS, PEOPLE and RECORDS (list of int64, ascending).
Published: PERSON, PLACE, CONTACT are codes; RECORD is `source/record id`; KIND, CLASS, CERTAINTY, CLASSIFICATION are
words, as are PURPOSE, STATE, STEP and ROLE; MARKS, TRAITS and TAKES are lists of words; TIME is UTC epoch milliseconds
with null for open or unknown; ANGLE is degrees, null if unknown; DAYS are dates; FLAG is a boolean. NUMBER is null if
unknown."""

Column = tuple[str, str, str]
VIEWS: dict[str, tuple[Column, ...]] = {
    "cases": (
        ("case_person", PERSON, "the person"),
        ("classification", CLASSIFICATION, "greatest of what reports and specimens say"),
        ("onset_at_ms", TIME, "earliest onset that a report gives"),
        ("first_positive_at_ms", TIME, "sampling of the first positive single-tube specimen"),
        ("reported_at_ms", TIME, "earliest report; never used for the window"),
        ("isolated_at_ms", TIME, "start of the isolation that closes the window"),
        ("anchor_at_ms", TIME, "the earlier of onset and first positive sampling"),
        ("window_since_ms", TIME, "start of the infectious window"),
        ("window_until_ms", TIME, "end of the infectious window; null while it is open"),
        ("window_rule", TEXT, "CC-1-onset, CC-1-sampling, CC-3, or none"),
        ("pack", TEXT, "policy pack in force on the anchor's day"),
        ("records", RECORDS, "the records that prove it"),
    ),
    "exposures": (
        ("case_person", PERSON, "who was infectious"),
        ("contact_person", PERSON, "who was there as well"),
        ("place", PLACE, "where"),
        ("place_kind", KIND, "what kind of place"),
        ("since_ms", TIME, "start of the overlap with the infectious presence"),
        ("until_ms", TIME, "end of the overlap (half-open); null while it goes on"),
        ("case_record", RECORD, "record of the case's presence"),
        ("contact_record", RECORD, "record of the other's presence"),
        ("rule", TEXT, "rule of the pack that judged it"),
        ("class", CLASS, "what the rule makes of it if the time together suffices"),
        ("category", TEXT, "category of the rule, such as CC-4.7"),
        ("certainty", CERTAINTY, "how sure times and seats are"),
        ("pack", TEXT, "policy pack of the case"),
    ),
    "contacts": (
        ("contact_id", CONTACT, "the pair and its degree"),
        ("source_person", PERSON, "degree 1 and 0: the case; degree 2: the close contact"),
        ("contact_person", PERSON, "who is a contact"),
        ("degree", NUMBER, "1 close, 2 contact of a contact, 0 general or venue-exposed"),
        ("case_person", PERSON, "the case at the root (degree 2: of the earliest first exposure)"),
        ("class", CLASS, "class that follows for the contact person"),
        ("rule", TEXT, "rule that decided"),
        ("category", TEXT, "category of that rule"),
        ("certainty", CERTAINTY, "greatest certainty among the deciding exposures"),
        ("first_exposure_at_ms", TIME, "start of the first deciding exposure"),
        ("last_exposure_at_ms", TIME, "end of the last deciding exposure; null while it goes on"),
        ("overlap_ms", TIME, "time together in all deciding exposures, counted once; null while it goes on"),
        ("exposures", NUMBER, "how many exposures decided"),
        ("isolate_until_ms", TIME, "end of isolation; null: none, or exposure still going on"),
        ("monitor_until_ms", TIME, "end of monitoring after isolation; null likewise"),
        ("test_days", DAYS, "days on which tests are due"),
        ("pack", TEXT, "policy pack of the case"),
    ),
    "contact_evidence": (
        ("contact_id", CONTACT, "the contact it proves"),
        ("source_person", PERSON, "as in contacts"),
        ("contact_person", PERSON, "as in contacts"),
        ("degree", NUMBER, "as in contacts"),
        ("place", PLACE, "where"),
        ("place_kind", KIND, "what kind of place"),
        ("since_ms", TIME, "start of the overlap"),
        ("until_ms", TIME, "end of the overlap; null while it goes on"),
        ("source_record", RECORD, "record of the source person's presence"),
        ("contact_record", RECORD, "record of the contact person's presence"),
        ("rule", TEXT, "rule that judged it"),
        ("category", TEXT, "category of that rule"),
        ("certainty", CERTAINTY, "how sure times and seats are"),
    ),
    "persons": (
        ("person", PERSON, "the person"),
        ("class", CLASS, "greatest class that live evidence supports"),
        ("sources", NUMBER, "from how many people that class follows; 0 for a case"),
        ("first_exposure_at_ms", TIME, "first exposure of that class"),
        ("last_exposure_at_ms", TIME, "last exposure of that class; null for a case or while it goes on"),
        ("isolated_at_ms", TIME, "start of isolation, if it has begun"),
        ("isolate_until_ms", TIME, "end of isolation"),
        ("monitor_until_ms", TIME, "end of monitoring"),
        ("test_days", DAYS, "days on which tests are due"),
        ("pack", TEXT, "policy pack that says so"),
    ),
    "leads": (
        ("case_person", PERSON, "the case"),
        ("person", PERSON, "whose phone was about with the case's; a human should ask"),
        ("cells", NUMBER, "in how many telecom grid cells the rule is met"),
        ("place", PLACE, "the cell of the longest time together"),
        ("together_ms", TIME, "time together in that cell, counted once"),
        ("case_stay_ms", TIME, "how long the case was in that cell in the look-back"),
        ("stay_ms", TIME, "how long the person was in that cell in the look-back"),
        ("first_together_at_ms", TIME, "start of the first time together in these cells"),
        ("last_together_at_ms", TIME, "end of the last time together in these cells"),
        ("rule", TEXT, "rule of the pack"),
        ("pack", TEXT, "policy pack of the case"),
        ("case_record", RECORD, "record of the case's phone, of the longest overlap in that cell"),
        ("person_record", RECORD, "record of the person's phone, of the same overlap"),
    ),
    "holds": (
        ("person", PERSON, "who must wait for a test of their own"),
        ("reason", TEXT, "pool: in a positive tube of several people; medicine: bought one that the pack names"),
        ("since_ms", TIME, "sampling of the first such pool, or the first such purchase, that no test has answered"),
        ("release", TEXT, "what ends it: single_negative, a negative single-tube specimen"),
        ("sampled_from_ms", TIME, "sampled at this instant or later"),
        ("rule", TEXT, "rule of the pack"),
        ("pack", TEXT, "policy pack in force at the last such pool or purchase"),
        ("records", RECORDS, "the samples and positive results, or the purchases, that hold"),
    ),
    "findings": (
        ("record", RECORD, "the order that is wrong; the department to mend it is whose record it is"),
        ("kind", TEXT, "what is wrong, such as wrong_street"),
        ("person", PERSON, "who is under control"),
        ("since_ms", TIME, "event time of the order as it stands"),
        ("records", RECORDS, "all records that show it"),
        ("rule", TEXT, "rule of the pack"),
        ("pack", TEXT, "policy pack in force at that time"),
    ),
    "transfers": (
        ("person", PERSON, "who is to be taken"),
        ("purpose", PURPOSE, "isolate: a contact, to a site of isolation; hospital: a case, to a hospital"),
        ("state", STATE, "how far it has come"),
        ("class", CLASS, "class that calls for it; none if nothing does any more"),
        ("needed_at_ms", TIME, "when the records sufficed to say so"),
        ("due_at_ms", TIME, "deadline of the admission"),
        ("breached", FLAG, "the deadline passed before the admission"),
        ("ended_at_ms", TIME, "when the clock stopped: admission, or isolation at home"),
        ("ordered_at_ms", TIME, "last order"),
        ("assigned_at_ms", TIME, "last assignment to a run"),
        ("dispatched_at_ms", TIME, "last dispatch"),
        ("picked_up_at_ms", TIME, "last pickup"),
        ("arrived_at_ms", TIME, "last arrival"),
        ("admitted_at_ms", TIME, "last admission"),
        ("released_at_ms", TIME, "last release"),
        ("home_at_ms", TIME, "since when at home by exception"),
        ("release_due_at_ms", TIME, "when isolation may end; null: not before a test, or not isolated"),
        ("run", PLACE, "run of the vehicle; empty: none"),
        ("vehicle", PLACE, "vehicle; empty: none"),
        ("site", PLACE, "where to, or where; empty: none"),
        ("room", PLACE, "room there; empty: none"),
        ("flags", MARKS, "what is odd about it"),
        ("traits", TRAITS, "what the ride must provide for"),
        ("home", PLACE, "home; empty: unknown"),
        ("home_lat", ANGLE, "of the home, coarse"),
        ("home_lon", ANGLE, "of the home, coarse"),
        ("rule", TEXT, "rule of the pack"),
        ("pack", TEXT, "policy pack of the call that is due first"),
    ),
    "transfer_steps": (
        ("person", PERSON, "whose way"),
        ("purpose", PURPOSE, "as in transfers"),
        ("number", NUMBER, "of the step, from 1"),
        ("at_ms", TIME, "when it happened"),
        ("step", STEP, "what is told"),
        ("before", STATE, "state before"),
        ("after", STATE, "state after"),
        ("impossible", FLAG, "it cannot have been so; a human must ask"),
        ("run", PLACE, "run that it names; empty: none"),
        ("vehicle", PLACE, "vehicle that it names; empty: none"),
        ("site", PLACE, "site that it names; empty: none"),
        ("room", PLACE, "room that it names; empty: none"),
        ("records", RECORDS, "the records that prove it"),
    ),
    "escalations": (
        ("person", PERSON, "whose transfer is late"),
        ("purpose", PURPOSE, "as in transfers"),
        ("level", NUMBER, "0 warning, 1 building head, 2 grid member, 3 secretary, 4 cadre, 5 district leader"),
        ("role", ROLE, "who is told at this level"),
        ("owner", PERSON, "who held that role; empty: nobody"),
        ("raised_at_ms", TIME, "when the level was reached"),
        ("since_ms", TIME, "since when it is this owner's"),
        ("until_ms", TIME, "until when: handed over, taken on, or done; null: still"),
        ("rule", TEXT, "rule of the pack"),
        ("pack", TEXT, "as in transfers"),
    ),
    "vehicles": (
        ("vehicle", PLACE, "transfer vehicle"),
        ("seats", NUMBER, "seats"),
        ("wheelchairs", NUMBER, "places for wheelchairs among them"),
        ("sealed", FLAG, "negative pressure"),
        ("since_ms", TIME, "in service since"),
        ("until_ms", TIME, "in service until"),
        ("lat", ANGLE, "where it was last seen, else its depot"),
        ("lon", ANGLE, "likewise"),
        ("pinged_at_ms", TIME, "when it was last seen"),
        ("disinfected_at_ms", TIME, "last disinfection"),
        ("crew_until_ms", TIME, "end of the shift of the driver who is on duty now; null: nobody"),
        ("crew_tested_at_ms", TIME, "oldest last test of the crew on duty now"),
        ("held", NUMBER, "seats held in its runs"),
    ),
    "beds": (
        ("site", PLACE, "site"),
        ("room", PLACE, "room there"),
        ("floor", NUMBER, "floor"),
        ("beds", NUMBER, "beds"),
        ("family", FLAG, "for a family together"),
        ("takes", TAKES, "whom the site takes"),
        ("lat", ANGLE, "of the site"),
        ("lon", ANGLE, "of the site"),
        ("since_ms", TIME, "the site is open since"),
        ("until_ms", TIME, "the site is open until"),
        ("planned", NUMBER, "people on the way to this room"),
        ("lodged", NUMBER, "people in this room"),
        ("free_at_ms", TIME, "last discharge and the cleaning after it"),
    ),
    "reviews": (
        ("kind", TEXT, "identity_contested, case_without_dates, tube_conflict or version_conflict: for a human"),
        ("subject", NUMBER, "token of the identifier, person, tube or record in question"),
        ("at_ms", TIME, "when it shows"),
        ("people", PEOPLE, "the persons between whom it stands"),
    ),
}  # fmt: skip

_RAW_LISTS = {DAYS, PEOPLE, RECORDS}


def raw_schema(view: str) -> pa.Schema:
    """The schema in which brain and oracle hand over a view."""
    types = {TEXT: pa.string(), **{k: pa.list_(pa.int64()) for k in _RAW_LISTS}}
    return pa.schema([pa.field(name, types.get(holds, pa.int64()), False) for name, holds, _ in VIEWS[view]])
