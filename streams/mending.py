"""Mending: rejects read once more through the same intake, after the engine has learnt to read them.

In: an engine, an intake, rejects with their bytes. Out: how many are records now.
Invariant: killed at any instant and asked again, the outcome is the same; a record that is read twice changes nothing.
Deliberately absent: mending the bytes; the department sends a mended record itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from schemas.decode import Reject
from schemas.departments import sources
from schemas.intake import Intake
from schemas.keys import Key
from streams.engine import Engine


def replay(engine: Engine, key: Key) -> dict[str, Any]:
    """Reads all open rejects again and publishes what stands then. Errors: ValueError when sealed with another key."""
    found = engine.lake.unsealed_rejects()
    mended = replay_rejects(engine, Intake(key), found)
    digest = engine.publish().digest
    return {"open": len(found), "accepted": mended, "still_rejected": len(found) - mended, "digest": digest}


def replay_rejects(engine: Engine, intake: Intake, found: list[Reject]) -> int:
    """Reads rejects again and commits those that are records now; how many they are."""
    known = sources()
    groups: dict[tuple[str, str], list[Reject]] = {}
    for reject in found:
        if reject.source in known:
            groups.setdefault((reject.source, reject.part), []).append(reject)
    mended: list[str] = []
    for (source, part), group in groups.items():
        offsets = np.array([r.offset for r in group], np.int64)
        batch, again = intake.read(source, [r.raw for r in group], part, offsets)
        left = {r.offset for r in again}
        mended += [engine.lake.reject_id(r) for r in group if r.offset not in left]
        engine.add_facts(batch)
    engine.commit()
    # Killed before this line, they are read once more: the same records, which changes nothing.
    engine.lake.mark_replayed(mended)
    return len(mended)
