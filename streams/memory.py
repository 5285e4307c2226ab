"""Memory: what this process has freed, given back to the system.

In: nothing. Out: nothing.
Invariant: nothing that is in use is touched.
Deliberately absent: limits; what is held is what the brain keeps (brain/packed.py).
"""

from __future__ import annotations

import ctypes
from contextlib import suppress

import pyarrow as pa


def give_back() -> None:
    """Columns are made and merged in memory of every size, and glibc holds on to what becomes free between them (820
    MiB of a state of 440). Other C libraries have no such call, and need none."""
    pa.default_memory_pool().release_unused()
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
