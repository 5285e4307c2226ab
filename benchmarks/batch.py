"""Batch: what departments did before, as well as it can be done: drops of files, and a DuckDB job over them.

In: files of records, each read once; a DuckDB file with typed tables that stays. Out: the contacts of all current cases
and the ways (转运) of all who must be taken somewhere, as Parquet files that are replaced in one piece.
Invariant: the same rules as the service: where no other table is asked, the very statements of the oracle; nothing is
left out that could change these two answers. Not answered: leads, holds, findings, fleets, and who is told of delays.
Deliberately absent: waiting for the next drop, and judging how long it took (third.py).

How it was tuned is said, with figures of the steps, in batch_sql/README.md.
"""

from __future__ import annotations

import importlib
import os
import re
import time
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from schemas.codes import PersonClass
from schemas.facts import FactBatch
from schemas.intake import Intake
from schemas.keys import Key
from schemas.policy import PackSeries
from schemas.transfers import Purpose, TransferState
from streams.batches import as_tables, merged
from streams.packs import load_series
from streams.records import Part, Reader

CONTACTS, WAYS = "contacts.parquet", "ways.parquet"
KEPT = {
    "reports": "reports_kept", "samples": "samples_kept", "results": "results_kept", "links": "links_kept",
    "admissions": "admissions_kept", "discharges": "discharges_kept", "sites": "sites_kept",
    "decisions": "decisions_kept", "receipts": "receipts_kept", "presences": "presences",
}  # fmt: skip
"""The fact tables that can change the answer, and where their standing rows are kept."""
_LOAD_RECORDS = 500_000
_HERE = Path(__file__).parent / "batch_sql"
_oracle = importlib.import_module("replay.oracle.answer")
_CONTACTS = "SELECT code(source) AS source, code(contact) AS subject, word_class(class) AS class FROM all_contacts"
_WAYS = """
WITH ways AS (
  SELECT person, purpose, state_needed() AS state FROM called WHERE person NOT IN (SELECT person FROM stirred)
  UNION ALL SELECT person, purpose, state FROM came
)
SELECT code(person) AS person, word_purpose(purpose) AS purpose, word_state(state) AS state FROM ways
"""
_WORDS = {"class": PersonClass, "purpose": Purpose, "state": TransferState}


@cache
def oracle_statements() -> dict[str, str]:
    """The oracle's statements by what they make, as ones that may be run again and again."""
    found = {}
    for section in _oracle.SECTIONS:
        text = (resources.files("replay.oracle") / f"{section}.sql").read_text("utf-8")
        for statement in duckdb.extract_statements(text):
            made = re.search(r"CREATE TEMP (?:TABLE|VIEW|MACRO) (\w+)", statement.query)
            assert made is not None, f"{section}.sql makes something that has no name"
            found[made[1]] = statement.query.replace("CREATE TEMP", "CREATE OR REPLACE TEMP", 1)
    return found


@cache
def statements(name: str) -> list[str]:
    """The statements of a file of ours, with those of the oracle that it names where it names them."""
    text = (_HERE / f"{name}.sql").read_text("utf-8")
    whole = re.sub(r"^-- as in the oracle: (.+)$", _of_the_oracle, text, flags=re.MULTILINE)
    return [statement.query for statement in duckdb.extract_statements(whole)]


def _of_the_oracle(named: re.Match[str]) -> str:
    texts = []
    for one in named[1].split(","):
        old, _, new = one.strip().partition(" AS ")
        text = oracle_statements()[old]
        texts.append((text.replace(f" {old}(", f" {new}(", 1) if new else text).rstrip().rstrip(";") + ";")
    return "\n".join(texts)


class Batch:
    """One job over its typed tables. `seconds`: what each of its steps last took."""

    def __init__(self, file: Path, key: Key, pack: str, threads: int = 2) -> None:
        self._new = not file.exists()
        self._con = duckdb.connect(str(file), config={"threads": threads, "memory_limit": "4GB"})
        self._intake, self._packs = Intake(key), load_series(pack)
        self.seconds: dict[str, float] = {}
        self._prepare(self._packs)

    def _prepare(self, packs: PackSeries) -> None:
        """Constants, packs and macros; the tables, if the file has none yet."""
        for name, number in _oracle.constants().items():
            self._con.execute(f"CREATE TEMP MACRO {name}() AS {number}::BIGINT")
        for name, rows in _oracle.pack_tables(packs).items():
            self._con.register("handed", rows)
            self._con.execute(f"CREATE TEMP TABLE {name} AS FROM handed")
            self._con.unregister("handed")
        for name, words in _WORDS.items():
            told = ", ".join(f"{int(word)}: '{word.name}'" for word in words)
            self._con.execute(f"CREATE TEMP MACRO word_{name}(number) AS MAP {{{told}}}[number]")
        self._con.execute("CREATE TEMP MACRO code(token) AS 'P' || lpad(lower(hex(token)), 16, '0')")
        if self._new:
            self._run("tables")
        self._run("macros")

    def _run(self, *names: str) -> None:
        for name in names:
            began = time.perf_counter()
            for statement in statements(name):
                self._con.execute(statement)
            self.seconds[name] = time.perf_counter() - began

    def load(self, parts: Iterable[Part]) -> int:
        """Decodes files and adds what they say to the tables, all of a piece or nothing; how many records."""
        began, count, linked = time.perf_counter(), 0, False
        self._con.begin()
        self._con.execute("CREATE OR REPLACE TEMP TABLE changed (ident BIGINT)")
        for batch in self._decoded(list(parts)):
            linked |= self._add(batch)
            count += batch.records.num_rows
        if linked:
            self._run("identity")
        self._con.commit()
        self.seconds["whole load"] = time.perf_counter() - began
        return count

    def _decoded(self, parts: list[Part]) -> Iterator[FactBatch]:
        """As few and as large batches as memory allows: an insert of few rows costs what one of many does."""
        held, count = list[FactBatch](), 0
        for chunk in Reader(parts, {}).chunks():
            held.append(self._intake.read(chunk.part.source, chunk.lines, chunk.part.name, chunk.offsets)[0])
            count += held[-1].records.num_rows
            if count >= _LOAD_RECORDS:
                yield merged(held)
                held, count = [], 0
        if count:
            yield merged(held)

    def _add(self, batch: FactBatch) -> bool:
        """Whether links have come or gone."""
        records, facts = as_tables(batch)
        said = records.select(["rec", "version", "withdrawn", "digest", "event_ms"])
        self._con.register("raw_records", said.append_column("row", pa.array(range(len(records)), pa.int64())))
        self._run("load")
        gone = self._one("SELECT count(*) FROM won WHERE known")
        linked = False
        if gone:
            gone_links = "SELECT * FROM links_kept SEMI JOIN (FROM won WHERE known) USING (rec)"
            linked |= self._ends(gone_links)
            for kept in ("records", *KEPT.values()):
                self._con.execute(f"DELETE FROM {kept} WHERE rec IN (SELECT rec FROM won WHERE known)")
        self._con.execute("INSERT INTO records SELECT rec, version, withdrawn, digest, event_ms FROM won")
        for table, rows in facts.items():
            if table in KEPT and len(rows):
                self._con.register("raw", rows)
                self._keep(table)
                if table == "links":
                    linked |= self._ends('SELECT r.* FROM raw r JOIN won w ON w."row" = r."row"')
                self._con.unregister("raw")
        return linked

    def _ends(self, links: str) -> bool:
        self._con.execute(f"INSERT INTO changed WITH l AS ({links}) SELECT carried FROM l UNION SELECT owner FROM l")
        return bool(self._one("SELECT count(*) FROM changed"))

    def _keep(self, table: str) -> None:
        if table == "presences":
            source = oracle_statements()["presences"].split(" AS\n", 1)[1]
            source = source.replace("raw_presences", "raw").replace("standing", "(FROM won WHERE NOT withdrawn)")
            source = source.replace("SELECT s.rec", "SELECT s.rec, s.event_ms", 1)
        else:
            source = 'SELECT r.*, w.rec, w.event_ms FROM raw r JOIN won w ON w."row" = r."row" WHERE NOT w.withdrawn'
        names = ", ".join(name for (name,) in self._all(f"SELECT column_name FROM (DESCRIBE {KEPT[table]})"))
        self._con.execute(f"INSERT INTO {KEPT[table]} SELECT {names} FROM ({source.rstrip().rstrip(';')})")

    def answer(self, folder: Path) -> tuple[float, float]:
        """Writes the contacts, then the ways, each in the place of the last ones; the instants at which they can be
        read. Units: s, of time.perf_counter."""
        self._run("cases", "contacts", "secondary")
        self._write(_CONTACTS, folder / CONTACTS)
        listed_s = time.perf_counter()
        self._run("ways")
        self._con.execute("CREATE OR REPLACE TEMP TABLE came (person BIGINT, purpose BIGINT, state BIGINT)")
        if self._one("SELECT count(*) FROM stirred"):
            self._run("fold")
        self._write(_WAYS, folder / WAYS)
        return listed_s, time.perf_counter()

    def _write(self, sql: str, target: Path) -> None:
        unfinished = target.with_suffix(".tmp")
        self._con.execute(f"COPY ({sql}) TO '{unfinished}' (FORMAT parquet)")
        os.replace(unfinished, target)

    def _one(self, sql: str) -> int:
        return int(self._all(sql)[0][0])

    def _all(self, sql: str) -> list[Any]:
        return self._con.execute(sql).fetchall()

    def close(self) -> None:
        self._con.close()
