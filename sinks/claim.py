"""Claim: to whom a lake belongs: one layout, one key, one series of policy packs.

In: a store. Out: nothing, or a ValueError that says what to do.
Invariant: facts of different keys never meet in one lake: their pseudonyms would not.
Deliberately absent: the key itself; only a check value derived from it is kept.
"""

from __future__ import annotations

import secrets
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from schemas.keys import Key
from sinks.store import FORMAT, Store

DISTRIBUTION = "kuancheng-brain"
_EPOCH = "epoch"
_LAKE_ID = "lake_id"


def product_version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "source"


def key_check(key: Key) -> str:
    """What tells two keys apart without telling anything of either."""
    return key.derive("lake-check").hex()[:16]


def claim(folder: Path, store: Store, key: Key, packs: str) -> None:
    """Writes into a new lake whose it is; checks an old one. Errors: ValueError saying what to do."""
    wanted = {
        "format": str(FORMAT),
        "key_id": key.key_id,
        "key_check": key_check(key),
        "packs": packs,
    }
    found = store.meta()
    if "format" not in found:
        with store.transaction():
            store.set_meta(wanted)
        return
    advice = {
        "format": f"has layout {found['format']}, this version writes layout {FORMAT}: run it into a new folder",
        "key_id": f"belongs to key {found['key_id']}, not {key.key_id}: pass that key's file, or use a new folder",
        "key_check": f"belongs to another key of the id {key.key_id}: pass the key file that made it",
        "packs": f"was made with packs {found['packs']!r}, not {packs!r}: pass those, or use a new folder",
    }
    for name, value in wanted.items():
        if found[name] != value:
            raise ValueError(f"{folder} {advice[name]}")


def next_epoch(store: Store) -> int:
    """The number of this opening. The lock keeps two writers of one folder apart; the epoch also stops one whose file
    was replaced or copied under it while it stood still."""
    epoch = int(store.meta().get(_EPOCH, "0")) + 1
    with store.transaction():
        store.set_meta({_EPOCH: str(epoch)})
    return epoch


def lake_id(store: Store) -> str:
    """What tells this lake from every other one; made when it is first asked for."""
    found = store.meta().get(_LAKE_ID) or secrets.token_hex(4)
    with store.transaction():
        store.set_meta({_LAKE_ID: found})
    return found


def check_epoch(store: Store, epoch: int) -> None:
    """Within the transaction that writes. Errors: ValueError when somebody has opened the lake since."""
    found = store.meta()[_EPOCH]
    if found != str(epoch):
        raise ValueError(f"the lake was opened by another writer (epoch {found}, this is {epoch}): nothing was written")
