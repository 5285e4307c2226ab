"""Company: who else was there the whole time, for records that name a second person.

In: stays by a key (a place, a person), and spans asked about. Out: a stay that covers each span.
Invariant: a stay that is given covers its span; where none is found by a few tries, none is given.
Deliberately absent: whether a department would have written it down.
"""

from __future__ import annotations

import numpy as np

from schemas.keys import Ints

_TRIES = 6


def covering(
    stays: tuple[Ints, Ints, Ints], spans: tuple[Ints, Ints, Ints], rng: np.random.Generator, tries: int = _TRIES
) -> Ints:
    """For each span the row of a stay of its key that covers it, -1 where none was found. Both are (key, since,
    until)."""
    key, since, until = stays
    wanted, from_ms, to_ms = spans
    found = np.full(len(wanted), -1)
    if len(key) == 0:
        return found
    order = np.argsort(key, kind="stable")
    first, last = np.searchsorted(key[order], wanted, "left"), np.searchsorted(key[order], wanted, "right")
    for turn in range(tries):
        open_ = np.flatnonzero((found < 0) & (last > first))
        number = last[open_] - first[open_]
        # Few stays are gone through one by one, of many some are drawn.
        pick = np.where(number <= tries, turn % number, (rng.random(len(open_)) * number).astype(np.int64))
        row = order[first[open_] + pick]
        fits = (since[row] <= from_ms[open_]) & (until[row] >= to_ms[open_])
        found[open_[fits]] = row[fits]
    return found
