"""Budgets: what each figure was promised to be, and what it is.

In: results/*.json, whose reports carry `budget`: {key: {"measured", "least", "greatest", "unit"}}, and `void`, a text
that is empty where the figures count; beside "measured" an `of`, where it was of less than one would think. Out: the
table of budgets in README.md.
Invariant: whether a budget is met is computed; what was not measured, or is void, is called so.
Deliberately absent: how anything is measured. A report states a key only if it measured that very thing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench import Row
from benchmarks.figures import Figures, put
from benchmarks.report import RESULTS, void_of

README = Path(__file__).parent / "README.md"
MARK = "the budgets"
_TOLD = {"measured", "least", "greatest", "unit"}
_HEAD = ("what", "budget", "measured", "spread", "", "when", "command")


@dataclass(frozen=True)
class Budget:
    """A figure's limit. `key`: its name in a report; `reports`: the files that may hold it, the best first;
    `at_least`: more is better."""

    what: str
    limit: float
    unit: str
    key: str
    reports: tuple[str, ...]
    at_least: bool = False

_KAFKA, _PEERS = ("kafka_day",), ("peers",)
_ANALYSTS = ("analysts-long", "analysts")
_SCALE = ("scale-long", "scale")
_OTHERS = "the same join by the fastest of Bytewax, Quix Streams, stock Faust"
_RATE, _FAST = "L1→L3 on real Kafka at 231 records/s", "L1→L3 on real Kafka at 2,315 records/s"
# The limits are those of the design: ratios within one run where they can be, since machines differ from day to day.
BUDGETS = (
    Budget("a day of 2.0 M records, Kafka → Faust → lake, to the floor", 2.0, "×", "kafka_day_over_floor", _KAFKA),
    Budget("the same day embedded, files to lake, to the oracle", 2, "×", "day_over_oracle", ("day",)),
    Budget(f"{_RATE}, p95", 0.1, "s", "l3_p95_231", ("third",)),
    Budget(f"{_RATE}, p99", 0.3, "s", "l3_p99_231", ("third",)),
    Budget(f"{_FAST}, p95", 0.3, "s", "l3_p95_2315", ("third",)),
    Budget(f"{_FAST}, p99", 1, "s", "l3_p99_2315", ("third",)),
    Budget("L1→L2 and L1→L3 to the fastest batch practice, p95", 1 / 3, "×", "third_of_batch", ("third",)),
    Budget("14 days of facts (28 M) held", 4096, "MiB", "memory_14_days_mib", _SCALE),
    Budget("a record on day 14 to one on day 1", 1.2, "×", "cost_14_over_1", _SCALE),
    Budget("kill -9 to processing again, with 14 days", 30, "s", "recovery_s", _SCALE),
    Budget(f"{_OTHERS}: ours, per core", 2, "×", "peers_per_core", _PEERS, True),
    Budget("an analyst's query on 14 days, p95", 0.2, "s", "analyst_p95_s", _ANALYSTS),
    Budget("a page of 100,000 contacts, p95", 0.1, "s", "contacts_page_s", _ANALYSTS),
)  # fmt: skip


def budgets(results: Path = RESULTS) -> Figures:
    """The table of budgets, from the reports that are there."""
    return Figures("Budgets and what was measured", _HEAD, [_row(budget, results) for budget in BUDGETS])


def write_budgets(results: Path = RESULTS, readme: Path = README) -> Figures:
    """Puts the table between its marks in README.md."""
    table = budgets(results)
    readme.write_text(put(readme.read_text("utf-8"), MARK, table.markdown()), "utf-8")
    return table


def _row(budget: Budget, results: Path) -> tuple[str, ...]:
    limit = f"{'≥' if budget.at_least else '≤'} {_number(budget.limit, budget.unit)}"
    for name in budget.reports:
        command = _command(name)
        report = _read(results / f"{name}.json")
        if report is None or (budget.key not in report.get("budget", {}) and not void_of(report)):
            continue
        when = f"{_day(report)}{report['machine']['commit']}"
        if void := void_of(report):
            return budget.what, limit, "", "", f"VOID: {void}", when, command
        found = report["budget"][budget.key]
        if lacking := _TOLD - found.keys():
            raise ValueError(f"{name}.json: {budget.key} lacks {', '.join(sorted(lacking))}")
        unit, measured = found["unit"], float(found["measured"])
        if unit != budget.unit:
            raise ValueError(f"{name}.json: {budget.key} is told in {unit}, its budget in {budget.unit}")
        spread = f"{_number(found['least'], unit)} to {_number(found['greatest'], unit)}"
        spread = "one run" if found["least"] == found["greatest"] else spread
        shown = _number(measured, unit) + (f" ({found['of']})" if found.get("of") else "")
        return budget.what, limit, shown, spread, verdict(budget, measured), when, command
    return budget.what, limit, "", "", "not measured", "", _command(budget.reports[0])


def _command(report: str) -> str:
    name, _, size = report.partition("-")
    return f"`brain bench {name}{f' --size {size}' if size else ''}`"


def verdict(budget: Budget, measured: float) -> str:
    """`met`, or by how much it is missed."""
    if measured >= budget.limit if budget.at_least else measured <= budget.limit:
        return "met"
    short, over = sorted((budget.limit, measured))
    return f"missed by ×{over / short:.2f}" if short > 0 else "missed"


def _read(path: Path) -> Row | None:
    try:
        found: Row = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    return found


def _day(report: Row) -> str:
    return f"{report['date'][:10]}, " if report.get("date") else ""


def _number(value: float, unit: str) -> str:
    """Seconds and ratios with three figures, MiB whole."""
    if unit == "MiB":
        return f"{value:,.0f} {unit}"
    digits = 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1
    told = f"{value:,.{digits}f}".rstrip("0").rstrip(".")
    return f"{told} {unit}" if unit == "s" else f"{told}{unit}"
