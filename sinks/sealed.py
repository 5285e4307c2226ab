"""Sealed: rejected bytes, kept so that only the holder of the key can read them.

In: rejects with their raw bytes. Out: rows of the reject table, and the rejects again.
Invariant: the raw bytes stand nowhere but inside AES-256-GCM, bound to their source; a reject id says nothing of them
without the key.
Deliberately absent: mending a record; that is intake's and the department's business.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence

import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.decode import Reject
from schemas.keys import Key

REJECT_SCHEMA = pa.schema(
    [
        pa.field("reject_id", pa.string(), False, {"about": "keyed hash of source and bytes: one line, one reject"}),
        pa.field("source", pa.string(), False, {"about": "department.record, such as transport.tap"}),
        pa.field("part", pa.string(), False, {"about": "file, or topic and partition, where it first stood"}),
        pa.field("offset", pa.int64(), False, {"about": "position in that part, from 0"}),
        pa.field("reason", pa.string(), False, {"about": "why it is no record"}),
        pa.field("field", pa.string(), False, {"about": "the field that is at fault; empty: the line as a whole"}),
        pa.field("hint", pa.string(), False, {"about": "how to mend it"}),
        pa.field("key_id", pa.string(), False, {"about": "id of the key that its bytes are sealed with"}),
        pa.field("count", pa.int64(), False, {"about": "how often the same line came"}),
        pa.field("status", pa.string(), False, {"about": "open, or replayed (read again after a fix)"}),
    ]
)
SEALED = pa.field("sealed", pa.binary(), False)
_NONE = REJECT_SCHEMA.append(SEALED).empty_table()
_NONCE_BYTES = 12
_ID_HEX = 32


class Sealer:
    """Seals and opens with one key."""

    def __init__(self, key: Key) -> None:
        self._key_id = key.key_id
        self._cipher = AESGCM(key.derive("rejects"))
        self._naming = key.derive("reject-ids")

    def reject_id(self, reject: Reject) -> str:
        body = reject.source.encode() + b"\0" + reject.raw
        return "R" + hashlib.blake2b(body, digest_size=_ID_HEX // 2, key=self._naming).hexdigest()

    def seal(self, source: str, raw: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, raw, source.encode())

    def unseal(self, source: str, sealed: bytes) -> bytes:
        """Errors: ValueError when the bytes were sealed with another key or changed since."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], source.encode())
        except InvalidTag:
            raise ValueError(f"a sealed reject of {source} does not open with key {self._key_id}") from None

    def rows(self, rejects: Sequence[Reject], apart: bool = False) -> pa.Table:
        """REJECT_SCHEMA and the sealed bytes, one row for each distinct line, with the first place it stood. `apart`:
        one for each line, since whoever wants only those from some offset on must know where each stood."""
        found: dict[tuple[str, int], tuple[Reject, int]] = {}
        if not rejects:
            return _NONE
        for at, reject in enumerate(rejects):
            name = self.reject_id(reject), at if apart else 0
            first, count = found.get(name, (reject, 0))
            found[name] = first, count + 1
        rows = [
            {
                "reject_id": name, "source": r.source, "part": r.part, "offset": r.offset, "reason": r.reason,
                "field": r.field, "hint": r.hint, "key_id": self._key_id, "count": count, "status": "open",
                "sealed": self.seal(r.source, r.raw),
            }
            for (name, _), (r, count) in found.items()
        ]  # fmt: skip
        return pa.Table.from_pylist(rows, REJECT_SCHEMA.append(SEALED))


def gathered(tables: Sequence[pa.Table]) -> pa.Table:
    """Sealed rejects of several tables as one: a line that came several times is one row, with its counts added up and
    the first place it stood."""
    tables = [table for table in tables if table.num_rows]
    if not tables:
        return _NONE
    every = pa.concat_tables(tables)
    first: dict[str, int] = {}
    counts: dict[str, int] = {}
    for at, (name, count) in enumerate(zip(every["reject_id"].to_pylist(), every["count"].to_pylist(), strict=True)):
        first.setdefault(name, at)
        counts[name] = counts.get(name, 0) + count
    rows = every.take(pa.array(list(first.values()), pa.int64()))
    added = pa.array(list(counts.values()), pa.int64())
    return rows.set_column(every.schema.get_field_index("count"), REJECT_SCHEMA.field("count"), added)
