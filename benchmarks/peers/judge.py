"""Judge: the same join over the same records in plain SQL, and the hash that every side must come to.

In: files of records; a file of pairs. Out: SHA-256 of the sorted pairs, and how many there are.
Invariant: shares nothing with any side but the files. A pair that a side tells twice changes its hash.
Deliberately absent: any side's code.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import duckdb

_JOIN = """
WITH p AS (SELECT DISTINCT presence_id, person, place, since_ms, until_ms FROM read_json(?, format='newline_delimited',
        columns={presence_id: 'VARCHAR', person: 'VARCHAR', place: 'VARCHAR', since_ms: 'BIGINT', until_ms: 'BIGINT'})),
    i AS (SELECT DISTINCT interval_id, person, place, since_ms, until_ms FROM read_json(?, format='newline_delimited',
        columns={interval_id: 'VARCHAR', person: 'VARCHAR', place: 'VARCHAR', since_ms: 'BIGINT', until_ms: 'BIGINT'}))
SELECT presence_id || ',' || interval_id || ','
    || (least(p.until_ms, i.until_ms) - greatest(p.since_ms, i.since_ms))
FROM p JOIN i ON p.place = i.place AND p.since_ms < i.until_ms AND i.since_ms < p.until_ms AND p.person <> i.person
"""


def judged(presences: Path, intervals: Path) -> tuple[str, int]:
    """(hash, pairs) that are right."""
    with duckdb.connect() as connection:
        rows = connection.execute(_JOIN, [str(presences), str(intervals)]).fetchall()
    return _hash([line.encode() for (line,) in rows]), len(rows)


def told(pairs: Path) -> tuple[str, int]:
    """(hash, pairs) that a side told."""
    lines = pairs.read_bytes().splitlines()
    return _hash(lines), len(lines)


def _hash(lines: list[bytes]) -> str:
    return sha256(b"\n".join(sorted(lines))).hexdigest()
