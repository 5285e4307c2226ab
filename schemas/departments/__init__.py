"""The departments: which records each publishes. A new department is one file and one line here.

Invariant: sources are named department.record; the topic is `src.` and that name.
Deliberately absent: everything about transport; topics, agents, files and pages iterate over DEPARTMENTS.
"""

from __future__ import annotations

from schemas.departments import health, police, transport
from schemas.wire import Record

DEPARTMENTS: dict[str, tuple[type[Record], ...]] = {
    "health": health.RECORDS,
    "police": police.RECORDS,
    "transport": transport.RECORDS,
}


def sources() -> dict[str, type[Record]]:
    """Every record model by its source name, such as `transport.tap`."""
    return {f"{dept}.{model.record}": model for dept, models in DEPARTMENTS.items() for model in models}
