"""Events: what the brain concludes from a batch, as differences of the view; nothing is ever silently taken back.

In: nothing. Out: the Arrow schema of events.
Invariant: adding up all events of a lake gives the classes that stand in its current view.
Deliberately absent: an order between lakes; which events happen depends on arrival, the view does not.
"""

from __future__ import annotations

import pyarrow as pa

EVENT_KINDS = (
    "case_opened", "case_changed", "case_retracted",
    "contact_found", "contact_changed", "contact_retracted",
    "person_raised", "person_lowered",
    "review_opened", "review_closed",
    "lead_opened", "lead_closed",
    "hold_opened", "hold_released",
    "finding_opened", "finding_closed",
    "transfer_changed", "escalation_raised", "escalation_closed",
)  # fmt: skip
EVENT_SCHEMA = pa.schema(
    [
        pa.field("kind", pa.string(), False, {"about": "one of EVENT_KINDS"}),
        pa.field("subject", pa.int64(), False, {"about": "the person; reviews: what is in question; findings: record"}),
        pa.field("source", pa.int64(), False, {"about": "contacts: source; leads: case; escalations: owner; Purpose"}),
        pa.field("degree", pa.int64(), False, {"about": "contacts: degree; escalations: level; else 0"}),
        pa.field("class_before", pa.int64(), False, {"about": "PersonClass before, transfers: state; 0: none"}),
        pa.field("class_after", pa.int64(), False, {"about": "PersonClass after, transfers: state; 0: none"}),
        pa.field("since_ms", pa.int64(), False, {"about": "start of a window, exposure, hold; instant of all else"}),
        pa.field("until_ms", pa.int64(), False, {"about": "window end or last exposure; UNKNOWN_MS where none"}),
        pa.field("rule", pa.string(), False, {"about": "rule; kind of review, finding; reason of hold /why it ended"}),
        pa.field("confirm", pa.bool_(), False, {"about": "a human must confirm: the person is lowered while isolated"}),
    ]
)
