"""Third: how long a decision takes, ours and by three batch practices, over the same records by the same rules.

In: a size, a broker. Out: L1 to L2 and L1 to L3 at three rates: of the service, of the batch run back to back, and of
the batch run over hourly and quarter-hourly drops; ours as a share of the fastest of them.
Invariant: all begin with the same history, and at the end of a rate all contacts and all ways of both sides are the
same, row by row; where they are not the whole report is void.
Deliberately absent: waiting for hours: the wait for a drop is computed from uniform arrivals, the run of the job over
the drop is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench import Bench, Row
from benchmarks.day import plan_of
from benchmarks.days import parts_of
from benchmarks.drops import back_to_back, dropped, fill
from benchmarks.figures import Figures
from benchmarks.latency import Answer, steady
from benchmarks.plots import lines
from benchmarks.traffic import KEY, WARM_UP, Traffic, percentiles
from benchmarks.workers import apart, read, written
from replay.play import day_name
from replay.sheets import REGISTERS_DAY

SEED = 3
OURS, FASTEST = "service", "batch, back to back"
SPANS = {"listed": "L1→L2", "transfers": "L1→L3"}
_DRAWS = 10_000
_DROP_REPORTS = 20


@dataclass(frozen=True)
class Size:
    """`residents`: of the history; `reports`: for each rate and span; `runs`: of the job over a drop, fewer of one that
    has more than `records_max` in all of them; `drops`: how often one comes. Units: s."""

    residents: int
    rates: tuple[float, ...]
    reports: int
    runs: int
    warm_up: int = WARM_UP
    records_max: int = 10_000_000
    drops: tuple[float, ...] = (900.0, 3600.0)


SIZES = {
    "long": Size(650_000, (23.0, 231.0, 2315.0), 100, 5),
    "full": Size(65_000, (23.0, 231.0, 2315.0), 60, 5, records_max=4_000_000),
    "quick": Size(65_000, (23.0, 231.0, 2315.0), 20, 2, records_max=2_000_000),
    "tiny": Size(2_000, (23.0,), 3, 1, warm_up=1, drops=(9.0, 36.0)),
}


def measure(size: str, bench: Bench) -> Row:
    chosen = SIZES[size]
    plan, lake, typed = plan_of(chosen.residents), bench.scratch / "history", bench.scratch / "history.duckdb"
    history = _history(chosen, bench, lake, typed)
    report: Row = {
        "name": "third", "seeds": [SEED, plan.seed], "repeats": chosen.reports, "history": history, "rates": [],
    }  # fmt: skip
    answers, troubles = [], list[str]()
    for rate in chosen.rates:
        traffic, folder = Traffic(rate, chosen.reports, chosen.warm_up), bench.scratch / f"rate-{rate:.0f}"
        bench.tell(f"{rate:,.0f} records/s: {OURS}")
        ours, our_answer = steady(bench.broker, folder / "service", traffic, f"{bench.prefix}t{rate:.0f}.", lake)
        bench.tell(f"{rate:,.0f} records/s: {FASTEST}")
        batch, their_answer = back_to_back(folder / "batch", traffic, typed, plan.pack)
        drops = {}
        for seconds in chosen.drops:
            name = f"batch, every {seconds / 60:g} min"
            bench.tell(f"{rate:,.0f} records/s: {name}")
            runs = max(1, min(chosen.runs, int(chosen.records_max / (rate * seconds))))
            drops[name] = dropped(folder / "drops", rate, seconds, _DROP_REPORTS, runs, typed, plan.pack)
        troubles += _troubles(rate, ours["void"], batch["void"], our_answer, their_answer)
        answers.append(their_answer)
        report["rates"].append(_rate(rate, ours, batch, drops))
    return report | {"digest": digest_of(answers), "void": "; ".join(troubles), "budget": _budget(report["rates"])}


def _history(size: Size, bench: Bench, lake: Path, typed: Path) -> Row:
    """The same emergency day in a lake and in the batch's tables, by the same key."""
    plan, records, key = plan_of(size.residents), bench.scratch / "records", bench.scratch / "history.key"
    key.write_text(KEY.to_json())
    bench.tell(f"history of {size.residents:,} people: written")
    told = written(plan, records)
    bench.tell("history: into the lake")
    with apart(read, lake, key, plan.pack) as engine:
        engine.recv()
        for day in (REGISTERS_DAY, 0):
            engine.send(parts_of(records, day_name(plan.first_day, day)))
            row = engine.recv()
        engine.send(None)
    bench.tell("history: into the batch's tables")
    with apart(fill, typed, plan.pack, records) as filling:
        filled = filling.recv()
    for path in records.iterdir():
        path.unlink()
    return {
        "residents": size.residents, "records": told["records"], "cases": row["cases"], "contacts": row["contacts"],
        "typed": filled | {"mib": typed.stat().st_size >> 20},
    }  # fmt: skip


def _troubles(rate: float, ours: bool, batch: bool, our_answer: Answer, their_answer: Answer) -> list[str]:
    """Why figures at a rate do not count."""
    at = f"at {rate:,.0f} records/s"
    found = [f"{at} a list of the {who} was not whole" for who, void in (("service", ours), ("batch", batch)) if void]
    return found + [f"{at} {why}" for why in differences(our_answer, their_answer)]


def differences(ours: Answer, theirs: Answer) -> list[str]:
    """In words, in which answers the two sides differ."""
    found = []
    for name in ("contacts", "ways"):
        left, right = len({*ours[name]} - {*theirs[name]}), len({*theirs[name]} - {*ours[name]})
        if left or right or len(ours[name]) != len(theirs[name]):
            found.append(f"the {name} differ: {left:,} rows the service's alone, {right:,} the batch's alone")
    return found


def digest_of(answers: list[Answer]) -> str:
    return sha256(repr([[answer["contacts"], answer["ways"]] for answer in answers]).encode()).hexdigest()


def _rate(rate: float, ours: Row, batch: Row, drops: dict[str, Row]) -> Row:
    """Percentiles of every practice and span at a rate. Units: ms."""
    seconds = {OURS: ours["seconds"], FASTEST: batch["seconds"]}
    for name, drop in drops.items():
        took = {"listed": "listed_s", "transfers": "whole_s"}
        seconds[name] = {s: _arrivals(drop["seconds"], [run[told] for run in drop["runs"]]) for s, told in took.items()}
    ms = {name: {span: percentiles(seconds[name][span]) for span in SPANS} for name in seconds}
    best = {span: min(ms[name][span]["p95"] for name in seconds if name != OURS) for span in SPANS}
    quarters = np.array_split(np.array(ours["seconds"]["transfers"]), 4)
    runs = batch["runs"]
    return {
        "rate": rate, "ms": ms, "share": {span: ms[OURS][span]["p95"] / best[span] for span in SPANS},
        "p95_of_quarters_ms": [percentiles(q.tolist())["p95"] for q in quarters if len(q)],
        "processes": ours["processes"], "rides": ours["rides"], "drops": drops,
        "runs": {
            "count": len(runs), "peak_mib": batch["peak_mib"],
            **{name: percentiles([run[name] for run in runs]) for name in ("listed_s", "whole_s", "load_s", "cpu_s")},
        },
    }  # fmt: skip


def _arrivals(period_s: float, durations_s: list[float]) -> list[float]:
    """What reports wait that arrive at any instant of a period: until it ends, and for the run of the job."""
    chance = np.random.default_rng(SEED)
    waits = chance.uniform(0, period_s, _DRAWS) + chance.choice(durations_s, _DRAWS)
    return [float(wait) for wait in waits]


def _budget(rates: list[Row]) -> Row:
    """The rows of the table of budgets that were measured here."""
    found: Row = {}
    for row in rates:
        of_quarters = row["p95_of_quarters_ms"]
        for name, spread in (("p95", of_quarters), ("p99", None)):
            measured = row["ms"][OURS]["transfers"][name] / 1000
            least, greatest = (min(spread) / 1000, max(spread) / 1000) if spread else (measured, measured)
            told = {"measured": measured, "unit": "s", "least": least, "greatest": greatest}
            found[f"l3_{name}_{row['rate']:.0f}"] = told
    shares = [share for row in rates for share in row["share"].values()]
    worst = max(shares)  # a third is promised at every rate, of both spans
    found["third_of_batch"] = {"measured": worst, "unit": "×", "least": min(shares), "greatest": worst}
    return found


def figures(report: Row) -> list[Figures]:
    names = ("p50", "p95", "p99")
    head = ("practice", "records/s", *(f"{told} {name}" for told in SPANS.values() for name in names))
    rows = []
    for row in report["rates"]:
        for practice, ms in row["ms"].items():
            times = [_time(ms[span][name]) for span in SPANS for name in names]
            shares = [f"{row['ms'][OURS][span]['p95'] / ms[span]['p95']:.3g}" for span in SPANS]
            rows.append((practice, f"{row['rate']:,.0f}", *times, " / ".join(shares)))
    void = f" (VOID: {report['void']})" if report["void"] else ""
    title = (
        f"From a report to the list of its contacts (L1→L2) and to their ways (L1→L3), {report['repeats']} reports for "
        f"each; of drops the waiting is computed, the duration measured{void}"
    )
    return [Figures(title, (*head, "at p95 ours is × of it, L2 / L3"), rows), _jobs(report)]


def _jobs(report: Row) -> Figures:
    """What a run of the job took. Units: ms."""
    rows = []
    for row in report["rates"]:
        runs = row["runs"]
        back = [_time(runs[name][p]) for name in ("whole_s", "cpu_s") for p in ("p50", "p95")]
        rows.append((FASTEST, f"{row['rate']:,.0f}", f"{runs['count']:,}", "", *back, f"{runs['peak_mib']:,}"))
        for name, drop in row["drops"].items():
            took = percentiles([run["whole_s"] for run in drop["runs"]])
            peak = f"{max(run['peak_mib'] for run in drop['runs']):,}"
            times = (_time(took["p50"]), _time(took["p95"]), "", "")
            rows.append((name, f"{row['rate']:,.0f}", f"{len(drop['runs'])}", f"{drop['records']:,}", *times, peak))
    head = ("job", "records/s", "runs", "records of a drop", "p50", "p95", "processor p50", "p95", "peak, MiB")
    return Figures(f"A run of the batch, with a history of {report['history']['records']:,} records", head, rows)


def _time(ms: float) -> str:
    return f"{ms:,.0f} ms" if ms < 10_000 else f"{ms / 60_000:,.1f} min"


def plot(report: Row) -> str:
    series: Any = {
        practice: [(row["rate"], row["ms"][practice]["transfers"]["p95"] / 1000) for row in report["rates"]]
        for practice in report["rates"][0]["ms"]
    }
    return lines("From a report to the ways that follow, p95", "records/s", "s", series, log=True)
