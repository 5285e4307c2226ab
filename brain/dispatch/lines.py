"""Lines: what there is to say of one way when a round of planning is over.

In: nothing. Out: `Line`.
Invariant: whoever is not yet where they belong has one line.
Deliberately absent: sentences (streams/dispatch/words.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.instants import UNKNOWN_MS


@dataclass(frozen=True)
class Line:
    """What there is to say of one way. `why`: `deadline`, `along` or `diverted` for who rides, else what is lacking or
    how far the way is. `rank`: place in the queue, the nearest deadline first; 0: not in it."""

    person: int
    purpose: int
    level: int
    rank: int
    due_ms: int
    why: str
    vehicle: int = 0
    site: int = 0
    room: int = 0
    run_code: str = ""
    order: int = 0
    aboard: int = 0
    pickup_ms: int = UNKNOWN_MS
    arrive_ms: int = UNKNOWN_MS

    @property
    def rides(self) -> bool:
        return self.vehicle > 0
