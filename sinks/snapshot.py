"""Snapshot: the published tables as one folder that appears whole, and the link that names the current one.

In: published tables, the manifest's facts. Out: snapshots/<number>/ and `current`.
Invariant: `current` always leads to a whole snapshot; the last three are kept, so readers may finish.
Deliberately absent: how tables are rendered (sinks/render.py).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa

from sinks.disk import TEMPORARY, remove, sha256_of, sync_folder, write_bytes, write_parquet

SNAPSHOTS = "snapshots"
CURRENT = "current"
KEPT = 3
MANIFEST = "manifest.json"
DICTIONARY = "dictionary.md"


def numbers(lake: Path) -> list[int]:
    """Numbers of the snapshots there are, ascending."""
    return sorted(int(p.name) for p in (lake / SNAPSHOTS).iterdir() if p.name.isdigit())


def current_number(lake: Path) -> int:
    """Number of the current snapshot; 0 if none was published yet."""
    link = lake / CURRENT
    return int(os.path.basename(os.readlink(link))) if link.is_symlink() else 0


def write_snapshot(
    lake: Path, number: int, tables: dict[str, pa.Table], dictionary: str, about: dict[str, Any]
) -> dict[str, Any]:
    """Writes a snapshot and makes it the current one. The manifest comes back."""
    draft = lake / SNAPSHOTS / f"{number:06d}{TEMPORARY}"
    remove(draft)
    draft.mkdir()
    try:
        files = {}
        for name, table in tables.items():
            path = draft / f"{name}.parquet"
            size = write_parquet(path, table)
            files[path.name] = {"rows": table.num_rows, "bytes": size, "sha256": sha256_of(path)}
        manifest = {"snapshot": number, **about, "files": files}
        write_bytes(draft / DICTIONARY, dictionary.encode())
        write_bytes(draft / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False).encode())
        sync_folder(draft)
    except OSError:
        remove(draft)
        raise
    os.rename(draft, lake / SNAPSHOTS / f"{number:06d}")
    sync_folder(lake / SNAPSHOTS)
    _point(lake, number)
    for old in numbers(lake)[:-KEPT]:
        remove(lake / SNAPSHOTS / f"{old:06d}")
    return manifest


def _point(lake: Path, number: int) -> None:
    link = lake / (CURRENT + TEMPORARY)
    link.unlink(missing_ok=True)
    os.symlink(Path(SNAPSHOTS) / f"{number:06d}", link)
    os.replace(link, lake / CURRENT)
    sync_folder(lake)


def clean_snapshots(lake: Path) -> None:
    """Removes what a kill left behind: drafts, and whole snapshots that `current` never came to name."""
    (lake / SNAPSHOTS).mkdir(exist_ok=True)
    for path in (lake / SNAPSHOTS).iterdir():
        if not path.name.isdigit() or int(path.name) > current_number(lake):
            remove(path)
    for old in numbers(lake)[:-KEPT]:
        remove(lake / SNAPSHOTS / f"{old:06d}")
