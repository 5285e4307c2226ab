"""Transfer counts: how many ways stand in which state, how many are late, and how long an admission took.

In: the raw view of transfers. Out: a few numbers, for the manifest and for whoever watches the service.
Invariant: times are those of the events, so that a replay gives the same; an admission that ended before it was asked
for took no time.
Deliberately absent: people and places.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from schemas.instants import UNKNOWN_MS
from schemas.transfers import Purpose, TransferState

RANKS = {"p50": 0.5, "p95": 0.95}


def transfer_counts(transfers: pa.Table) -> dict[str, Any]:
    """`states`: ways by purpose and state; `late`: past their deadline, and the clock still runs; `admitted_s`: from
    when the records sufficed to when the clock stopped, of those who were admitted, by purpose. Units: s."""
    column = {name: transfers[name].to_numpy() for name in transfers.column_names if name.endswith("_ms")}
    purpose, state = transfers["purpose"].to_numpy(), transfers["state"].to_numpy()
    running = column["ended_at_ms"] == UNKNOWN_MS
    known = (column["needed_at_ms"] != UNKNOWN_MS) & ~running & (column["admitted_at_ms"] != UNKNOWN_MS)
    taken = np.maximum(column["ended_at_ms"] - column["needed_at_ms"], 0) / 1000
    return {
        "states": {
            to.name: {at.name: int(n) for at in TransferState if (n := ((purpose == to) & (state == at)).sum())}
            for to in Purpose
        },
        "late": int(((transfers["breached"].to_numpy() == 1) & running).sum()),
        "admitted_s": {
            to.name: {rank: round(float(np.quantile(taken[known & (purpose == to)], share)), 1)
                      for rank, share in RANKS.items()}
            for to in Purpose if (known & (purpose == to)).any()
        },
    }  # fmt: skip
