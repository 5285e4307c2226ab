"""Facts: what records say in our words, department-neutral, as columns.

In: nothing. Out: the Arrow schema of every fact table, and the batch that carries them from intake to brain.
Invariant: every row names its record (`row` into the batch's records; `rec` once on its own), so that a later
version replaces exactly what the earlier one said.
Deliberately absent: raw identifiers and free text; an identifier is a token (schemas/keys.py) from intake on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from schemas.keys import Ints, mix
from schemas.transfers import TRANSFER_FACTS

Columns = dict[str, Ints]
"""Equal-length int64 columns by name."""

FACT_COLUMNS: dict[str, dict[str, str]] = {
    "presences": {
        "ident": "token of the identifier seen",
        "place": "token of the place or vehicle trip",
        "kind": "PlaceKind",
        "since_ms": "start",
        "until_ms": "end (half-open); UNKNOWN_MS: no end was recorded, the pack's default dwell applies",
        "flags": "Flag bits",
        "seat": "packed seat (schemas/seats.py); 0: none",
    },
    "links": {
        "carried": "token of the identifier that is held, or of the greater anchor",
        "owner": "token of the identifier that holds it, or of the lesser anchor",
        "since_ms": "start; BEGIN_MS: unknown",
        "until_ms": "end; OPEN_MS: still held",
    },
    "reports": {
        "ident": "token of the person reported",
        "classification": "Classification",
        "onset_ms": "onset of symptoms; UNKNOWN_MS: none given",
        "reported_ms": "when it was reported; UNKNOWN_MS: not given",
        "discovery": "Discovery",
    },
    "samples": {
        "ident": "token of the person sampled",
        "tube": "token of the tube",
        "sampled_ms": "when the swab was taken",
        "pool_size": "people in the tube as declared; 1: single",
    },
    "results": {
        "tube": "token of the tube",
        "result": "Result",
    },
    "admissions": {
        "ident": "token of the person isolated",
        "admitted_ms": "when isolation began",
        "site": "token of the site; 0: none given",
        "room": "token of the room there; 0: none given",
    },
    "discharges": {
        "ident": "token of the person released",
        "discharged_ms": "when isolation ended",
        "site": "token of the site; 0: none given",
    },
    "dwells": {
        "ident": "token of the identifier seen, usually a phone",
        "place": "token of the telecom grid cell of 800 m",
        "since_ms": "start",
        "until_ms": "end (half-open); a dwell is told once it has ended",
    },
    "purchases": {
        "ident": "token of the buyer's identifier",
        "category": "Medicine",
        "bought_ms": "when it was bought",
    },
    "orders": {
        "ident": "token of the person under control",
        "degree": "ContactDegree",
        "case_ident": "token of the related case; 0: none given",
        "contact_ident": "token of the close contact through whom a secondary one is; 0: none given",
        "last_contact_ms": "last contact; UNKNOWN_MS: not given",
        "trace": "TraceStatus",
        "status": "EpidemicStatus",
        "mode": "ObservationMode",
        "site": "token of the isolation site or hotel; 0: none given",
        "checked_in_ms": "when they moved in there; UNKNOWN_MS: not given",
        "province": "token of the province; 0: none given",
        "street": "token of the street; 0: none given",
    },
    "homes": {
        "ident": "token of whoever lives there",
        "place": "token of the household or compound",
        "since_ms": "start; BEGIN_MS: unknown",
        "until_ms": "end; OPEN_MS: still there",
    },
    "streets": {
        "place": "token of a household or compound",
        "street": "token of the street in which it is",
        "since_ms": "start; BEGIN_MS: unknown",
        "until_ms": "end; OPEN_MS: until further notice",
    },
    **TRANSFER_FACTS,
}
"""Fact tables: column and meaning. All columns are int64; times are UTC epoch milliseconds. Every table also has
`row`, the index of the record in the batch."""


def empty(table: str) -> Columns:
    return {name: np.zeros(0, np.int64) for name in ("row", *FACT_COLUMNS[table])}


RECORD_SCHEMA = pa.schema(
    [
        pa.field("rec", pa.int64(), False, {"about": "id of the record: hash of source and source record id"}),
        pa.field("source", pa.string(), False, {"about": "department.record, such as transport.tap"}),
        pa.field("record_id", pa.string(), False, {"about": "the source record id, as the department gave it"}),
        pa.field("version", pa.int64(), False, {"about": "version; the greatest one stands"}),
        pa.field("withdrawn", pa.bool_(), False, {"about": "the record was withdrawn by this version"}),
        pa.field("digest", pa.int64(), False, {"about": "hash of what the record says; breaks ties of a version"}),
        pa.field("event_ms", pa.int64(), False, {"about": "event time given by the department"}),
        pa.field("ingest_ms", pa.int64(), False, {"about": "when its own system took it in; UNKNOWN_MS: not given"}),
        pa.field("given", pa.int64(), False, {"about": "a bit for each field that may be left out and is not"}),
        pa.field("part", pa.string(), False, {"about": "file, or topic and partition, it was read from"}),
        pa.field("offset", pa.int64(), False, {"about": "position in that part, from 0"}),
    ]
)
PLACE_SCHEMA = pa.schema(
    [
        pa.field("place", pa.int64(), False, {"about": "token of the place"}),
        pa.field("kind", pa.string(), False, {"about": "PlaceKind, or grid, fleet, site, site_room"}),
        pa.field("label", pa.string(), False, {"about": "public name or trip; empty for homes, rooms and plates"}),
    ]
)
STAMP = ("rec", "version", "withdrawn", "digest")
"""What a kept fact carries of its record, instead of the batch-local `row`."""
MARKS = (*STAMP, "event_ms")
"""What a brain asks of a record."""
NO_PLACES = pa.RecordBatch.from_pylist([], PLACE_SCHEMA)


@dataclass
class FactBatch:
    """The facts of a chunk of records. Shape: `records` (RECORD_SCHEMA, one row a record), `facts` by table name,
    `places` (PLACE_SCHEMA, places first met in this chunk)."""

    records: pa.RecordBatch
    facts: dict[str, Columns] = field(default_factory=dict)
    places: pa.RecordBatch = field(default_factory=lambda: NO_PLACES)

    def column(self, name: str) -> Ints:
        """An integer column of the records as numpy."""
        numbers: Ints = self.records.column(name).to_numpy(zero_copy_only=False).astype(np.int64)
        return numbers


def digests(count: int, facts: dict[str, Columns], event_ms: Ints) -> Ints:
    """One hash per record of everything it says, whatever order its facts stand in; unknown fields do not count."""
    total = mix(event_ms).view(np.uint64).copy()
    for number, table in enumerate(FACT_COLUMNS):
        columns = facts.get(table)
        if columns is None or len(columns["row"]) == 0:
            continue
        rows = mix(np.full(len(columns["row"]), number), *(columns[name] for name in FACT_COLUMNS[table]))
        with np.errstate(over="ignore"):
            np.add.at(total, columns["row"], rows.view(np.uint64))
    return mix(total.view(np.int64)) if count else np.zeros(0, np.int64)
