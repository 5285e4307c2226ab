"""Packed: columns of integers in as few bytes as their values need.

In: int64 columns. Out: the same values at any positions, as int64.
Invariant: what is read back is what was put in, bit for bit.
Deliberately absent: any meaning of a column, and search (brain/runs.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.instants import BEGIN_MS, OPEN_MS, UNKNOWN_MS
from schemas.keys import Ints, mix

FEW = 4096
"""So few rows stay as they are: they will soon be merged, and packing costs more than it saves."""
MANY = 200_000
_SAMPLE = 16
_PLACES = mix(np.arange(16_384))
_BYTES = (np.uint8, np.uint16, np.uint32)
_APART = (UNKNOWN_MS, BEGIN_MS, OPEN_MS)
"""Instants that lie far from all others, kept as 0, 1 and 2."""


@dataclass(frozen=True)
class Narrow:
    """Values near one another: `base` and a small number, which means one of `_APART` if there are such."""

    small: npt.NDArray[Any]
    base: int
    apart: bool

    def __getitem__(self, at: Any) -> Ints:
        small = self.small[at]
        out: Ints = small.astype(np.int64)
        out += self.base
        if self.apart:
            for number, value in enumerate(_APART):
                out[small == number] = value
        return out


@dataclass(frozen=True)
class Coded:
    """Values that repeat: ascending `keys`, and for each row the number of its key."""

    keys: Ints
    codes: npt.NDArray[Any]

    def __getitem__(self, at: Any) -> Ints:
        out: Ints = self.keys[self.codes[at]]
        return out


Column = Ints | Narrow | Coded


def _fitting(count: int) -> Any:
    """The least type that counts so far; None if there is none."""
    return next((kind for kind in _BYTES if count <= np.iinfo(kind).max + 1), None)


def pack(values: Ints) -> Column:
    """A column of times, numbers or tokens."""
    if len(values) < FEW or _far(values[:: len(values) // _SAMPLE]):
        return values
    low, high = int(values.min()), int(values.max())
    if kind := _fitting(high - low + 1):
        return Narrow((values - low).astype(kind), low, False)
    if low > BEGIN_MS and high < OPEN_MS:
        return values
    apart = (values == UNKNOWN_MS) | (values == BEGIN_MS) | (values == OPEN_MS)
    near = values[~apart]
    low, high = (int(near.min()), int(near.max())) if len(near) else (0, 0)
    if not (kind := _fitting(high - low + 1 + len(_APART))):
        return values
    base = low - len(_APART)
    small = (np.where(apart, low, values) - base).astype(kind)
    for number, value in enumerate(_APART):
        small[values == value] = number
    return Narrow(small, base, True)


def _far(some: Ints) -> bool:
    """Whether some values are so far from each other that no column with them can be packed: most columns of tokens."""
    some = some[(some != UNKNOWN_MS) & (some != BEGIN_MS) & (some != OPEN_MS)]
    return len(some) > 0 and _fitting(int(some.max()) - int(some.min()) + 1) is None


def code(values: Ints) -> Column:
    """A column of tokens that may repeat: coded where that is shorter."""
    if len(values) < FEW or (len(values) >= MANY and 4 * _different(values) > 3 * len(values)):
        return values
    keys, codes = coded(values)
    return Coded(keys, codes.astype(_fitting(len(keys)))) if 2 * len(keys) < len(values) else values


def coded(values: Ints) -> tuple[Ints, npt.NDArray[Any]]:
    """(the distinct values, ascending; for each value the number of its key). Many values of few keys are hashed: the
    others are put in order in less time."""
    if len(values) >= MANY and 5 * _different(values) < len(values):
        found = pa.array(values).dictionary_encode()
        keys, codes = found.dictionary.to_numpy(), found.indices.to_numpy()
        order = ascending(keys)
        rank = np.empty(len(order), np.uint32)
        rank[order] = np.arange(len(order), dtype=np.uint32)
        return keys[order], rank[codes]
    order = ascending(values)
    ordered = values[order]
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = ordered[1:] != ordered[:-1]
    codes = np.empty(len(order), np.uint32)
    codes[order] = np.cumsum(fresh, dtype=np.uint32) - np.uint32(1)
    return ordered[fresh], codes


def _different(values: Ints) -> float:
    """How many different values there are, about: by how often two at odd places are the same."""
    some = np.sort(values[np.unique(_PLACES % len(values))])
    return len(some) ** 2 / (2 * int((some[1:] == some[:-1]).sum()) + 1)


def ascending(numbers: npt.NDArray[Any]) -> Ints:
    """The order of numbers by size, equal ones as they come. Many that are evenly spread, as tokens are, are ordered by
    the first 32 of their bits, in a third of the time of comparisons; which also mends what those leave."""
    if len(numbers) < FEW or numbers.min() < 0:
        return np.argsort(numbers, kind="stable")
    bits = max(int(numbers.max()).bit_length(), 32)
    low, high = ((numbers >> (bits - first)).astype(np.uint16) for first in (32, 16))
    order = np.argsort(low, kind="stable")
    order = order[np.argsort(high[order], kind="stable")]
    found = numbers[order]
    return order if (found[1:] >= found[:-1]).all() else order[np.argsort(found, kind="stable")]


def holding(column: Column, values: Ints) -> Ints:
    """Positions of all rows that have one of the values, and of some others: a scan, for which nothing is made."""
    if isinstance(column, Coded):
        asked = np.zeros(len(column.keys), np.bool_)
        at = np.minimum(np.searchsorted(column.keys, values), len(column.keys) - 1)
        asked[at[column.keys[at] == values]] = True  # several values may lead to one key
        return np.flatnonzero(asked[column.codes])
    asked = np.zeros(1 << 16, np.bool_)
    asked[values & 0xFFFF] = True
    return np.flatnonzero(asked[column[:] & 0xFFFF])


def joined(columns: list[Column], kept: list[Any]) -> Column:
    """The kept rows of several columns as one: coded if the longest of them is, else neither coded nor packed."""
    longest = max(columns, key=length)
    if not isinstance(longest, Coded):
        return np.concatenate([column[at] for column, at in zip(columns, kept, strict=True)])
    known = [c if isinstance(c, Coded) else Coded(*coded(c[:])) for c in columns]
    keys = np.sort(np.concatenate([column.keys for column in known]))
    keys = keys[np.append(True, keys[1:] != keys[:-1])]  # sorting takes a fifth of the time of numpy's hashing
    kind = _fitting(len(keys))
    moved = [np.searchsorted(keys, column.keys).astype(kind) for column in known]
    return Coded(keys, np.concatenate([m[c.codes[at]] for m, c, at in zip(moved, known, kept, strict=True)]))


def length(column: Column) -> int:
    """Rows of a column."""
    if isinstance(column, Coded):
        return len(column.codes)
    return len(column.small) if isinstance(column, Narrow) else len(column)
