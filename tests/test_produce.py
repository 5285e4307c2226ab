"""Producing: every line of a folder arrives once, as it is, with the versions of a record in their order.

In: a broker, small folders of records. Out: pass or fail.
Invariant: what the summary counts is in the topics, and nothing else is.
Deliberately absent: what the lines mean, and how fast they go (the module says what was measured).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from replay.scenes.drill import write_drill
from schemas.decode import LINE_BYTES_MAX
from schemas.departments import sources
from schemas.instants import read_instant
from schemas.topics import source_topic
from streams.cli import main
from streams.errors import CommandError
from streams.records import Reader, find_parts
from streams.service.arrivals import Arrival, disturbed, event_ms, in_order, timed
from streams.service.broker import LocalBroker
from streams.service.cluster import BrokerError, connected, quiet_clients
from streams.service.produce import Published, publish_at_once, publish_paced, publish_transactions
from streams.service.security import client_options
from streams.service.settings import Settings, load_settings
from streams.service.topics import ensure_topics
from tests.brokers import fresh_prefix

TAP, PASS = "transport.tap", "police.checkpoint_pass"
DAY_MS = 24 * 3_600_000
Row = tuple[str, bytes]


_began: dict[str, dict[str, int]] = {}
"""By prefix: where the parts of its sources ended before the test."""


@pytest.fixture(scope="module")
def shared(broker: LocalBroker) -> Settings:
    """Topics for all tests of this file: a broker takes two seconds to make them."""
    settings = load_settings(**broker.access, prefix=fresh_prefix(), partitions=3)
    asyncio.run(ensure_topics(settings))
    return settings


@pytest.fixture
async def settings(shared: Settings) -> Settings:
    """Of what is in the topics, `topic_records` shows what this test has sent."""
    _began[shared.prefix] = await until_closed(shared)
    return shared


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("produce") / "records"
    write_drill(folder, people=200)
    return folder


def line(number: int, at: str | None = "2022-03-08T08:00:00", **more: Any) -> bytes:
    return orjson.dumps({"source_record_id": f"T-{number}", "event_time": at, **more})


def write(folder: Path, **files: Iterable[bytes]) -> Path:
    """A folder of records: `transport_tap` becomes src.transport.tap.ndjson."""
    folder.mkdir(exist_ok=True)
    for name, lines in files.items():
        path = folder / f"src.{name.replace('_', '.', 1)}.ndjson"
        path.write_bytes(b"".join(each + b"\n" for each in lines))
    return folder


def arrivals(folder: Path) -> list[Arrival]:
    return list(in_order(timed(Reader(find_parts(folder), {}).chunks())))


def rows(folder: Path) -> Counter[Row]:
    return Counter((a.source, a.line) for a in arrivals(folder))


async def at_once(settings: Settings, folder: Path) -> Published:
    return await publish_at_once(settings, Reader(find_parts(folder), {}).chunks(), lambda _: None, asyncio.Event())


async def paced(settings: Settings, ordered: Iterable[Arrival], pace: float) -> Published:
    return await publish_paced(settings, ordered, pace, lambda _: None, asyncio.Event())


async def topic_records(settings: Settings) -> list[tuple[str, ConsumerRecord]]:
    """Everything that may be read in all sources' topics: (source, record), partition by partition in their order."""
    ends, began = await until_closed(settings), _began.get(settings.prefix, {})
    places = {part: TopicPartition(settings.prefix + part.rpartition("@")[0], int(part[-1])) for part in ends}
    waiting = {places[part]: end for part, end in ends.items() if end > began.get(part, 0)}
    consumer = AIOKafkaConsumer(**client_options(settings), isolation_level="read_committed", fetch_max_wait_ms=20)
    await consumer.start()
    consumer.assign(list(waiting))
    for part, where in places.items():
        if where in waiting:
            consumer.seek(where, began.get(part, 0))
    found: list[tuple[str, ConsumerRecord]] = []
    start = len(settings.prefix) + len(source_topic(""))
    while waiting:
        for where, records in (await consumer.getmany(timeout_ms=100)).items():
            found += [(where.topic[start:], record) for record in records]
        for where in list(waiting):
            if await consumer.position(where) >= waiting[where]:
                del waiting[where]
    await consumer.stop()
    return sorted(found, key=lambda row: (row[0], row[1].partition, row[1].offset))


async def until_closed(settings: Settings) -> dict[str, int]:
    """The ends of all sources' parts, once no transaction is open: a broker writes the last word on one a moment after
    it was given."""
    async with connected(settings) as cluster:
        there = await cluster.partitions(map(source_topic, sources()))
        parts = [f"{topic}@{n}" for topic, count in there.items() for n in range(count)]
        while (ends := await cluster.ends(parts)) != await cluster.written(parts):
            await asyncio.sleep(0.02)
    return ends


async def test_every_line_arrives_once_as_it_is(settings: Settings, drill: Path) -> None:
    published = await at_once(settings, drill)
    found = Counter((source, record.value) for source, record in await topic_records(settings))
    assert found == rows(drill)
    assert published.records == Counter(source for source, _ in found.elements())
    assert published.bytes == sum(len(text) for _, text in found.elements())


@pytest.mark.parametrize("paced_too", [False, True])
async def test_all_versions_of_a_record_are_in_one_partition_in_their_order(
    settings: Settings, tmp_path: Path, paced_too: bool
) -> None:
    folder = write(tmp_path / "r", transport_tap=[line(n % 50, version=n // 50) for n in range(1_000)])
    if paced_too:
        await paced(settings, arrivals(folder), 1_000)
    else:
        await at_once(settings, folder)
    found: dict[str, list[tuple[int, int]]] = {}
    for _, record in await topic_records(settings):
        body = orjson.loads(record.value)
        found.setdefault(body["source_record_id"], []).append((record.partition, body["version"]))
    assert len(found) == 50
    assert all([version for _, version in told] == list(range(20)) for told in found.values())
    assert all(len({partition for partition, _ in told}) == 1 for told in found.values())
    assert {partition for told in found.values() for partition, _ in told} == {0, 1, 2}


async def test_lines_that_are_no_records_are_published_and_blank_ones_are_not(
    settings: Settings, tmp_path: Path
) -> None:
    odd = [b"\xff\xfe", b"not json", b'{"cut":', line(1)]
    folder = write(tmp_path / "r", transport_tap=[odd[0], b"", odd[1], b"   ", *odd[2:]])
    assert (await at_once(settings, folder)).records == Counter({TAP: 4})
    assert {record.value for _, record in await topic_records(settings)} == set(odd)


async def test_a_line_without_end_is_cut_where_it_is_too_long_to_be_a_record(
    settings: Settings, tmp_path: Path
) -> None:
    folder = write(tmp_path / "r", transport_tap=[b"x" * (3 << 20), line(1)])
    await at_once(settings, folder)
    found = {record.value for _, record in await topic_records(settings)}
    assert found == {b"x" * (LINE_BYTES_MAX + 1), line(1)}


async def test_at_a_pace_records_of_all_departments_come_as_they_happened(settings: Settings, drill: Path) -> None:
    published = await paced(settings, arrivals(drill), 1_000_000)
    found = await topic_records(settings)
    assert Counter((source, record.value) for source, record in found) == rows(drill)
    assert published.records.total() == len(found)
    # Within a partition the broker keeps the order of sending; lines without a time are not looked at.
    for source in (TAP, PASS):
        for partition in range(3):
            mine = [r for s, r in found if (s, r.partition) == (source, partition)]
            times = [ms for record in mine if (ms := event_ms(record.value)) is not None]
            assert len(times) > 100
            assert times == sorted(times)


async def test_a_pace_is_kept_by_the_brokers_clock(settings: Settings, tmp_path: Path) -> None:
    times = ["2022-03-08T08:00:00", "2022-03-08T08:01:00", "2022-03-08T08:03:00"]
    folder = write(
        tmp_path / "r", transport_tap=[line(1, times[2]), line(2, times[0])], police_checkpoint_pass=[line(3, times[1])]
    )
    before_ms = time.time() * 1000
    published = await paced(settings, arrivals(folder), 120)
    found = await topic_records(settings)
    came = {orjson.loads(record.value)["source_record_id"]: record.timestamp - before_ms for _, record in found}
    assert came["T-2"] < 500 <= came["T-3"] - came["T-2"] < 1_000
    assert 1_500 <= came["T-1"] - came["T-2"] < 2_500
    assert 1.5 <= published.seconds < 4


async def test_days_in_which_nothing_happened_are_passed_over(settings: Settings, tmp_path: Path) -> None:
    lines = [line(1, "1950-01-01T00:00:00"), line(2), line(3, "2099-12-31T00:00:00")]
    folder = write(tmp_path / "r", transport_tap=lines)
    assert (await paced(settings, arrivals(folder), 1)).seconds < 5


async def test_a_line_without_a_time_goes_with_the_line_before_it(tmp_path: Path) -> None:
    early, late = "2022-03-08T08:00:00", "2022-03-09T08:00:00"
    taps = [line(1, None), line(2, late), b"not json", line(3, "yesterday"), line(4, early)]
    folder = write(tmp_path / "r", transport_tap=taps, police_checkpoint_pass=[line(5, "2022-03-08T20:00:00")])
    found = [a.line for a in arrivals(folder)]
    assert found == [line(4, early), line(5, "2022-03-08T20:00:00"), line(1, None), line(2, late), *taps[2:4]]


@pytest.mark.parametrize("text", ["2022-03-08T14:05:00+08:00", "2022-03-08 06:05:00Z", "2022-03-08"])
def test_the_time_of_a_line_is_the_one_that_the_intake_reads(text: str) -> None:
    assert event_ms(line(1, text)) == read_instant(text)
    assert event_ms(b'{"event_time" : 1646719500, "x": 1}') == read_instant(1646719500)
    assert event_ms(b'{"event_time": true}') is None


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 20))
def test_sorting_in_runs_is_sorting(times: list[int], run: int) -> None:
    rows = [Arrival(ms, n, TAP, b"%d" % n) for n, ms in enumerate(times)]
    assert list(in_order(rows, run)) == sorted(rows)


def test_a_disturbed_order_has_the_same_lines_and_the_same_seed_gives_it_again(drill: Path) -> None:
    rows = arrivals(drill)
    lines = Counter(row.line for row in rows)
    for options in ({"shuffle": True}, {"reverse": True}, {"late": (0.3, DAY_MS)}, {"shuffle": True, "duplicate": 0.2}):
        found = disturbed(rows, 7, **options)  # type: ignore[arg-type]
        assert found == disturbed(rows, 7, **options)  # type: ignore[arg-type]
        assert [row.at_ms for row in found] == sorted(row.at_ms for row in found)
        assert [row.line for row in found] != [row.line for row in rows]
        again = Counter(row.line for row in found) - lines
        assert not lines - Counter(row.line for row in found)
        assert 0.1 < again.total() / len(rows) < 0.3 if "duplicate" in options else not again
    assert [row.line for row in disturbed(rows, 7, reverse=True)] == [row.line for row in reversed(rows)]


async def test_what_a_transaction_takes_back_is_never_read(settings: Settings, drill: Path) -> None:
    ordered = arrivals(drill)[:1_000]
    published = await publish_transactions(settings, ordered, 100, aborted=lambda number: number % 3 == 1)
    kept = Counter((a.source, a.line) for n, a in enumerate(ordered) if n // 100 % 3 != 1)
    found = await topic_records(settings)
    assert Counter((source, record.value) for source, record in found) == kept
    assert published.records == Counter(source for source, _ in kept.elements())
    taps = [record.offset for source, record in found if source == TAP and record.partition == 0]
    assert len(taps) < taps[-1] - taps[0], "control records and what was taken back leave holes between offsets"


async def test_without_its_topics_nothing_is_published(broker: LocalBroker, drill: Path) -> None:
    with pytest.raises(CommandError, match="brain topics"):
        await at_once(load_settings(**broker.access, prefix=fresh_prefix()), drill)


def one_a_second(folder: Path, count: int) -> Path:
    times = (f"2022-03-08T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}" for n in range(count))
    return write(folder, transport_tap=[line(n, at) for n, at in enumerate(times)])


async def taps_in(settings: Settings) -> int:
    async with connected(settings) as cluster:
        return sum((await cluster.ends(f"src.{TAP}@{n}" for n in range(3))).values())


async def publish_until(settings: Settings, ordered: list[Arrival], count: int) -> asyncio.Task[Published]:
    """Publishing at a pace of 1,000, once so many lines have arrived."""
    task = asyncio.ensure_future(paced(settings, ordered, 1_000))
    while await taps_in(settings) < count:
        assert not task.done()
        await asyncio.sleep(0.02)
    return task


@pytest.mark.slow
async def test_a_broker_that_is_killed_and_comes_back_gets_every_line_once(
    private_broker: LocalBroker, tmp_path: Path
) -> None:
    settings = load_settings(**private_broker.access, partitions=3)
    await ensure_topics(settings)
    folder = one_a_second(tmp_path / "r", 5_000)
    task = await publish_until(settings, arrivals(folder), 500)
    await asyncio.to_thread(private_broker.kill)
    await asyncio.sleep(1)
    await asyncio.to_thread(private_broker.start)
    assert (await task).records == Counter({TAP: 5_000})
    assert Counter((source, record.value) for source, record in await topic_records(settings)) == rows(folder)


@pytest.mark.slow
async def test_a_broker_that_does_not_come_back_is_told_with_how_far_it_got(
    private_broker: LocalBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.service.produce._ACKNOWLEDGED_S", 3)
    settings = load_settings(**private_broker.access, partitions=3)
    await ensure_topics(settings)
    task = await publish_until(settings, arrivals(one_a_second(tmp_path / "r", 50_000)), 500)
    await asyncio.to_thread(private_broker.kill)
    with quiet_clients(), pytest.raises(BrokerError, match=r"failed after [\d,]+ acknowledged") as caught:
        await asyncio.wait_for(task, 60)
    done = int(str(caught.value).split(" acknowledged")[0].rsplit(" ", 1)[1].replace(",", ""))
    await asyncio.to_thread(private_broker.start)
    found = Counter(record.value for _, record in await topic_records(settings))
    assert 500 <= done <= found.total()
    assert set(found.values()) == {1}


@pytest.mark.slow
async def test_who_a_broker_knows_may_publish_and_who_it_does_not_is_told_what_to_look_at(
    sasl_broker: LocalBroker, drill: Path
) -> None:
    settings = load_settings(**sasl_broker.access, partitions=3)
    await ensure_topics(settings)
    published = await at_once(settings, drill)
    assert len(await topic_records(settings)) == published.records.total()
    wrong = load_settings(**{**sasl_broker.access, "sasl_password": "another"})
    with quiet_clients(), pytest.raises(BrokerError, match="BRAIN_SASL_USERNAME"):
        await at_once(wrong, drill)


def environment(settings: Settings) -> dict[str, str]:
    told = {"BRAIN_PREFIX": settings.prefix, "BRAIN_BOOTSTRAP": settings.bootstrap, "BRAIN_PARTITIONS": "3"}
    return {**os.environ, **told, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}


def produce(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streams.cli", "produce", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment(settings), check=False)


def test_the_command_tells_what_it_published(settings: Settings, drill: Path) -> None:
    found = produce(settings, str(drill), "--json")
    assert (found.returncode, found.stderr) == (0, "")
    told = json.loads(found.stdout)
    assert told["published"] == sum(told["records"].values()) == rows(drill).total()
    found = produce(settings, str(drill), "--limit", "7", "--pace", "1000000x")
    assert found.returncode == 0
    assert "合计 total" in found.stdout
    found = produce(settings, str(drill), "--limit", "7", "--json")
    assert json.loads(found.stdout)["published"] == 7


async def test_interrupted_it_tells_how_far_it_got_and_that_much_has_arrived(settings: Settings, drill: Path) -> None:
    before = await taps_in(settings)
    command = [sys.executable, "-m", "streams.cli", "produce", str(drill), "--pace", "20000x", "--json"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(settings))
    while await taps_in(settings) < before + 50:
        assert running.poll() is None
        await asyncio.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, _ = await asyncio.to_thread(running.communicate, None, 20)
    told = json.loads(out)
    assert running.returncode == 130
    assert told["interrupted"]
    assert 50 <= told["published"] < rows(drill).total()
    assert len(await topic_records(settings)) == told["published"]


@pytest.mark.parametrize("pace", ["60", "0x", "fast", "-1x", "x"])
def test_a_pace_that_is_none_is_told_in_one_line(drill: Path, pace: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["produce", str(drill), "--pace", pace]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "60x" in err
    assert len(err.splitlines()) == 1


def test_a_torn_file_is_a_finding_and_the_others_are_published(settings: Settings, tmp_path: Path) -> None:
    folder = write(tmp_path / "r", transport_tap=[line(1), line(2)])
    (folder / "src.health.nat_result.ndjson.gz").write_bytes(b"\x1f\x8b\x08")
    found = produce(settings, str(folder), "--json")
    assert found.returncode == 1
    assert json.loads(found.stdout)["records"] == {TAP: 2}
    assert "src.health.nat_result.ndjson.gz" in found.stderr
