"""Lookup: names of records and labels of places, for those that the views mention and no others.

In: ids. Out: their texts, from the committed parts and the tail.
Invariant: a record that the views name is in the lake; of several labels of a place the least one stands.
Deliberately absent: anything about a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from schemas.keys import Ints
from sinks.disk import glob_safe
from sinks.render import Names
from sinks.store import Store


def _everything(table: str, columns: str, paths: Sequence[Path]) -> tuple[str, list[list[str]]]:
    """SQL over the committed parts and the tail of a table, and its parameters."""
    tail = f"SELECT {columns} FROM tail_{table}"
    if not paths:
        return tail, []
    return f"SELECT {columns} FROM read_parquet(?) UNION ALL {tail}", [[glob_safe(path) for path in paths]]


def record_names(store: Store, paths: Sequence[Path], recs: Ints) -> Names:
    """`source/record id` of each record. Errors: ValueError if one was never committed.

    What is new in the views mostly came of late: the newest part is looked into first, then ever more older ones."""
    names, missing, high = Names.empty(), recs, len(paths)
    while len(missing):
        low = high - max(1, 3 * (len(paths) - high))
        every, parameters = _everything("records", "rec, source, record_id", paths[max(low, 0) : high])
        sql = f"""SELECT rec, min(source || '/' || record_id) FROM ({every})
                  WHERE rec IN (SELECT id FROM wanted) GROUP BY rec"""
        names = names.plus(Names.of_table(store.query(sql, parameters, wanted=pa.table({"id": missing}))))
        missing, high = names.lacks(missing), low
        if len(missing) and low <= 0:
            told = f"the views name {len(missing):,} records that were not committed"
            raise ValueError(f"{told}: commit facts before publishing")
    return names


def place_labels(store: Store, paths: Sequence[Path], places: Ints) -> Names:
    """Public label of each place that has one."""
    every, parameters = _everything("places", "place, label", paths)
    sql = f"""SELECT place, min(label) FROM ({every})
              WHERE label <> '' AND place IN (SELECT id FROM wanted) GROUP BY place"""
    return Names.of_table(store.query(sql, parameters, wanted=pa.table({"id": places})))
