"""Disk: the few ways in which this room writes files, each safe against a kill at any instant.

In: paths, bytes, Arrow tables. Out: files that are whole or absent.
Invariant: a name that readers look at only ever appears by rename, after its bytes have reached the disk.
Deliberately absent: what the files mean.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

TEMPORARY = ".tmp"
"""The ending of everything that is not finished yet."""
LOCK_FILE = ".writer.lock"
_GROUP_ROWS = 32_768
"""Rows that one thread of a reader takes at once. 100,000 contacts in one group kept the second core of two idle."""
_FEW_VALUED = {
    "source", "version", "withdrawn", "part", "kind", "flags", "seat", "place", "classification", "discovery",
    "pool_size", "result", "given", "degree", "trace", "status", "mode", "street", "province",
}  # fmt: skip


def sync(path: Path) -> None:
    """Makes the bytes of a file, or the names in a folder, durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_bytes(path: Path, content: bytes) -> None:
    """A durable file under its final name; for folders that nobody reads yet."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_parquet(path: Path, table: pa.Table, bulk: bool = False) -> int:
    """A Parquet file, on the disk when this returns; its size in bytes. Leaves nothing behind when it fails. `bulk`:
    for facts, which stay: zstd, encoded by what their columns hold. Else lz4, half as large again, and quicker to read
    and to write (a page of 100,000 contacts: p95 87 instead of 99 ms)."""
    encoding: dict[str, Any] = _encoding(table.schema.names) if bulk else {"row_group_size": _GROUP_ROWS}
    encoding["compression"] = "zstd" if bulk else "lz4"
    try:
        with path.open("wb") as file:
            pq.write_table(table, file, **encoding)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path.stat().st_size


def _encoding(names: list[str]) -> dict[str, Any]:
    """Times and offsets as differences, few-valued columns by dictionary, tokens plain: a dictionary of tokens, all
    different, is built for nothing (measured: 0.37 instead of 1.29 µs and 46 instead of 60 bytes a record)."""
    return {
        "use_dictionary": [name for name in names if name in _FEW_VALUED],
        "column_encoding": {n: "DELTA_BINARY_PACKED" for n in names if n.endswith("_ms") or n == "offset"},
    }


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """One file as a table, all columns or some. Errors: ValueError naming the file when it is torn."""
    try:
        with pq.ParquetFile(path) as file:
            # Other threads are no help with small files, and cost three times the processor time.
            return file.read(columns and list(columns), use_threads=False)
    except (pa.ArrowInvalid, OSError) as error:
        why = type(error).__name__
        raise ValueError(f"{path} cannot be read ({why}): restore it from a copy of the lake") from None


def glob_safe(path: Path) -> str:
    """The path for DuckDB's read_parquet: what it holds of glob characters is meant literally."""
    return re.sub(r"([*?\[])", r"[\1]", str(path.absolute()))


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove(path: Path) -> None:
    """Removes a file, a link or a folder with all it holds; absent is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


class WriterLock:
    """The one writer of a lake; the kernel releases it when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._file: IO[str] = (folder / LOCK_FILE).open("a+", encoding="ascii")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise ValueError(
                f"{folder} is being written by another process (pid {holder}): stop it first, "
                f"or read the lake through {folder / 'catalog.duckdb'}"
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        self._file.close()
