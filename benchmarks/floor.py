"""Floor: records of topics through aiokafka, decoded, into DuckDB with their offsets, and no thinking at all.

In: a broker, topics that hold all they will, a folder. Out: the rows, one table a source, and seconds by step.
Invariant: rows and refused lines are the records of the topics, each once; a transaction holds its rows and offsets.
Deliberately absent: keys, checks of values, conclusions, groups, Parquet; what a line says is believed.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pyarrow.json as pj
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.decode import fields_of
from schemas.departments import sources

COMMIT_ROWS = 20_000
"""Rows of a source that are a transaction. Source: 1.25 M rows/s into DuckDB at this size, and hardly more above it."""
HELD_ROWS = 10 * COMMIT_ROWS
"""Rows that are held at the most; then all sources go into one transaction. There are many with few records each."""
_FETCHED_BYTES = 8 << 20
_SILENCE_S = 60.0
_TYPES = {
    "int": pa.int64(), "float": pa.float64(), "angle": pa.float64(), "bool": pa.bool_(), "list": pa.list_(pa.string()),
}  # fmt: skip
Offsets = dict[tuple[str, int], int]


@dataclass
class Lot:
    """Lines of one source that were fetched and not written, and the next offset of each of its partitions."""

    lines: list[bytes] = field(default_factory=list)
    next: Offsets = field(default_factory=dict)


def read_lines(schema: pa.Schema, lines: list[bytes]) -> tuple[list[pa.Table], list[bytes]]:
    """The lines as columns, and those that are no JSON of this shape. Arrow's reader stops at the first such line: then
    those that are no JSON are sorted out, and what still cannot be read is halved."""
    try:
        return [_columns(schema, lines)], []
    except pa.ArrowInvalid:
        kept = [line for line in lines if _is_json(line)]
    refused = [line for line in lines if not _is_json(line)]
    if not kept:
        return [], refused
    if len(kept) < len(lines):
        tables, more = read_lines(schema, kept)
        return tables, refused + more
    if len(lines) == 1:
        return [], lines
    middle = len(lines) // 2
    (one, less), (other, more) = read_lines(schema, lines[:middle]), read_lines(schema, lines[middle:])
    return one + other, less + more


def _columns(schema: pa.Schema, lines: list[bytes]) -> pa.Table:
    whole = b"\n".join(lines)
    options = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    # One block: threads of Arrow's gain nothing beside aiokafka's (measured), and a block would have to hold a line.
    blocks = pj.ReadOptions(use_threads=False, block_size=max(len(whole) + 1, 1024))
    table = pj.read_json(pa.BufferReader(whole), blocks, options)
    if table.num_rows != len(lines) or not (whole.isascii() or _is_text(whole)):
        raise pa.ArrowInvalid("not one object a line")
    return table


def _is_text(line: bytes) -> bool:
    """Arrow's reader takes some bytes that are no UTF-8, DuckDB does not."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


class Rows:
    """The DuckDB file. Units: `seconds` by step of the work."""

    def __init__(self, path: Path) -> None:
        self._schemas = {
            name: pa.schema([pa.field(f.name, _TYPES.get(f.holds, pa.string())) for f in fields_of(model)])
            for name, model in sources().items()
        }
        self._db = duckdb.connect(str(path))
        self._db.execute("SET enable_progress_bar = false")
        for name, schema in self._schemas.items():
            self._db.register("shape", schema.empty_table())
            self._db.execute(f'CREATE TABLE "{name}" AS SELECT * FROM shape')
        self._db.execute("CREATE TABLE refused (source VARCHAR, line BLOB)")
        key = "PRIMARY KEY (topic, partition)"
        self._db.execute(f"CREATE TABLE offsets (topic VARCHAR, partition BIGINT, next BIGINT, {key})")
        self.seconds = {"decode": 0.0, "insert": 0.0}

    @contextmanager
    def _timed(self, step: str) -> Any:
        start = time.perf_counter()
        yield
        self.seconds[step] += time.perf_counter() - start

    def take(self, lots: Mapping[str, Lot]) -> None:
        """Decodes the lots, by source, and commits them with their offsets."""
        with self._timed("decode"):
            read = {source: read_lines(self._schemas[source], lot.lines) for source, lot in lots.items()}
            bad = [(source, line) for source, (_, refused) in read.items() for line in refused]
        with self._timed("insert"):
            self._db.execute("BEGIN")
            for source, (tables, _) in read.items():
                if tables:
                    self._insert(f'INSERT INTO "{source}"', pa.concat_tables(tables))
            if bad:
                names, lines = zip(*bad, strict=True)
                self._insert("INSERT INTO refused", pa.table({"source": names, "line": pa.array(lines, pa.binary())}))
            reached = [(*where, offset) for lot in lots.values() for where, offset in lot.next.items()]
            columns = zip(("topic", "partition", "next"), zip(*reached, strict=True), strict=True)
            self._insert("INSERT OR REPLACE INTO offsets", pa.table(dict(columns)))
            self._db.execute("COMMIT")

    def _insert(self, into: str, rows: pa.Table) -> None:
        self._db.register("incoming", rows)
        self._db.execute(f"{into} SELECT * FROM incoming")
        self._db.unregister("incoming")

    def counts(self) -> tuple[int, int]:
        """Rows, and lines that were refused."""
        every = " UNION ALL ".join(f'SELECT count(*) AS n FROM "{name}"' for name in self._schemas)
        (rows,) = self._db.execute(f"SELECT sum(n) FROM ({every})").fetchall()[0]
        (refused,) = self._db.execute("SELECT count(*) FROM refused").fetchall()[0]
        return int(rows), int(refused)

    def close(self) -> None:
        self._db.close()


def floor(
    pipe: Connection, options: Mapping[str, Any], topics: Mapping[str, str], starts: Offsets, records: int, path: Path
) -> None:
    """To be run in a process of its own: says its number once it is connected, waits for a word, reads so many records
    of these topics (topic → source) from these offsets on, says what it took, and waits for another word."""
    asyncio.run(_floor(pipe, options, topics, starts, records, path))


async def _floor(
    pipe: Connection, options: Mapping[str, Any], topics: Mapping[str, str], starts: Offsets, records: int, path: Path
) -> None:
    rows = Rows(path)
    consumer = AIOKafkaConsumer(
        **options, enable_auto_commit=False, isolation_level="read_committed", max_partition_fetch_bytes=_FETCHED_BYTES,
        fetch_max_wait_ms=20,
    )  # fmt: skip
    await consumer.start()
    await consumer._client.set_topics(set(topics))  # else it learns of them one by one, 0.1 s each
    pipe.send(os.getpid())
    pipe.recv()
    began = time.perf_counter()
    consumer.assign([TopicPartition(*where) for where in starts])
    for where, offset in starts.items():
        consumer.seek(TopicPartition(*where), offset)
    with ThreadPoolExecutor(1) as pool:
        await _read(consumer, topics, records, rows, pool)
    wall_s = time.perf_counter() - began
    count, refused = rows.counts()
    pipe.send({"wall_s": wall_s, "rows": count, "refused": refused, "seconds": rows.seconds})
    pipe.recv()
    await consumer.stop()
    rows.close()


async def _read(
    consumer: AIOKafkaConsumer, topics: Mapping[str, str], records: int, rows: Rows, pool: ThreadPoolExecutor
) -> None:
    """What is due is written while more is fetched."""
    loop, left, heard = asyncio.get_running_loop(), records, time.monotonic()
    lots: dict[str, Lot] = {}
    writing: asyncio.Future[None] | None = None
    while left:
        for where, messages in (await consumer.getmany(timeout_ms=1000, max_records=COMMIT_ROWS)).items():
            lot = lots.setdefault(topics[where.topic], Lot())
            lot.lines.extend(message.value or b"" for message in messages)
            lot.next[where.topic, where.partition] = messages[-1].offset + 1
            left -= len(messages)
            heard = time.monotonic()
        if time.monotonic() - heard > _SILENCE_S:
            raise TimeoutError(f"{left:,} records have not come")
        every = not left or sum(len(lot.lines) for lot in lots.values()) >= HELD_ROWS
        due = [name for name, lot in lots.items() if every or len(lot.lines) >= COMMIT_ROWS]
        if due:
            if writing is not None:
                await writing
            writing = loop.run_in_executor(pool, rows.take, {name: lots.pop(name) for name in due})
    if writing is not None:
        await writing
