"""People: the code under which the lake knows each person of the city, and the other codes they may stand under.

In: the truth's people, the key of the lake, the codes that a snapshot shows. Out: a table (code, person, kind).
Invariant: one code leads to one person at most; no identifier leaves this module.
Deliberately absent: links; a register joins an identifier to the resident id, whose token is the least of all, so that
whoever was joined stands under it, and whoever was not stands under the identifier itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from schemas.departments.drafting import identifier
from schemas.identifiers import read_identifier
from schemas.keys import IDENTIFIER_KINDS, RANK_SHIFT, Ints, Key, parse_code
from sinks.render import codes_of

OWN = "resident_id"
SCHEMA = pa.schema([("code", pa.string()), ("person", pa.int64()), ("kind", pa.string())])


def name_people(person: Ints, resident_id: Sequence[str], key: Key, shown: Iterable[str]) -> pa.Table:
    """Everybody under the code of their resident id, and under those of their other identifiers that are among `shown`
    (person codes of the snapshot), with the kind of identifier behind the code."""
    own = np.array([key.identifier(OWN, read_identifier(OWN, text)) for text in resident_id], np.int64)
    parts = [_rows(own, person, OWN)]
    known = set(own.tolist())
    strange = {parse_code(code, "P") for code in shown} - known
    ranks = {token >> RANK_SHIFT for token in strange}
    for rank, kind in enumerate(IDENTIFIER_KINDS):
        if rank not in ranks or kind == OWN:
            continue
        tokens = np.array([_other(key, kind, number) for number in person.tolist()], np.int64)
        among = np.isin(tokens, np.array(sorted(strange), np.int64))
        # A car has several users: its plate is put down to the first of them.
        _, first = np.unique(tokens[among], return_index=True)
        parts.append(_rows(tokens[among][first], person[among][first], kind))
    return pa.concat_tables(parts)


def _other(key: Key, kind: str, person: int) -> int:
    return key.identifier(kind, read_identifier(kind, identifier(kind, person)))


def _rows(tokens: Ints, person: Ints, kind: str) -> pa.Table:
    columns = [codes_of("P", tokens), pa.array(person), pa.array([kind] * len(tokens), pa.string())]
    return pa.Table.from_arrays(columns, schema=SCHEMA)
