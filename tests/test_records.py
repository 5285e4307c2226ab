"""The folder of records: every line once, in whatever packing, from where the last run ended.

In: small files made here. Out: pass or fail.
Invariant: what is not read is named, with what to do about it.
Deliberately absent: what stands in a line.
"""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from schemas.decode import LINE_BYTES_MAX
from schemas.departments import sources
from streams.errors import CommandError
from streams.records import Chunk, Reader, find_parts

LINES = [orjson.dumps({"source_record_id": f"T-{n}", "n": n}) for n in range(1_000)]
TEXT = b"".join(line + b"\n" for line in LINES)
NAME = "src.transport.tap.ndjson"


def read(folder: Path, progress: dict[str, int] | None = None, size: int = 300) -> tuple[list[Chunk], list[str]]:
    reader = Reader(find_parts(folder), progress or {})
    return list(reader.chunks(size)), reader.troubles


def lines_of(chunks: list[Chunk]) -> list[tuple[str, int, bytes]]:
    return [(c.part.name, int(at), line) for c in chunks for at, line in zip(c.offsets, c.lines, strict=True)]


def packed(name: str, text: bytes) -> bytes:
    if name.endswith(".gz"):
        return gzip.compress(text[: len(text) // 2]) + gzip.compress(text[len(text) // 2 :]) + bytes(512)
    if name.endswith(".zst"):
        return zstandard.compress(text[: len(text) // 2]) + zstandard.compress(text[len(text) // 2 :])
    return text


@pytest.mark.parametrize("ending", ["ndjson", "ndjson.gz", "ndjson.zst"])
@pytest.mark.parametrize("start", [0, 1, 299, 300, 999, 1_000])
def test_every_unread_line_comes_once_with_its_offset(tmp_path: Path, ending: str, start: int) -> None:
    name = f"src.transport.tap.{ending}"
    (tmp_path / name).write_bytes(packed(name, TEXT))
    chunks, troubles = read(tmp_path, {name: start})
    assert lines_of(chunks) == [(name, n, LINES[n]) for n in range(start, 1_000)]
    assert troubles == []
    assert all(len(c.lines) <= 300 for c in chunks)
    assert not chunks or chunks[-1].next_offset == 1_000


def test_files_of_one_source_may_have_many_names(tmp_path: Path) -> None:
    for name in (
        "src.transport.tap.2.ndjson",
        "src.transport.tap-2022-03-08.ndjson.gz",
        NAME,
        "src.police.hotel_stay.ndjson",
    ):
        (tmp_path / name).write_bytes(packed(name, TEXT))
    found = {(part.source, part.name) for part in find_parts(tmp_path)}
    assert {source for source, _ in found} == {"transport.tap", "police.hotel_stay"}
    assert len(found) == 4
    assert len(lines_of(read(tmp_path)[0])) == 4_000


def test_side_tables_reports_and_unfinished_files_are_left_alone(tmp_path: Path) -> None:
    for name in (
        NAME,
        "import-report.json",
        "truth.csv",
        ".hidden.ndjson",
        "src.transport.tap.3.ndjson.tmp",
        "README.md",
    ):
        (tmp_path / name).write_bytes(TEXT)
    assert [part.name for part in find_parts(tmp_path)] == [NAME]


@pytest.mark.parametrize("name", ["src.transport.bike.ndjson", "tap.ndjson", "src.transport.tap.csv", "tap.parquet"])
def test_a_file_of_no_source_is_an_error_that_lists_the_sources(tmp_path: Path, name: str) -> None:
    (tmp_path / NAME).write_bytes(TEXT)
    (tmp_path / name).write_bytes(TEXT)
    with pytest.raises(CommandError) as caught:
        find_parts(tmp_path)
    assert name in str(caught.value)
    assert all(source in str(caught.value) for source in sources())


def test_a_folder_that_is_not_there_or_empty_is_an_error(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(CommandError, match=r"src\."):
            find_parts(folder)


def test_a_last_line_without_newline_is_a_line(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(TEXT.rstrip(b"\n"))
    chunks, _ = read(tmp_path)
    assert len(lines_of(chunks)) == 1_000
    assert chunks[-1].next_offset == 1_000
    assert read(tmp_path, {NAME: 1_000}) == ([], [])


def test_a_last_line_that_is_still_being_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(LINES[0] + b"\n" + LINES[1][:-5])
    chunks, _ = read(tmp_path)
    assert [line for _, _, line in lines_of(chunks)] == [LINES[0], LINES[1][:-5]]
    assert chunks[-1].next_offset == 1
    path.write_bytes(LINES[0] + b"\n" + LINES[1] + b"\n")
    assert lines_of(read(tmp_path, {NAME: 1})[0]) == [(NAME, 1, LINES[1])]


def test_empty_lines_keep_their_offsets_and_are_no_records(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"\n" + LINES[0] + b"\r\n  \r\n" + LINES[1] + b"\n\n")
    chunks, _ = read(tmp_path)
    assert [(at, line.strip()) for _, at, line in lines_of(chunks)] == [(1, LINES[0]), (3, LINES[1])]
    assert chunks[-1].next_offset == 5


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"\xef\xbb\xbf" + TEXT)
    assert lines_of(read(tmp_path)[0])[0] == (NAME, 0, LINES[0])


def test_a_line_without_end_is_held_in_bounded_memory(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(LINES[0] + b"\n" + b"x" * (20 << 20) + b"\n" + LINES[1] + b"\n")
    found = lines_of(read(tmp_path)[0])
    assert [at for _, at, _ in found] == [0, 1, 2]
    assert LINE_BYTES_MAX < len(found[1][2]) < 3 << 20
    assert found[2][2] == LINES[1]


def test_a_file_that_has_shrunk_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(TEXT)
    (tmp_path / "src.police.hotel_stay.ndjson").write_bytes(TEXT)
    chunks, troubles = read(tmp_path, {NAME: 1_200})
    assert {c.part.name for c in chunks} == {"src.police.hotel_stay.ndjson"}
    (trouble,) = troubles
    assert NAME in trouble
    assert "1,200" in trouble
    assert "src.transport.tap.2.ndjson" in trouble


@pytest.mark.parametrize("ending", ["gz", "zst"])
def test_of_a_torn_file_the_whole_lines_are_read_and_the_file_is_named(tmp_path: Path, ending: str) -> None:
    name = f"src.transport.tap.ndjson.{ending}"
    text = b"".join(orjson.dumps({"source_record_id": f"{n * n:x}"}) + b"\n" for n in range(60_000))
    whole = packed(name, text)
    (tmp_path / name).write_bytes(whole[: len(whole) * 2 // 3])
    chunks, troubles = read(tmp_path)
    found = lines_of(chunks)
    assert [line for _, _, line in found] == text.splitlines()[: len(found)]
    assert 10_000 < len(found) < 60_000
    assert [name in trouble for trouble in troubles] == [True]
    (tmp_path / name).write_bytes(whole)
    rest = read(tmp_path, {name: chunks[-1].next_offset})
    assert len(found) + len(lines_of(rest[0])) == 60_000
    assert rest[1] == []


def test_damage_in_the_middle_is_told_too(tmp_path: Path) -> None:
    for name in ("src.transport.tap.ndjson.gz", "src.transport.tap.ndjson.zst"):
        whole = bytearray(packed(name, TEXT * 20))
        whole[len(whole) // 2 : len(whole) // 2 + 40] = b"\xff" * 40
        (tmp_path / name).write_bytes(whole)
    (tmp_path / "src.transport.tap.parquet").write_bytes(b"PAR1 and no more")
    _, troubles = read(tmp_path)
    assert len(troubles) == 3


def test_parquet_rows_become_lines_without_their_nulls(tmp_path: Path) -> None:
    name = "src.transport.tap.parquet"
    at = datetime(2022, 3, 8, 6, 5, tzinfo=UTC)
    rows = [
        {"source_record_id": f"T-{n}", "event_time": at, "version": 1, "vehicle": "602B" if n % 2 else None}
        for n in range(700)
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / name, row_group_size=200)
    chunks, _ = read(tmp_path, {name: 250})
    found = lines_of(chunks)
    assert [n for _, n, _ in found] == list(range(250, 700))
    assert chunks[-1].next_offset == 700
    first = orjson.loads(found[0][2])
    assert first == {"source_record_id": "T-250", "event_time": "2022-03-08T06:05:00+00:00", "version": 1}
    assert "vehicle" in orjson.loads(found[1][2])


def test_the_bytes_read_add_up_to_the_size_of_the_files(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(TEXT)
    (tmp_path / f"{NAME}.gz").write_bytes(gzip.compress(TEXT))
    reader = Reader(find_parts(tmp_path), {})
    last = {c.part.name: c.position for c in reader.chunks()}
    assert sum(last.values()) == reader.total_bytes
