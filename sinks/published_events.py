"""Published events: from raw events (integers) to what every reader gets, in the lake and on the topics.

In: raw events with their numbers, the names of records. Out: Arrow tables of EVENTS_PUBLISHED.
Invariant: same rows, same order; whatever names a record is addressed to its department.
Deliberately absent: which topic an event goes to (schemas/topics.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas import codes, transfers
from schemas.events import EVENT_SCHEMA
from schemas.keys import Ints
from sinks.render import (
    PERSON_REVIEWS,
    RECORD_REVIEWS,
    Names,
    codes_of,
    department_of,
    instants_of,
    subjects_of,
    whole,
    words_of,
)

_SOURCE = (
    "contacts: source person; leads: case; findings: person; escalations: who is told, or empty; transfers: purpose"
)
EVENTS_PUBLISHED = pa.schema(
    [
        pa.field("seq", pa.int64(), False, {"about": "number of the event in this lake, from 0"}),
        EVENT_SCHEMA.field("kind"),
        pa.field(
            "subject", pa.string(), False, {"about": "the person; reviews: what is in question; findings: record"}
        ),
        pa.field("source", pa.string(), True, {"about": _SOURCE}),
        pa.field("degree", pa.int64(), True, {"about": "contacts: degree; escalations: level; else null"}),
        pa.field(
            "class_before", pa.string(), False, {"about": "class, transfers: state, before; none if there was none"}
        ),
        pa.field("class_after", pa.string(), False, {"about": "class, transfers: state, after; none if there is none"}),
        pa.field("since_ms", pa.int64(), True, EVENT_SCHEMA.field("since_ms").metadata),
        pa.field("until_ms", pa.int64(), True, {"about": "window end or last exposure; null while open or where none"}),
        EVENT_SCHEMA.field("rule"),
        EVENT_SCHEMA.field("confirm"),
        pa.field("department", pa.string(), True, {"about": "findings: the department that can mend it; else null"}),
    ]
)


def render_events(seq: Ints, events: pa.Table, records: Names) -> pa.Table:
    """Events as published: those of reviews name their subject by the kind of review, which is their rule; those of
    findings by the record, and they are addressed to its department."""
    source, numbers = events["source"].to_numpy(), {n: events[n].to_numpy() for n in ("class_before", "class_after")}
    of = {name: pc.starts_with(events["kind"], name + "_").to_numpy() for name in _FAMILIES}
    kinds = np.where(of["review"], events["rule"].to_numpy().astype(object), PERSON_REVIEWS[0])
    kinds = np.where(of["finding"], RECORD_REVIEWS[0], kinds)
    subjects = subjects_of(pa.array(kinds, pa.string()), events["subject"].to_numpy(), records)
    departments = department_of(subjects).to_numpy(zero_copy_only=False)
    named = of["contact"] | of["lead"] | of["finding"] | of["escalation"]
    sources: Any = np.where(named, codes_of("P", source).to_numpy(zero_copy_only=False), None)
    sources[of["transfer"]] = words_of(transfers.Purpose, source[of["transfer"]]).to_numpy(zero_copy_only=False)
    arrays = [
        pa.array(seq),
        events["kind"],
        subjects,
        pa.array(sources, pa.string()),
        pa.array(events["degree"].to_numpy(), mask=~(of["contact"] | of["escalation"])),
        *(_steps_of(numbers[n], of["transfer"]) for n in ("class_before", "class_after")),
        instants_of(events["since_ms"].to_numpy()),
        instants_of(events["until_ms"].to_numpy()),
        events["rule"],
        events["confirm"],
        pa.array(np.where(of["finding"], departments, None), pa.string()),
    ]
    return pa.Table.from_arrays([whole(a) for a in arrays], schema=EVENTS_PUBLISHED)


_FAMILIES = ("contact", "lead", "review", "finding", "transfer", "escalation")


def _steps_of(numbers: Ints, transfer: Any) -> pa.Array:
    """Classes as words; in events of transfers, states."""
    words = words_of(codes.PersonClass, np.where(transfer, 0, numbers)).to_numpy(zero_copy_only=False)
    words[transfer] = words_of(transfers.TransferState, numbers[transfer]).to_numpy(zero_copy_only=False)
    return pa.array(words, pa.string())
