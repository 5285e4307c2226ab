"""Snapshot: the published tables as one folder that appears whole, and the link that names the current one.

In: tables, what the manifest says of them. Out: snapshots/<number>/ and `current`.
Invariant: `current` always leads to a whole snapshot; a snapshot never changes; the last three are kept, and older ones
as long as another process has their catalog open.
Deliberately absent: how tables are rendered (sinks/render.py).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from sinks.catalog import CATALOG, TAIL, in_use
from sinks.disk import TEMPORARY, remove, sha256_of, sync, write_bytes, write_parquet

SNAPSHOTS = "snapshots"
CURRENT = "current"
KEPT = 3
MANIFEST = "manifest.json"
DICTIONARY = "dictionary.md"


def _folder(lake: Path, number: int) -> Path:
    return lake / SNAPSHOTS / f"{number:06d}"


def numbers(lake: Path) -> list[int]:
    """Numbers of the snapshots there are, ascending."""
    return sorted(int(p.name) for p in (lake / SNAPSHOTS).iterdir() if p.name.isdigit())


def current_number(lake: Path) -> int:
    """Number of the current snapshot; 0 if none was published yet."""
    link = lake / CURRENT
    return int(os.path.basename(os.readlink(link))) if link.is_symlink() else 0


def current_manifest(lake: Path) -> dict[str, Any] | None:
    """What the current snapshot says of itself; None if there is none yet."""
    manifest = lake / CURRENT / MANIFEST
    return dict(json.loads(manifest.read_bytes())) if manifest.is_file() else None


def write_snapshot(
    lake: Path, tables: dict[str, pa.Table], dictionary: str, about: dict[str, Any], catalog: Callable[[Path], None]
) -> dict[str, Any]:
    """Writes the next snapshot, its catalog last, and makes it the current one. `tables`: by name below the snapshot.
    The manifest comes back."""
    number = current_number(lake) + 1
    final = _folder(lake, number)
    draft = final.with_name(final.name + TEMPORARY)
    for path in (draft, final):
        remove(path)
    try:
        (draft / TAIL).mkdir(parents=True)
        files = {}
        for name, table in tables.items():
            path = draft / f"{name}.parquet"
            size = write_parquet(path, table)
            files[f"{name}.parquet"] = {"rows": table.num_rows, "bytes": size, "sha256": sha256_of(path)}
        manifest = {"snapshot": number, **about, "files": files}
        write_bytes(draft / DICTIONARY, dictionary.encode())
        write_bytes(draft / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False).encode())
        sync(draft)
        os.rename(draft, final)
        catalog(final)
    except BaseException:
        for path in (draft, final):
            remove(path)
        raise
    sync(lake / SNAPSHOTS)
    _point(lake, CURRENT, _folder(Path(), number))
    if not (lake / CATALOG).is_symlink():
        _point(lake, CATALOG, Path(CURRENT) / CATALOG)
    _prune(lake)
    return manifest


def _point(lake: Path, name: str, target: Path) -> None:
    link = lake / (name + TEMPORARY)
    link.unlink(missing_ok=True)
    os.symlink(target, link)
    os.replace(link, lake / name)
    sync(lake)


def _prune(lake: Path) -> None:
    for old in numbers(lake)[:-KEPT]:
        if not in_use(_folder(lake, old)):
            remove(_folder(lake, old))


def clean_snapshots(lake: Path) -> None:
    """Removes what a kill left behind: drafts, and snapshots that `current` never came to name."""
    (lake / SNAPSHOTS).mkdir(exist_ok=True)
    current = current_number(lake)
    for path in (lake / SNAPSHOTS).iterdir():
        if not path.name.isdigit() or int(path.name) > current:
            remove(path)
    _prune(lake)
