"""Chance: draws that depend on the seed and on what they are about, and on nothing that was drawn before.

In: a seed, a purpose, numbers and texts. Out: numbers from 0 up to 1.
Invariant: the same question has the same answer, in whatever order questions are asked.
Deliberately absent: generators; a world that is asked in slices must not depend on how it is sliced.
"""

from __future__ import annotations

from hashlib import blake2b


class Chance:
    """The chance of one drill."""

    def __init__(self, seed: int) -> None:
        self._key = f"transfers:{seed}".encode()

    def of(self, *about: object) -> float:
        """From 0 up to 1."""
        text = "\x1f".join(map(str, about)).encode()
        return int.from_bytes(blake2b(text, digest_size=7, key=self._key).digest(), "big") / 2**56

    def minutes(self, low: float, high: float, *about: object) -> int:
        """Milliseconds, a whole number of seconds, of so many minutes."""
        return int((low + (high - low) * self.of(*about)) * 60) * 1000
