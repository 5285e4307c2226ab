"""Keyfile: the secret behind a lake's pseudonyms, in a file of its own outside the lake.

In: where the lake is, and perhaps which key file. Out: the `Key`.
Invariant: a key is made for a new lake only, readable by its owner alone; a lake that lacks its key is an error.
Deliberately absent: whether the key fits the lake (the lake itself checks that).
"""

from __future__ import annotations

import os
from pathlib import Path

from schemas.keys import Key
from streams.errors import CommandError, asked


def default_path(lake: Path) -> Path:
    """`<LAKE>.key`, beside the lake."""
    plain = lake.absolute()
    return plain.with_name(plain.name + ".key")


def lake_exists(lake: Path) -> bool:
    return (lake / "brain.duckdb").exists()


def find_key(lake: Path, path: Path | None, may_create: bool = False) -> Key:
    """The key of a lake, from `path` or from beside it; made if the lake is new and it may be. Errors: CommandError."""
    path = path or default_path(lake)
    if path.absolute().resolve().is_relative_to(lake.absolute().resolve()):
        raise CommandError(
            f"密钥不可放在数据湖内 the key must not lie inside the lake: {path}; choose a place outside {lake}"
        )
    if path.exists():
        with asked():
            return Key.from_json(path.read_text(encoding="utf-8"))
    if lake_exists(lake):
        hint = "pass it with --key FILE; without it no record can be joined to what the lake knows"
        raise CommandError(f"找不到密钥 the key of {lake} is missing: {path}; {hint}")
    if not may_create:
        hint = f"make one: brain run RECORDS --lake {lake}, or brain drill run small"
        raise CommandError(f"没有数据湖 no lake at {lake}; {hint}")
    return _create(path)


def _create(path: Path) -> Key:
    """A new key, on the disk before anything is made with it."""
    key = Key.create()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".tmp")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(key.to_json())
        file.flush()
        os.fsync(file.fileno())
    os.link(draft, path)  # fails rather than replace a key that came into being meanwhile
    draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
    return key
