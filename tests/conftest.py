"""Fixtures that every test may ask for by name, and which tests want the machine for themselves.

In: tests/brokers.py, tests/drills.py. Out: `broker`, `private_broker`, `sasl_broker`; `drill`, `expected`; the mark
`alone`, of all tests in a file where one asks for a broker or says so itself.
Invariant: what is asked for is real; a part that is missing fails the test.
Deliberately absent: fixtures of one file alone, which stand there.
"""

import pytest

from tests.brokers import broker, private_broker, sasl_broker
from tests.drills import drill, expected

_BROKERS = {"broker", "private_broker", "sasl_broker"}
__all__ = ["broker", "drill", "expected", "private_broker", "sasl_broker"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The service's tests wait for processes and clocks; others share the cores (`make test`)."""
    alone = {item.path for item in items if _BROKERS & set(getattr(item, "fixturenames", ()))}
    for item in items:
        if item.path in alone:
            item.add_marker("alone")
