"""Kafka day: the emergency day of twelve departments through broker, intake and writer, against the floor.

In: a size. Out: wall clock, processor time and memory of each process, by side; service over floor, turn by turn.
Invariant: clocks start when all the day becomes readable at once, to processes that stand ready; a service whose view
is not the embedded engine's, or a floor that lacks a record, makes every figure void.
Deliberately absent: the embedded engine's own figures and the oracle's (day.py); records at a pace (latency.py).
"""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.bench import Bench, Row
from benchmarks.day import plan_of
from benchmarks.days import parts_of
from benchmarks.figures import Figures
from benchmarks.flames import Flames
from benchmarks.kafka_turn import KEY, Day, floor_turn, service_turn
from benchmarks.plots import bars
from benchmarks.workers import apart, read, written
from replay.plan import Plan
from replay.play import day_name
from replay.sheets import REGISTERS_DAY
from streams.records import Part

SIZES: dict[str, tuple[int | None, int, int]] = {"full": (None, 2, 4), "quick": (65_000, 2, 4), "tiny": (2_000, 1, 2)}
"""Residents (none: as many as the drill has), turns of each side, and partitions of each source."""
INTAKES = (1, 2)
RESULTS = Path(__file__).parent / "results"
_RATIOS = {"wall_s": "wall_s", "published_s": "wall_s", "cpu_s": "cpu_s"}
"""What of the service is held against what of the floor, which publishes nothing."""
TARGET = 2.0
"""Source: the design's budget, a day through Kafka at most twice the floor."""


def measure(size: str, bench: Bench, flames: Path | None = None) -> Row:
    """`flames`: a folder, for an extra turn that is not counted, in which the time of writer and intake is looked into;
    at full size always, beside the results. Errors: CommandError without a broker."""
    residents, repeats, partitions = SIZES[size]
    plan, key = plan_of(residents), bench.scratch / "key.json"
    key.write_text(KEY.to_json())
    bench.tell("writing city, registers and day")
    written(plan, bench.scratch / "records")
    first = (parts_of(bench.scratch / "records", day_name(plan.first_day, day)) for day in (REGISTERS_DAY, 0))
    registers, parts = first
    lake = bench.scratch / "registers"
    bench.tell("registers read into a lake by the embedded engine")
    before = _embedded(lake, key, plan.pack, registers)
    day = Day(bench.broker, bench.scratch, plan.pack, lake, parts, partitions)
    turns = [
        _turn(day, f"{bench.prefix}kd{number}-{n}.", n, number == 0 and n == INTAKES[0] and size != "tiny", bench.tell)
        for number in range(repeats) for n in INTAKES
    ]  # fmt: skip
    flames = flames or (RESULTS if size == "full" else None)
    pictures = _pictured(day, f"{bench.prefix}flame.", flames, bench.tell) if flames is not None else None
    bench.tell("the day read by the embedded engine, for its digest")
    embedded = _embedded(lake, key, plan.pack, parts)
    return report_of(plan, turns, embedded["digest"]) | {"registers": before["records"], "flames": pictures}


def _embedded(lake: Path, key: Path, pack: str, parts: list[Part]) -> Row:
    with apart(read, lake, key, pack) as engine:
        engine.recv()
        engine.send(parts)
        row: Row = engine.recv()
        engine.send(None)
    return row


def _turn(day: Day, prefix: str, intakes: int, warm_up: bool, tell: Callable[[str], None]) -> Row:
    """One turn of the service and one of the floor, over the same topics. `warm_up`: the floor once more before."""
    with day.installation(prefix) as service:
        served = service_turn(day, service, intakes)
        service.stop()
        tell(f"service, {intakes} intake: {served['wall_s']:.1f} s, processor {served['cpu_s']:.1f} s")
        if warm_up:
            floor_turn(day, service, served["records"])
        plain = floor_turn(day, service, served["records"])
        tell(f"floor: {plain['wall_s']:.1f} s, processor {plain['cpu_s']:.1f} s")
    shutil.rmtree(service.folder)
    return {"service": served, "floor": plain}


def _pictured(day: Day, prefix: str, folder: Path, tell: Callable[[str], None]) -> Row:
    """Flame graphs of writer and intake: the files that were written, and why others are missing."""
    tell("one turn more, not counted, to see where the time goes")
    flames = Flames(folder, "kafka_day")
    with day.installation(prefix) as service:
        served = service_turn(day, service, 1, flames)
        service.stop()
    shutil.rmtree(service.folder)
    return {"files": served["flames"], "missing": flames.why}


def report_of(plan: Plan, turns: list[Row], digest: str) -> Row:
    """What the turns say together. `digest`: of the embedded engine's view of the same records."""
    served = {f"service, {n} intake": [t["service"] for t in turns if t["service"]["intakes"] == n] for n in INTAKES}
    sides = {name: _side(rows) for name, rows in (served | {"floor": [t["floor"] for t in turns]}).items()}
    ratios = {
        f"service, {n} intake": {of: spread([t["service"][of] / t["floor"][over] for t in turns
                                             if t["service"]["intakes"] == n]) for of, over in _RATIOS.items()}
        for n in INTAKES
    }  # fmt: skip
    best = min(ratios, key=lambda name: ratios[name]["wall_s"]["median"])
    wall = ratios[best]["wall_s"]
    return {
        "name": "kafka_day", "seeds": [plan.seed], "repeats": len(turns) // len(INTAKES), "residents": plan.residents,
        "records": turns[0]["floor"]["records"], "digest": digest, "void": _void(turns, digest), "sides": sides,
        "ratio": ratios, "turns": turns,
        "budget": {"kafka_day_over_floor": {
            "measured": wall["median"], "least": wall["min"], "greatest": wall["max"], "unit": "×",
            "target": TARGET, "side": best, "processor": ratios[best]["cpu_s"],
            "published": ratios[best]["published_s"],
        }},
    }  # fmt: skip


def spread(values: Iterable[float]) -> dict[str, float]:
    found = list(values)
    return {"min": min(found), "median": statistics.median(found), "max": max(found)}


def _side(rows: list[Row]) -> Row:
    """Least, median and greatest of the turns of a side; of each process the same, and its steps' middle share."""
    made: Row = {name: spread(row[name] for row in rows) for name in _RATIOS if name in rows[0]}
    made["records_per_s"] = spread(row["records"] / row["wall_s"] for row in rows)
    made["processes"] = {
        name: {of: spread(row["processes"][name][of] for row in rows) for of in ("cpu_s", "peak_mib")} | {
            "share": {step: statistics.median(row["processes"][name]["steps"][step] / row["wall_s"] for row in rows)
                      for step in rows[0]["processes"][name].get("steps", {})}
        } for name in rows[0]["processes"]
    }  # fmt: skip
    return made


def _void(turns: list[Row], digest: str) -> str:
    others = sorted({turn["service"]["digest"] for turn in turns} - {digest})
    if others:
        return f"the service's view is not the embedded engine's: {others[0][:12]} and {digest[:12]}"
    lacking = [t for t in turns if t["floor"]["rows"] + t["floor"]["refused"] != t["service"]["records"]]
    return f"the floor has not every record in {len(lacking)} turns" if lacking else ""


def figures(report: Row) -> list[Figures]:
    """The sides, and their processes."""
    void = f" (VOID: {report['void']})" if report["void"] else ""
    over = {name: (_three(r["wall_s"], 2), _three(r["cpu_s"], 2)) for name, r in report["ratio"].items()}
    sides: list[tuple[str, ...]] = [
        (name, _three(side["wall_s"]), _three(side["published_s"]) if "published_s" in side else "",
         _three(side["cpu_s"]), _three(side["records_per_s"], 0), *over.get(name, ("", "")))
        for name, side in report["sides"].items()
    ]  # fmt: skip
    processes: list[tuple[str, ...]] = [
        (name, process, _three(told["cpu_s"]), _three(told["peak_mib"], 0),
         ", ".join(f"{step} {share:.0%}" for step, share in told["share"].items()))
        for name, side in report["sides"].items() for process, told in side["processes"].items()
    ]  # fmt: skip
    title = f"A day of {report['residents']:,} people, {report['records']:,} records at once, through Kafka{void}"
    return [
        Figures(title, ("", "in the lake, s", "in a snapshot, s", "processor, s", "records/s", "over the floor",
                        "its processor time over the floor's"), sides),
        Figures(f"Its processes{void}", ("", "process", "processor, s", "memory at the peak, MiB",
                                         "share of the time until in the lake"), processes),
    ]  # fmt: skip


def plot(report: Row) -> str:
    """Seconds until all is in the lake, and of processors, by side."""
    names = {"wall_s": "clock", "cpu_s": "processor"}
    values = {
        f"{name}: {what}": (side[of]["min"], side[of]["median"], side[of]["max"])
        for name, side in report["sides"].items() for of, what in names.items()
    }  # fmt: skip
    void = " (VOID)" if report["void"] else ""
    return bars(f"{report['records']:,} records of a day through Kafka{void}", "s", values)


def _three(found: Row, digits: int = 1) -> str:
    return " / ".join(f"{found[name]:,.{digits}f}" for name in ("min", "median", "max"))
