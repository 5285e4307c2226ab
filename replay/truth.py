"""Truth: what really happened in a drill, beside the records and never among them.

In: a city, each day's visits, sheets and what faults did to them, the wave. Out: a folder of Parquet, views over it.
Invariant: everything is written as it comes, a day at a time; `record_id` is what stands in the record's line. Whatever
a record tells is what its last version tells.
Deliberately absent: any comparison with what an engine found (replay/score).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from replay.city.model import City, Visits
from replay.desks.names import identifiers
from replay.faults.struck import FaultRow
from replay.plan import Plan
from replay.sheets import NUMBER_DIGITS, REGISTERS_DAY, Sheet, prefix
from replay.wave.course import Infections, Stays
from schemas.instants import UNKNOWN_MS
from schemas.keys import Ints

_TELLING = ("person", "place", "said_since_ms", "said_until_ms", "knows")
_NUMBERS = {
    "people": ("person", "role", "home", "street"),
    "places": ("place", "ground", "kind", "cell", "street", "community", "compound", "house"),
    "visits": ("person", "place", "doing", "since_ms", "until_ms", "carriage", "seat_row", "seat"),
    "told": ("person", "place", "since_ms", "until_ms", "event_ms", "arrival_ms"),
    "infections": (
        "person", "infected_ms", "infector", "place", "onset_ms", "infectious_since_ms", "infectious_until_ms",
        "found_ms", "known_ms", "reported_ms", "isolated_ms",
    ),
    "isolations": ("person", "place", "at_ms"),
    "faults": (),
}  # fmt: skip
_OTHERS: dict[str, dict[str, pa.DataType]] = {
    "people": {"resident_id": pa.string()},
    "places": {"first": pa.string(), "second": pa.string(), "name": pa.string()},
    "told": {
        "source": pa.string(), "record_id": pa.string(), "knows": pa.bool_(), "fault": pa.string(),
        "destroyed": pa.bool_(),
    },
    "isolations": {"ended": pa.bool_()},
    "faults": {
        "source": pa.string(), "record_id": pa.string(), "kind": pa.string(), "destroyed": pa.bool_(),
        "what": pa.string(),
    },
}  # fmt: skip
SCHEMAS = {
    name: pa.schema([*((n, pa.int64()) for n in numbers), *_OTHERS.get(name, {}).items()])
    for name, numbers in _NUMBERS.items()
}
_BY_DAY = ("visits", "told")


class Truth:
    """The truth folder of one drill, being written. Days must come one after another; sheets of a day in any order,
    those of registers before the first. `end` completes it. Errors: FileExistsError where the folder is not empty."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise FileExistsError(f"{folder}: a truth is written into an empty folder; remove it or name another")
        self.folder, self._plan = folder, plan
        self._writers: dict[str, pq.ParquetWriter] = {}

    def begin(self, city: City) -> None:
        """Writes who lives where, and which places there are."""
        count, p = len(city.people), city.places
        home = city.people.home
        street = np.where(home >= 0, p.street[home], -1)
        ids = pa.array(identifiers("resident_id", count), pa.string())
        people = {"person": np.arange(count), "role": city.people.role, "home": home, "street": street}
        self._write("people", {**people, "resident_id": ids})
        numbers = {name: getattr(p, name) for name in _NUMBERS["places"][1:]}
        texts = {name: pa.array(getattr(p, name), pa.string()) for name in ("first", "second", "name")}
        self._write("places", {"place": np.arange(len(p.kind)), **numbers, **texts})

    def widen(self, people: Mapping[str, Any], places: Mapping[str, Any]) -> None:
        """Writes people and places beyond the city's, as far as columns of them are given."""
        for table, columns in (("people", people), ("places", places)):
            count = len(columns[SCHEMAS[table].names[0]])
            texts = dict.fromkeys(_OTHERS[table], pa.repeat("", count))
            self._write(table, {**{name: np.full(count, -1) for name in _NUMBERS[table]}, **texts, **columns})

    def day(self, number: int, visits: Visits) -> None:
        """Writes the true stays of a day; those of the day before are complete then."""
        self._close(*(name for name in self._writers if name.startswith(_BY_DAY)))
        columns = {name: getattr(visits, name) for name in _NUMBERS["visits"] if name != "seat_row"}
        self._write("visits", columns | {"seat_row": visits.row}, number)

    def tell(self, sheet: Sheet, number: int, struck: Sequence[FaultRow] = ()) -> None:
        """Writes what each record of a sheet tells, and what faults did to it. `number`: of the day."""
        rows, gone = standing(sheet)
        fault, destroyed = _struck(sheet, struck)
        last = fault[sheet.number[rows]] if len(fault) else np.zeros(0, object)
        lost = gone | (destroyed[sheet.number[rows]] if len(destroyed) else gone)
        told = {name: getattr(sheet, name)[rows] for name in _TELLING}
        at = rows
        if sheet.also:
            of = np.full(len(sheet), -1)
            of[rows] = np.arange(len(rows))
            extra = np.flatnonzero(of[sheet.also["row"]] >= 0)
            more = of[sheet.also["row"][extra]]
            told = {name: np.concatenate([column, sheet.also[name][extra]]) for name, column in told.items()}
            at, last, lost = (np.concatenate([column, column[more]]) for column in (rows, last, lost))
        self._write("told", {
            "source": pa.repeat(sheet.source, len(at)), "record_id": record_ids(sheet.source, number, sheet.number[at]),
            "person": told["person"], "place": told["place"], "since_ms": told["said_since_ms"],
            "until_ms": told["said_until_ms"], "knows": told["knows"] == 1, "event_ms": sheet.event_ms[at],
            "arrival_ms": sheet.arrival_ms[at], "fault": pa.array(last, pa.string()), "destroyed": lost,
        }, number)  # fmt: skip
        for row in struck:
            count = len(row.numbers)
            self._write("faults", {
                "source": pa.repeat(row.source, count), "record_id": record_ids(row.source, number, row.numbers),
                "kind": pa.repeat(row.kind, count), "destroyed": np.full(count, row.destroyed),
                "what": pa.repeat(row.what, count),
            })  # fmt: skip

    def isolate(self, stays: Stays) -> None:
        """Writes admissions and discharges."""
        columns = {"person": stays.person, "place": stays.place, "at_ms": stays.at_ms}
        self._write("isolations", {**columns, "ended": stays.ended == 1})

    def end(self, infections: Infections, played: dict[str, Any]) -> None:
        """Writes who was infected, and `played.json`; the folder is complete."""
        names = {"infectious_since_ms": "since_ms", "infectious_until_ms": "until_ms"}
        columns = {name: getattr(infections, names.get(name, name)) for name in _NUMBERS["infections"]}
        self._write("infections", columns)
        for name in ("faults", "isolations"):
            self._write(name, {n: np.zeros(0) for n in SCHEMAS[name].names})
        self._close(*self._writers)
        text = json.dumps(played, ensure_ascii=False, indent=1, default=str)
        (self.folder / "played.json").write_text(text + "\n", "utf-8")

    def _write(self, table: str, columns: dict[str, Any], number: int | None = None) -> None:
        """One more group of rows; none is null."""
        schema = SCHEMAS[table]
        arrays = [_column(columns[field.name], field.type) for field in schema]
        name = table if number is None else f"{table}.{self._day(number)}"
        if name not in self._writers:
            self._writers[name] = pq.ParquetWriter(self.folder / f"{name}.parquet", schema, compression="zstd")
        self._writers[name].write_table(pa.Table.from_arrays(arrays, schema=schema))

    def _day(self, number: int) -> str:
        if number == REGISTERS_DAY:
            return "registers"
        return (self._plan.first_day + timedelta(days=number)).isoformat()

    def _close(self, *names: str) -> None:
        for name in names:
            self._writers.pop(name).close()


def standing(sheet: Sheet) -> tuple[Ints, Any]:
    """The row of each record that says what it tells: of its last version that is not a withdrawal, and of several
    copies of that the one that tells; and whether the record is withdrawn after all."""
    order = np.lexsort((sheet.arrival_ms, -sheet.person, -sheet.version, sheet.withdraw, sheet.number))
    rows = order[np.unique(sheet.number[order], return_index=True)[1]]
    latest = np.zeros(int(sheet.number.max()) + 1 if len(sheet) else 0, np.int64)
    withdrawn = sheet.withdraw == 1
    np.maximum.at(latest, sheet.number[withdrawn], sheet.version[withdrawn])
    rows = rows[sheet.withdraw[rows] == 0]
    return rows, latest[sheet.number[rows]] > sheet.version[rows]


def _struck(sheet: Sheet, struck: Sequence[FaultRow]) -> tuple[Any, Any]:
    """By record number: which kind of fault struck it, "" for none (of several, one that destroyed it), and whether it
    was destroyed."""
    count = int(sheet.number.max()) + 1 if len(sheet) else 0
    fault, destroyed = np.full(count, "", object), np.zeros(count, np.bool_)
    for row in struck:
        numbers = row.numbers[row.numbers < count]
        named = numbers[(fault[numbers] == "") | (row.destroyed & ~destroyed[numbers])]
        fault[named] = row.kind
        destroyed[numbers] |= row.destroyed
    return fault, destroyed


def record_ids(source: str, number: int, numbers: Ints) -> pa.Array:
    """As replay.sheets.record_ids, as an Arrow column."""
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), NUMBER_DIGITS, "0")
    return pc.binary_join_element_wise(prefix(source, number), digits, "")


def _column(values: Any, kind: pa.DataType) -> pa.Array:
    if not isinstance(values, np.ndarray):
        return values
    if not pa.types.is_int64(kind):
        return pa.array(values.astype(bool) if pa.types.is_boolean(kind) else values.astype(str), kind)
    numbers = values.astype(np.int64)
    return pa.array(numbers, kind, mask=(numbers == UNKNOWN_MS))


def open_truth(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection with a view of each table:
    `people` (person, resident_id, role, home, street), `places` (place, ground, kind, first, second, name, cell,
    street, community, compound, house), `visits` (person, place, doing, since_ms, until_ms, carriage, seat_row,
    seat), `told` (source, record_id, person, place, since_ms, until_ms, knows, event_ms, arrival_ms, fault,
    destroyed), `infections` (person, infected_ms, infector, place, onset_ms, infectious_since_ms,
    infectious_until_ms, found_ms, known_ms, reported_ms, isolated_ms), `isolations` (person, place, at_ms, ended),
    `faults` (source, record_id, kind, destroyed, what). Instants: UTC epoch milliseconds, null where there is none;
    numbers: -1 for none; `ground`, `kind`, `role`, `doing` are those of replay/city/model.py and schemas/codes.py.
    `found_ms`: when the first positive single swab was taken, `known_ms`: when it was known to be. Errors:
    FileNotFoundError where a table is missing."""
    connection = duckdb.connect()
    for name in SCHEMAS:
        pattern = f"{name}.*.parquet" if name in _BY_DAY else f"{name}.parquet"
        files = sorted(str(path) for path in folder.glob(pattern))
        if not files:
            connection.close()
            raise FileNotFoundError(f"{folder}: no {pattern}; it is no truth folder, or the drill did not end")
        listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        connection.execute(f"CREATE VIEW {name} AS FROM read_parquet([{listed}])")
    return connection
