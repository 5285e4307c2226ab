"""Whole processes: the engine and the oracle on the same files, in turn, and what a correction costs.

In: a scratch folder, sizes, how often. Out: measurements with their spread, and the digests that make them count.
Invariant: a time is given only if both came to the same digest; engine and oracle take turns, after one warm-up each.
Deliberately absent: limits; a slow machine is not a wrong one.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.million import Million
from brain.stages import Brain
from schemas.intake import Intake
from schemas.keys import Key
from streams.packs import load_series


@dataclass
class Timed:
    """Runs of one command. Units: seconds of wall clock and of processor time, MiB at the peak."""

    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    peak_mib: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        return {
            name: {"min": min(v), "median": statistics.median(v), "max": max(v)}
            for name, v in (("wall_s", self.wall_s), ("cpu_s", self.cpu_s), ("peak_mib", self.peak_mib))
        }


def command(*words: str, into: Timed | None = None) -> dict[str, Any]:
    """Runs a `brain` command with --json to its end. Errors: RuntimeError with what it said."""
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "streams.cli", *words, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said, complained = process.stdout.read(), process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"brain {' '.join(words)}: exit {process.returncode}: {complained.decode()[-2000:]}")
    if into is not None:
        into.wall_s.append(time.perf_counter() - start)
        into.cpu_s.append(usage.ru_utime + usage.ru_stime)
        into.peak_mib.append(usage.ru_maxrss / 1024)
    answer: dict[str, Any] = json.loads(said)
    return answer


def engine_and_oracle(scratch: Path, presences: int, people: int, cases: int, repeats: int) -> dict[str, Any]:
    """The same records through `brain run` (files to published lake) and `brain oracle` (files to answer)."""
    records, lake, key = scratch / "records", scratch / "lake", scratch / "key.json"
    Million(presences, people, cases, seed=1).write(records)
    key.write_text(Key("bench", bytes(range(32))).to_json())
    engine, oracle = Timed(), Timed()
    digests = set()
    steps: dict[str, Any] = {}
    for turn in range(repeats + 1):
        counted = turn > 0
        shutil.rmtree(lake, ignore_errors=True)
        ran = command("run", str(records), "--lake", str(lake), "--key", str(key), into=engine if counted else None)
        told = command("oracle", str(records), "--key", str(key), into=oracle if counted else None)
        digests |= {ran["digest"], told["digest"]}
        steps = ran["seconds"]
    ratios = [a / b for a, b in zip(engine.wall_s, oracle.wall_s, strict=True)]
    count = sum(1 for part in records.iterdir() for _ in part.open("rb"))
    return {
        "name": "embedded_and_oracle",
        "records": count, "presences": presences, "people": people, "cases": cases, "repeats": repeats,
        "void": len(digests) != 1, "digest": sorted(digests)[0],
        "engine": engine.summary(), "oracle": oracle.summary(), "engine_steps_s": steps,
        "ratio": {"min": min(ratios), "median": statistics.median(ratios), "max": max(ratios)},
    }  # fmt: skip


def correction(scratch: Path, presences: int, people: int, cases: int, repeats: int) -> dict[str, Any]:
    """One onset amended among all the presences, against taking in everything; in one process, without a lake."""
    source = Million(presences, people, cases, seed=1)
    records = scratch / "correction"
    source.write(records)
    intake = Intake(Key("bench", bytes(range(32))))
    brain = Brain(load_series("cn"))
    start = time.perf_counter()
    for part in sorted(records.iterdir()):
        lines = part.read_bytes().splitlines()
        for at in range(0, len(lines), 25_000):
            chunk = lines[at : at + 25_000]
            brain.step(intake.read(part.name[4:-7], chunk, "bench", np.arange(at, at + len(chunk)))[0])
    whole_s = time.perf_counter() - start
    source.amended_onset(records)
    line = (records / "src.health.case_report.2.ndjson").read_bytes().splitlines()
    taken, events = [], 0
    for turn in range(repeats + 1):
        body = json.loads(line[0]) | {"version": 2 + turn}
        body["onset_at"] = source.minutes[1440 + 1440 * (turn % 2)]
        batch, _ = intake.read("health.case_report", [json.dumps(body).encode()], "bench", np.zeros(1, np.int64))
        start = time.perf_counter()
        events = brain.step(batch).num_rows
        taken.append(time.perf_counter() - start)
    taken = taken[1:]  # the first builds look-ups that stay
    return {
        "name": "correction", "presences": presences, "cases": cases, "repeats": repeats, "events": events,
        "everything_s": whole_s,
        "correction_s": {"min": min(taken), "median": statistics.median(taken), "max": max(taken)},
        "ratio": {"median": statistics.median(taken) / whole_s},
    }  # fmt: skip
