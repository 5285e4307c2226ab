"""Blocks: the bytes of a plain, gzip or zstd file, a bounded piece at a time.

In: a path. Out: decompressed pieces, with how many bytes of the file they took.
Invariant: everything before a tear is handed over before the tear is told.
Deliberately absent: lines.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import zstandard

BLOCK_BYTES = 1 << 20
_PACKED_BYTES = 1 << 16
Block = tuple[bytes, int]
"""Decompressed bytes, and the position in the file after them."""


class TornFileError(Exception):
    """The file ends or breaks in the middle of its compressed data."""


def blocks(path: Path) -> Iterator[Block]:
    """The content of a file; how it is packed is told by its name. Errors: OSError; TornFileError, after what was
    readable."""
    with path.open("rb") as file:
        if path.suffix == ".gz":
            yield from _unzip(file)
        elif path.suffix == ".zst":
            yield from _unzstd(file)
        else:
            while block := file.read(BLOCK_BYTES):
                yield block, file.tell()


def _unzip(file: IO[bytes]) -> Iterator[Block]:
    """Any number of members behind each other, as gzip has it; zeros between them are padding."""
    member = None
    while packed := file.read(_PACKED_BYTES):
        while packed:
            if member is None:
                packed = packed.lstrip(b"\0")
                if not packed:
                    break
                member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            try:
                yield member.decompress(packed, BLOCK_BYTES), file.tell()
            except zlib.error:
                raise TornFileError("gzip data is damaged") from None
            packed = member.unused_data if member.eof else member.unconsumed_tail
            if member.eof:
                member = None
    if member is not None:
        raise TornFileError("gzip data ends in the middle")


def _unzstd(file: IO[bytes]) -> Iterator[Block]:
    frame = None
    while packed := file.read(_PACKED_BYTES):
        while packed:
            frame = frame or zstandard.ZstdDecompressor().decompressobj(write_size=BLOCK_BYTES)
            try:
                yield frame.decompress(packed), file.tell()
            except zstandard.ZstdError:
                raise TornFileError("zstd data is damaged") from None
            packed = frame.unused_data if frame.eof else b""
            if frame.eof:
                frame = None
    if frame is not None:
        raise TornFileError("zstd data ends in the middle")
