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
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench import Bench, Row
from benchmarks.figures import Figures, three
from benchmarks.million import Million
from benchmarks.plots import bars
from brain.stages import Brain
from schemas.intake import Intake
from schemas.keys import Key
from streams.packs import load_series

SIZES = {"full": (1_000_000, 200_000, 200, 3), "quick": (100_000, 20_000, 50, 1), "tiny": (2_000, 500, 5, 1)}
"""Presences, people, cases, repeats."""
_SEED = 1


def spread(values: Sequence[float]) -> dict[str, float]:
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


@dataclass
class Timed:
    """Runs of one command. Units: seconds of wall clock and of processor time, MiB at the peak."""

    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    peak_mib: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        return {name: spread(values) for name, values in vars(self).items()}


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


def measure(size: str, bench: Bench) -> Row:
    """Both, over the same made-up presences."""
    presences, people, cases, repeats = SIZES[size]
    bench.tell(f"{presences:,} presences, engine and oracle in turn, {repeats} times after a warm-up")
    whole = engine_and_oracle(bench.scratch, presences, people, cases, repeats)
    bench.tell(f"one onset amended, {5 * repeats} times")
    amended = correction(bench.scratch, presences, people, cases, 5 * repeats)
    return {
        "name": "whole", "seeds": [_SEED], "repeats": repeats, "digest": whole["digest"], "void": whole["void"],
        "whole": whole, "correction": amended,
    }  # fmt: skip


def differing(digests: set[str]) -> str:
    """Why figures of several runs do not count: they came to more than one answer."""
    return "" if len(digests) == 1 else f"the digests differ: {', '.join(sorted(digests))}"


def engine_and_oracle(scratch: Path, presences: int, people: int, cases: int, repeats: int) -> dict[str, Any]:
    """The same records through `brain run` (files to published lake) and `brain oracle` (files to answer)."""
    records, lake, key = scratch / "records", scratch / "lake", scratch / "key.json"
    Million(presences, people, cases, _SEED).write(records)
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
        "void": differing(digests), "digest": sorted(digests)[0],
        "engine": engine.summary(), "oracle": oracle.summary(), "engine_steps_s": steps,
        "ratio": spread(ratios),
    }  # fmt: skip


def correction(scratch: Path, presences: int, people: int, cases: int, repeats: int) -> dict[str, Any]:
    """One onset amended among all the presences, against taking in everything; in one process, without a lake."""
    source = Million(presences, people, cases, _SEED)
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
        "correction_s": spread(taken),
        "ratio": {"median": statistics.median(taken) / whole_s},
    }  # fmt: skip


def figures(report: Row) -> list[Figures]:
    whole, amended = report["whole"], report["correction"]
    units = (("wall clock, s", "wall_s", 1), ("processor, s", "cpu_s", 1), ("memory at the peak, MiB", "peak_mib", 0))
    rows: list[tuple[str, ...]] = [
        (told, three(whole["engine"][name], digits), three(whole["oracle"][name], digits))
        for told, name, digits in units
    ]
    rows.append(("engine to oracle, wall, turn by turn", three(whole["ratio"], 2), ""))
    rows += [(f"of it {step}, s", f"{s:.1f}", "") for step, s in whole["engine_steps_s"].items()]
    about = f"{whole['records']:,} records, {whole['people']:,} people, {whole['cases']} cases"
    cost = (three(amended["correction_s"], 1, 1000), f"{amended['ratio']['median']:.2%}", f"{amended['events']:,}")
    return [
        Figures(f"{about}, least / median / greatest", ("", "engine", "oracle"), rows),
        Figures(
            f"One onset amended among {amended['presences']:,} presences",
            ("ms, least / median / greatest", "of the time to take in everything", "events that follow"),
            [cost],
        ),
    ]


def plot(report: Row) -> str:
    whole = report["whole"]
    values = {
        f"{who}, {told}": (found["min"], found["median"], found["max"])
        for told, name in (("wall clock", "wall_s"), ("processor", "cpu_s"))
        for who in ("engine", "oracle")
        for found in [whole[who][name]]
    }
    return bars(f"{whole['records']:,} records: files to lake, and the same answer by the oracle", "s", values)
