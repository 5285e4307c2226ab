"""Comparison: every side in a process of its own, turn by turn, over the same topics, against one judge.

In: a size, a broker. Out: a report: rates, processor time and memory by side, and whether each came to the right pairs.
Invariant: a side whose hash is not the judge's is void and counts for nothing; the order of sides changes every turn;
the clock of a side runs from its first record until its pairs are written and its state is committed.
Deliberately absent: the sides themselves (*_program.py), and tables (tables.py).
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench
from benchmarks.peers.environment import python_of_peers
from benchmarks.peers.judge import judged, told
from benchmarks.peers.records import Records, make

SIZES = {"full": (500_000, 2), "quick": (100_000, 2), "tiny": (4_000, 1)}
"""Records, and turns that count after one that does not; the tiny size has no such turn."""
SEED = 7
OURS = "ours"
_ROOT = Path(__file__).parents[2]
_LIMIT_S = 1_800
"""No side may take longer: one that waits for a record that never comes would wait for ever."""
_MEASURES = {"records_s": "records/s", "per_core_s": "records a processor second", "cpu_s": "s", "peak_mib": "MiB"}


@dataclass(frozen=True)
class Side:
    """One side. `command`: what runs it, before its arguments; `keeping`: kept (it survives a kill) or memory; `part`:
    it is given one record of so many, as it would take too long over all."""

    name: str
    command: tuple[str, ...]
    keeping: str
    part: int = 1


@dataclass
class Runs:
    """What a side did, turn by turn."""

    side: Side
    right: str
    hashes: set[str] = field(default_factory=set)
    told: list[dict[str, float]] = field(default_factory=list)

    @property
    def void(self) -> bool:
        return self.hashes != {self.right}

    def row(self) -> dict[str, Any]:
        """The side's part of the report."""
        return {
            "keeping": self.side.keeping, "part": self.side.part, "records": self.told[0]["records"],
            "same_hash": not self.void,
            **{name: _spread([turn[name] for turn in self.told]) for name in _MEASURES},
        }  # fmt: skip


def sides(size: str, python: Path) -> tuple[Side, ...]:
    """All sides there are. Those that would need minutes are given a part."""
    slow, slowest = (5, 20) if size != "tiny" else (1, 1)
    module = "benchmarks.peers.{}_program"
    peer = {name: (str(python), "-m", module.format(name)) for name in ("bytewax", "quix")}
    ours, stock = ((sys.executable, "-m", module.format(name)) for name in (OURS, "faust"))
    return (
        Side(OURS, ours, "memory"),
        Side("Bytewax", peer["bytewax"], "memory"),
        Side("Bytewax, recovery", peer["bytewax"], "kept"),
        Side("Quix Streams, memory", peer["quix"], "memory", slow),
        Side("Quix Streams, RocksDB", peer["quix"], "kept", slow),
        Side("stock Faust, dictionary", stock, "memory", slow),
        Side("stock Faust, table", stock, "kept", slowest),
    )


def compare(size: str, bench: Bench, chosen: Sequence[Side] | None = None) -> dict[str, Any]:
    """The report of one run. `chosen`: the sides, ours first. Errors: CommandError when there is no broker or the peers
    cannot be installed; RuntimeError when a side fails, TimeoutExpired when it does not end."""
    count, repeats = SIZES[size]
    contest = tuple(chosen) if chosen is not None else sides(size, python_of_peers(bench.tell))
    bootstrap, made, right = bench.broker.bootstrap, {}, {}
    for part in sorted({side.part for side in contest}):
        bench.tell(f"peers: writing {count // part:,} records")
        prefix = f"{bench.prefix}peers.{part}."
        made[part] = make(bench.scratch / f"peers-{part}", bootstrap, prefix, count // part, SEED)
        right[part] = judged(*made[part].files)
    runs = [Runs(side, right[side.part][0]) for side in contest]
    warm = int(size != "tiny")
    for turn in range(repeats + warm):
        for run in runs if turn % 2 == 0 else reversed(runs):
            bench.tell(f"peers: turn {turn + 1 - warm} of {repeats}: {run.side.name}")
            group = f"{bench.prefix}peers.{contest.index(run.side)}.{turn}"
            said, digest = _run(run.side, made[run.side.part], bootstrap, group, bench.scratch / "side")
            run.hashes.add(digest)
            if turn >= warm:
                run.told.append(said)
    return _report(runs, right, repeats, {part: records.count for part, records in made.items()})


def _run(side: Side, records: Records, bootstrap: str, group: str, folder: Path) -> tuple[dict[str, float], str]:
    """(what a side measured, the hash of what it told)."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    command = [*side.command, side.keeping, bootstrap, *records.topics, str(records.count), group, str(folder)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False, timeout=_LIMIT_S)
    if done.returncode:
        raise RuntimeError(f"peers: {side.name} failed: {done.stderr[-2_000:]}")
    said: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    said["records_s"], said["per_core_s"] = (said["records"] / said[name] for name in ("wall_s", "cpu_s"))
    return said, told(folder / "pairs.csv")[0]


def _report(
    runs: list[Runs], right: dict[int, tuple[str, int]], repeats: int, counts: dict[int, int]
) -> dict[str, Any]:
    void = [f"{run.side.name} did not come to the judge's pairs" for run in runs if run.void]
    report = {
        "name": "peers", "seeds": [SEED], "repeats": repeats, "records": counts[1], "pairs": right[1][1],
        "digest": right[1][0], "parts": {str(part): list(of) for part, of in right.items()},
        "sides": {run.side.name: run.row() for run in runs}, "void": "; ".join(void),
    }  # fmt: skip
    ours, *others = runs
    fair = [run for run in others if not run.void]
    if fair and not ours.void:
        fastest = max(fair, key=lambda run: statistics.median(turn["per_core_s"] for turn in run.told))
        ratios = [
            mine["per_core_s"] / theirs["per_core_s"] for mine, theirs in zip(ours.told, fastest.told, strict=True)
        ]
        spread = _spread(ratios)
        report["fastest_peer"] = fastest.side.name
        report["budget"] = {
            "peers_per_core": {
                "measured": spread["median"], "least": spread["min"], "greatest": spread["max"], "unit": "×",
            }
        }  # fmt: skip
    return report


def _spread(values: list[float]) -> dict[str, float]:
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}
