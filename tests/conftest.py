"""Fixtures that every test may ask for by name.

In: tests/brokers.py. Out: `broker`, `private_broker`, `sasl_broker`.
Invariant: what is asked for is real; a part that is missing fails the test.
Deliberately absent: fixtures of one file alone, which stand there.
"""

from tests.brokers import broker, private_broker, sasl_broker

__all__ = ["broker", "private_broker", "sasl_broker"]
