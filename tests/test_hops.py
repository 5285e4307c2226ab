"""Hops and the two desks: whatever is sent twice, late, cut otherwise or not at all, the lake takes each offset once.

In: samples of every source, a small drill. Out: pass or fail.
Invariant: what goes through hops gives the digest of the embedded run.
Deliberately absent: Kafka (test_service.py), and random failures (test_simulation.py).
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from replay.scenes.drill import write_drill
from schemas.departments import sources
from schemas.facts import FactBatch
from schemas.intake import Intake
from schemas.keys import Key
from schemas.topics import FACT_BYTES_MAX
from sinks.claim import key_check
from sinks.lake import Lake
from sinks.sealed import Sealer
from streams.engine import Engine
from streams.errors import CommandError
from streams.records import Reader, find_parts
from streams.service.chunks import Chunk, Delivery, Message, bundles
from streams.service.hops import Content, decode, encode, hop
from streams.service.intake import IntakeDesk
from streams.service.metrics import Meter
from streams.service.writer import EVENTS_OUT, HoleError, Writer
from tests.engines import KEY, PACKS, run
from tests.sources import samples

SEALER = Sealer(KEY)


def chunk_of(source: str, lines: list[bytes], first: int = 0, partition: int = 0) -> Chunk:
    offsets, part = np.arange(first, first + len(lines), dtype=np.int64), f"src.{source}@{partition}"
    return Chunk(source, part, first, first + len(lines), lines, offsets, first == 0, 1_000, 2_000)


def same(one: FactBatch, other: FactBatch) -> None:
    assert one.records.equals(other.records)
    assert one.places.equals(other.places)
    full = {table: rows for table, rows in other.facts.items() if len(rows["row"])}
    assert one.facts.keys() == full.keys()
    for table, rows in full.items():
        for name, column in rows.items():
            assert np.array_equal(one.facts[table][name], column), (table, name)


SOURCES = sorted(sources())


def content_of(chunks: list[Chunk]) -> Content:
    """What a desk makes of chunks, as it arrives."""
    return decode(IntakeDesk(KEY, Meter("intake", 1)).read(chunks)[-1].value).content()


@pytest.mark.parametrize("source", SOURCES)
def test_a_hop_carries_what_intake_read_unchanged(source: str) -> None:
    chunk = chunk_of(source, [*samples(source), b"{bad", b'{"source_record_id":"x"}'], first=7)
    batch, rejects = Intake(KEY).read(source, chunk.lines, chunk.part, chunk.offsets)
    nought, count = np.zeros(batch.records.num_rows, np.int64), np.zeros(len(rejects), np.int64)
    content = Content(batch, nought, SEALER.rows(rejects, apart=True), count)
    sent = decode(encode(hop([chunk], key_check(KEY), content, {source: {"colour": 2}})))
    same(sent.content().batch, batch)
    assert sent.content().rejects.equals(content.rejects)
    assert (sent.spans[0].first, sent.spans[0].next) == (7, chunk.next)
    assert sent.content().lines(0) == sent.spans[0].lines == len(chunk.lines)
    assert sent.unknown == {source: {"colour": 2}}


def test_a_hop_of_chunks_of_all_sources_says_of_each_what_its_own_hop_would() -> None:
    """Two of each: a part that goes on, and another one; with a line in each that is refused."""
    chunks = [
        piece
        for source in SOURCES
        for lines in [[b"{bad", *samples(source)]]
        for piece in (
            chunk_of(source, lines[:2]), chunk_of(source, lines[2:], first=2), chunk_of(source, lines, partition=1),
        )
    ]  # fmt: skip
    random.Random(1).shuffle(chunks)
    whole = content_of(chunks)
    for at, chunk in enumerate(chunks):
        alone = content_of([chunk])
        begins = np.array([c.first if n == at else c.next for n, c in enumerate(chunks)], np.int64)
        mine = whole.since(begins)
        assert mine.batch.records.equals(alone.batch.records)
        assert rows_of(mine.batch) == rows_of(alone.batch)
        assert mine.rejects.drop_columns("sealed").equals(alone.rejects.drop_columns("sealed"))
        assert whole.lines(at) == mine.lines(at) == len(chunk.lines)
        assert all(place in whole.batch.places.to_pylist() for place in alone.batch.places.to_pylist())


def rows_of(batch: FactBatch) -> dict[str, dict[str, list[int]]]:
    facts = {table: rows for table, rows in batch.facts.items() if len(rows["row"])}
    return {table: {name: column.tolist() for name, column in rows.items()} for table, rows in facts.items()}


@pytest.mark.parametrize("source", SOURCES)
def test_a_hop_that_is_cut_is_the_hop_of_the_later_lines(source: str) -> None:
    lines = [b"{bad", *samples(source), b"{worse"]
    whole = content_of([chunk_of(source, lines)])
    for since in range(len(lines) + 1):
        cut, later = whole.since(np.array([since])), content_of([chunk_of(source, lines[since:], first=since)])
        assert cut.batch.records.equals(later.batch.records)
        assert rows_of(cut.batch) == rows_of(later.batch)
        assert cut.rejects["reject_id"].equals(later.rejects["reject_id"])


def test_a_message_holds_no_more_than_a_broker_takes_however_much_is_refused() -> None:
    """Chunks of a line, then chunks as large as a partition gives at once, in which nothing is a record."""
    few = [chunk_of("transport.tap", [b"{"], at) for at in range(12_000)]
    many = [chunk_of("transport.tap", [b"{" * 200] * 5_000, 5_000 * at, partition=1) for at in range(3)]
    bundled = list(bundles([*few, *many]))
    assert [chunk for bundle in bundled for chunk in bundle] == [*few, *many]
    assert len(bundled) == 5
    desk = IntakeDesk(KEY, Meter("intake", 1))
    assert max(len(desk.read(bundle)[-1].value) for bundle in bundled) < FACT_BYTES_MAX


def test_bytes_that_are_no_hop_are_an_error_that_quotes_nothing() -> None:
    for body in (b"", b"{}", b"\x93\x01\x02\x03", b'["13800138000"]'):
        with pytest.raises(ValueError, match="no hop") as told:
            decode(body)
        assert "138" not in str(told.value)


class Desks:
    """An intake and a writer with nothing between them but a list."""

    def __init__(self, lake: Lake, key: Key = KEY) -> None:
        self.intake = IntakeDesk(key, Meter("intake", 1))
        self.writer = Writer(Engine(lake, PACKS), KEY, Meter("writer", 0))
        self.offset = self.writer.progress().get("brain.facts@0", 0)

    def deliver(self, *bodies: bytes) -> None:
        first, self.offset = self.offset, self.offset + len(bodies)
        self.writer.take([Delivery("brain.facts@0", first, self.offset, list(bodies))])

    def hop(self, *chunks: Chunk) -> bytes:
        return self.intake.read(chunks)[-1].value


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drill") / "records"
    write_drill(folder, people=220)
    return folder


@pytest.fixture(scope="module")
def expected(drill: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return run(drill, tmp_path_factory.mktemp("whole") / "lake").digest


def chunks_of(folder: Path, rng: random.Random) -> list[list[Chunk]]:
    """By source, its chunks in order, cut at random; some start again before where the last one ended."""
    found = []
    for part in find_parts(folder):
        lines = [line for c in Reader([part], {}).chunks() for line in c.lines]
        mine, at = [], 0
        while at < len(lines):
            end = min(at + rng.randint(1, 400), len(lines))
            mine.append(chunk_of(part.source, lines[at:end], at))
            at = max(0, end - rng.choice((0, 0, 0, 5, 60))) if end < len(lines) else end
        found.append(mine)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_hops_in_any_interleaving_with_repetitions_give_the_embedded_digest(
    drill: Path, expected: str, tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    waiting = chunks_of(drill, rng)
    with Lake.open(tmp_path / "lake", KEY, "cn") as lake:
        desks = Desks(lake)
        sent: list[bytes] = []
        while any(waiting):
            count = rng.choice((1, 1, 3, 8))
            chunks = [rng.choice(left).pop(0) for _ in range(count) if (left := [*filter(None, waiting)])]
            again = [rng.choice(sent)] if sent and rng.random() < 0.2 else []
            sent.append(desks.hop(*chunks))
            desks.deliver(*again, *sent[-rng.choice((1, 1, 1, 4)) :], *again)
        read = desks.writer.engine.summary.read.total()
        assert desks.writer.publish().digest == expected
        assert read == sum(len(w) for w in files_lines(drill).values())


def files_lines(folder: Path) -> dict[str, list[bytes]]:
    return {p.name: [line for c in Reader([p], {}).chunks() for line in c.lines] for p in find_parts(folder)}


def test_a_hole_before_a_hop_stops_the_writer_and_nothing_is_committed(tmp_path: Path) -> None:
    lines = samples("transport.tap")
    with Lake.open(tmp_path / "lake", KEY, "cn") as lake:
        desks = Desks(lake)
        desks.deliver(desks.hop(chunk_of("transport.tap", lines[:1])))
        before = lake.progress()
        with pytest.raises(HoleError, match="offsets 1 to 2 were never read"):
            desks.deliver(desks.hop(chunk_of("transport.tap", lines[2:], first=2)))
        assert lake.progress() == before


def test_a_hop_of_another_key_is_refused(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "lake", KEY, "cn") as lake:
        desks = Desks(lake, Key("k00008", b"\x08" * 32))
        with pytest.raises(CommandError, match="another key"):
            desks.deliver(desks.hop(chunk_of("transport.tap", samples("transport.tap"))))


def test_events_are_published_once_and_after_a_kill_again_under_the_same_numbers(drill: Path, tmp_path: Path) -> None:
    with Lake.open(tmp_path / "lake", KEY, "cn") as lake:
        desks = Desks(lake)
        for part in find_parts(drill):
            for c in Reader([part], {}).chunks():
                desks.deliver(desks.hop(chunk_of(part.source, c.lines, int(c.offsets[0]))))
        writer = desks.writer
        first = writer.events()
        assert first
        everything: list[Message] = []
        while messages := writer.events():
            everything += messages
            writer.sent(messages)
        numbers = [int(dict(m.headers)["seq"]) for m in everything]
        assert numbers == list(range(len(numbers)))
        writer.engine.commit()
        assert lake.progress()[EVENTS_OUT] == len(numbers)
    with Lake.open(tmp_path / "lake", KEY, "cn") as lake:
        assert Writer(Engine(lake, PACKS), KEY, Meter("writer", 0)).events() == []


def test_a_dead_letter_holds_the_bytes_sealed_and_says_why() -> None:
    raw = b'{"source_record_id":"t1","phone":"13800138000"'
    *letters, _ = IntakeDesk(KEY, Meter("intake", 1)).read([chunk_of("transport.tap", [raw])])
    assert [letter.topic for letter in letters] == ["dead.transport"]
    said = dict(letters[0].headers)
    assert said["part"] == b"src.transport.tap@0"
    assert said["offset"] == b"0"
    assert said["reason"]
    assert said["hint"]
    assert b"138001" not in letters[0].value + b"".join(said.values()) + letters[0].key
    assert SEALER.unseal("transport.tap", letters[0].value) == raw


def test_a_reject_that_comes_again_in_another_hop_of_a_commit_is_counted(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "lake", KEY, "cn") as lake:
        desks = Desks(lake)
        one = desks.hop(chunk_of("transport.tap", [b"{bad", b"{bad"]))
        desks.deliver(one, desks.hop(chunk_of("transport.tap", [b"{bad"], first=2)), one)
        table: pa.Table = lake.rejects()
        assert table["count"].to_pylist() == [3]
