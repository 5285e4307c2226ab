"""Records: a folder of files that departments dropped, read on from where the last run ended.

In: `src.<department>.<record>.ndjson`, plain, .gz or .zst, or .parquet; any number of files for a source. Out: chunks
of lines with their offsets.
Invariant: a file only ever grows; a line's part (the file's name) and offset never change; memory is bounded.
Deliberately absent: what stands in a line (schemas/intake.py), and any memory of what was read (the lake has it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.decode import LINE_BYTES_MAX
from schemas.departments import sources
from schemas.keys import Ints
from streams.blocks import TornFileError, blocks
from streams.errors import CommandError

CHUNK_LINES = 5_000
_NAME = re.compile(r"src\.([a-z_]+\.[a-z_]+)(?:[.-].+)?\.(?:ndjson(?:\.gz|\.zst)?|parquet)")
_RECORDS_LIKE = re.compile(r".+\.(ndjson|jsonl|parquet|gz|zst)")
_BLANK_BYTES = 8
"""A line of spaces that is longer than this is rejected as no JSON."""


@dataclass(frozen=True)
class Part:
    """One file of a source."""

    source: str
    path: Path

    @property
    def name(self) -> str:
        return self.path.name


@dataclass(frozen=True)
class Chunk:
    """Lines of a part. `next_offset`: where a later run reads on; `position`: bytes of the file read so far."""

    part: Part
    lines: list[bytes]
    offsets: Ints
    next_offset: int
    position: int


def find_parts(folder: Path) -> list[Part]:
    """The record files of a folder by name; side tables and reports are left alone, hidden and unfinished (.tmp)
    files too. Errors: CommandError for a folder without records, or a file that looks like records of no source."""
    if not folder.is_dir():
        raise CommandError(
            f"没有此文件夹 no such folder: {folder}; expected a folder of src.<department>.<record>.ndjson files"
        )
    known, found = sources(), []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name.endswith(".tmp") or not path.is_file():
            continue
        match = _NAME.fullmatch(path.name)
        if match is not None and match[1] in known:
            found.append(Part(match[1], path))
        elif path.name.startswith("src.") or _RECORDS_LIKE.fullmatch(path.name):
            names = ", ".join(sorted(known))
            form = "src.<source>[.anything].ndjson, .ndjson.gz, .ndjson.zst or .parquet"
            raise CommandError(
                f"不是已知来源 no known source: {path}; expected {form}, where the source is one of {names}"
            )
    if not found:
        raise CommandError(f"没有记录文件 no records in {folder}; expected files such as src.transport.tap.ndjson")
    return found


@dataclass
class Reader:
    """Reads parts from given offsets. `troubles`: files that are torn or have shrunk, once they have been met."""

    parts: list[Part]
    progress: Mapping[str, int]
    troubles: list[str] = field(default_factory=list)

    @property
    def total_bytes(self) -> int:
        return sum(part.path.stat().st_size for part in self.parts)

    def chunks(self, lines: int = CHUNK_LINES) -> Iterator[Chunk]:
        """Every unread line once, file by file; a file in trouble does not keep the others from being read."""
        for part in self.parts:
            start = self.progress.get(part.name, 0)
            try:
                read = _parquet_chunks if part.path.suffix == ".parquet" else _line_chunks
                yield from read(part, start, lines)
            except (TornFileError, pa.ArrowInvalid) as error:
                why = str(error) if isinstance(error, TornFileError) else "no whole Parquet file"
                hint = "what could be read was read; put the whole file in its place and run again"
                self.troubles.append(f"文件损坏 torn file: {part.path}: {why}; {hint}")
            except _ShrunkError as error:
                hint = "a file may only grow: put it back, or give new records a file of their own"
                self.troubles.append(f"文件变短 file has shrunk: {part.path}: {error}; {hint} such as {_sibling(part)}")


class _ShrunkError(Exception):
    def __init__(self, found: int, start: int) -> None:
        super().__init__(f"it has {found:,} lines, {start:,} were read before")


def _sibling(part: Part) -> str:
    return f"src.{part.source}.2.ndjson"


def _line_chunks(part: Part, start: int, size: int) -> Iterator[Chunk]:
    """The lines from `start` on. A last line without newline is a line; unless it is whole JSON it may still be
    being written, so that the next run reads it again. Empty lines count as offsets and are not handed over."""
    number, position, tail, torn = 0, 0, b"", None
    lines: list[bytes] = []
    try:
        for block, position in blocks(part.path):
            pieces = (tail + block).split(b"\n")
            # A line that is too long is rejected whatever follows: what is beyond the limit need not be held.
            tail = pieces.pop()[: LINE_BYTES_MAX + 1]
            lines += pieces[max(start - number, 0) :]
            number += len(pieces)
            while len(lines) >= size:
                yield _chunk(part, lines[:size], number - len(lines), position)
                lines = lines[size:]
    except TornFileError as error:
        torn, tail = error, b""  # half a line
    whole = number + bool(tail.strip())
    if torn is None and whole < start:
        raise _ShrunkError(whole, start)
    if whole > number and number >= start:
        lines.append(tail)
    if lines:
        last = _chunk(part, lines, whole - len(lines), position)
        yield last if whole == number or _is_json(tail) else replace(last, next_offset=number)
    if torn is not None:
        raise torn


def _chunk(part: Part, lines: list[bytes], first: int, position: int) -> Chunk:
    if first == 0:
        lines = [lines[0].removeprefix(b"\xef\xbb\xbf"), *lines[1:]]
    kept = [at for at, line in enumerate(lines) if len(line) > _BLANK_BYTES or line.strip()]
    offsets = np.array(kept, np.int64) + first
    plain = lines if len(kept) == len(lines) else [lines[at] for at in kept]
    return Chunk(part, plain, offsets, first + len(lines), position)


def _is_json(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _parquet_chunks(part: Part, start: int, size: int) -> Iterator[Chunk]:
    """Rows as lines of JSON, without their nulls; row groups that were read are not opened again."""
    with pq.ParquetFile(part.path) as file:
        rows = file.metadata.num_rows
        if rows < start:
            raise _ShrunkError(rows, start)
        number, groups = 0, list(range(file.num_row_groups))
        while groups and number + file.metadata.row_group(groups[0]).num_rows <= start:
            number += file.metadata.row_group(groups.pop(0)).num_rows
        bytes_each = part.path.stat().st_size / max(rows, 1)
        for batch in file.iter_batches(size, row_groups=groups) if groups else ():
            first, number = number, number + batch.num_rows
            if number > start:
                new = batch.slice(max(start - first, 0))
                lines = [_json_line(row) for row in new.to_pylist()]
                offsets = np.arange(number - len(lines), number, dtype=np.int64)
                yield Chunk(part, lines, offsets, number, int(number * bytes_each))


def _json_line(row: dict[str, object]) -> bytes:
    return orjson.dumps({name: value for name, value in row.items() if value is not None}, default=str)
