"""The departments: which records each publishes. A new department is one file and one line here.

Invariant: sources are named department.record; the topic is `src.` and that name.
Deliberately absent: everything about transport; topics, agents, files and pages iterate over DEPARTMENTS.
"""

from __future__ import annotations

from importlib import import_module

from schemas.departments.forging import Expected
from schemas.wire import Record

NAMES = (
    "health",
    "police",
    "transport",
    "data_office",
    "telecom",
    "civil_affairs",
    "commerce",
    "market_supervision",
    "education",
    "housing",
    "grid_centre",
    "medical_insurance",
    "command",
)
"""One line a department; each is a module here with RECORDS and EXPECTED. The order is that of every list and page. The
last one is no department: what the command centre itself decides is a record like any other."""
_MODULES = {name: import_module(f"{__name__}.{name}") for name in NAMES}

DEPARTMENTS: dict[str, tuple[type[Record], ...]] = {name: module.RECORDS for name, module in _MODULES.items()}
EXPECTED: dict[str, Expected] = {
    f"{name}.{record}": expected
    for name, module in _MODULES.items()
    for record, expected in getattr(module, "EXPECTED", {}).items()
}
"""What is expected of each source; tests/conformance.py asks for every one."""


def sources() -> dict[str, type[Record]]:
    """Every record model by its source name, such as `transport.tap`."""
    return {f"{dept}.{model.record}": model for dept, models in DEPARTMENTS.items() for model in models}
