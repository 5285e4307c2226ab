"""Fixtures that every test may ask for by name.

In: tests/brokers.py, tests/drills.py. Out: `broker`, `private_broker`, `sasl_broker`; `drill`, `expected`.
Invariant: what is asked for is real; a part that is missing fails the test.
Deliberately absent: fixtures of one file alone, which stand there.
"""

from tests.brokers import broker, private_broker, sasl_broker
from tests.drills import drill, expected

__all__ = ["broker", "drill", "expected", "private_broker", "sasl_broker"]
