"""Fixtures that every test may ask for by name, and which tests take much of the machine.

In: tests/brokers.py, tests/drills.py. Out: `broker`, `private_broker`, `sasl_broker`; `drill`, `expected`; the mark
`kafka`, of all tests in a file where one asks for a broker.
Invariant: what is asked for is real; a part that is missing fails the test.
Deliberately absent: fixtures of one file alone, which stand there.
"""

import pytest

from tests.brokers import broker, private_broker, sasl_broker
from tests.drills import drill, expected

_BROKERS = {"broker", "private_broker", "sasl_broker"}
__all__ = ["broker", "drill", "expected", "private_broker", "sasl_broker"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two of them go side by side, each with a broker; others as many as there are cores (`make test`)."""
    with_kafka = {item.path for item in items if _BROKERS & set(getattr(item, "fixturenames", ()))}
    for item in items:
        if item.path in with_kafka:
            item.add_marker("kafka")
