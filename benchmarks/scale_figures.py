"""Scale figures: the laws of what was measured, as tables and as a plot.

In: the parts of a report of scale.py. Out: laws, what the budgets ask for, tables, one SVG.
Invariant: a part that is void, or measured at one size alone, has no law.
Deliberately absent: measuring, and what lies outside the range that was measured (provinces.py).
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from benchmarks.bench import Row
from benchmarks.figures import Figures, three
from benchmarks.growth import Law, fit, linear, power
from benchmarks.plots import lines

PARTS = ("days", "people", "workers")
UNITS = {
    "memory held": "MiB", "processor time of a record": "µs", "lake": "MiB", "recovery": "s",
    "its processor time": "s", "start again": "s",
}  # fmt: skip
DAYS, PEOPLE = 14, 650_000
"""Of what the budgets speak: 28 million records."""
DRIVERS = {"days": "records held", "people": "people"}
Points = list[tuple[float, float]]


def record_us(row: Row, of: str = "processor_s") -> float:
    """What a record cost, publishing included. Units: µs."""
    return float(row[of]) / max(int(row["records"]), 1) * 1e6


def points(parts: Row) -> dict[str, dict[str, Points]]:
    """By part and cost: (driver, cost). Units: UNITS."""
    found: dict[str, dict[str, Points]] = {}
    if (days := parts.get("days")) and not days["void"]:
        rows, killed = days["days"], days["recoveries"]
        found["days"] = {
            "memory held": [(row["held"], row["resident_mib"]) for row in rows],
            "processor time of a record": [(row["held"], record_us(row)) for row in rows],
            "lake": [(row["held"], row["lake_mib"]) for row in rows],
            "recovery": [(row["restored"], row["committed_s"]) for row in killed],
            "its processor time": [(row["restored"], row["ready_processor_s"]) for row in killed],
        }
    if (people := parts.get("people")) and not people["void"]:
        rows = people["rows"]
        found["people"] = {
            "memory held": [(row["residents"], row["day"]["resident_mib"]) for row in rows],
            "processor time of a record": [(row["residents"], record_us(row["day"])) for row in rows],
            "lake": [(row["residents"], row["day"]["lake_mib"]) for row in rows],
            "start again": [(row["residents"], row["restart"]["ready_s"]) for row in rows],
            "its processor time": [(row["residents"], row["restart"]["restore_processor_s"]) for row in rows],
        }
    return found


def laws(parts: Row) -> dict[str, dict[str, Law]]:
    """By part and cost the law with the smaller residual, where there are two sizes at least."""
    return {
        part: {cost: fit(pairs) for cost, pairs in costs.items() if _enough(pairs)}
        for part, costs in points(parts).items()
    }


def _enough(pairs: Points) -> bool:
    return len({n for n, _ in pairs}) > 1 and all(cost > 0 for _, cost in pairs)


def summary(report: Row) -> Row:
    """What follows from the parts: laws, spread over their rows, void, digest, and what the budgets ask for."""
    parts = report["parts"]
    void = "; ".join(f"{name}: {part['void']}" for name, part in parts.items() if part["void"])
    told = {part: {cost: law.row() for cost, law in costs.items()} for part, costs in laws(parts).items()}
    spread = {
        part: {cost: _spread(cost for _, cost in pairs) for cost, pairs in costs.items() if pairs}
        for part, costs in points(parts).items()
    }
    digest = parts.get("days", parts.get("people", parts.get("workers", {}))).get("digest", "")
    repeats = parts.get("workers", {}).get("repeats", 1)
    return {
        "void": void, "digest": digest, "repeats": repeats, "laws": told, "spread": spread,
        "budget": _budget(parts.get("days")),
    }  # fmt: skip


def _spread(values: Iterable[float]) -> Row:
    found = [float(value) for value in values]
    return {"min": min(found), "median": statistics.median(found), "max": max(found)}


def _budget(days: Row | None) -> Row:
    """Memory at the peak; cost of a record (of processor time) with the last of the days, to that with the first as it
    was read again beside it; how long after a kill records are durable again. Of fewer people or days: nothing; that
    is not what was promised."""
    if not days or len(days["days"]) != DAYS or days["residents"] < PEOPLE:
        return {}
    last = days["days"][-1]
    beside = [record_us(row) for row in days.get("first_again") or days["days"][:1]]
    firsts = [record_us(days["days"][0]), *beside]
    dearer = [record_us(last) / cost for cost in (statistics.mean(beside), max(firsts), min(firsts))]
    killed = [row["committed_s"] for row in days["recoveries"] if row["days"] == DAYS]
    found = [("memory_14_days_mib", "MiB", *[last["peak_mib"]] * 3), ("cost_14_over_1", "×", *dearer)]
    found += [("recovery_s", "s", *[seconds] * 3) for seconds in killed]
    return {key: {"measured": v, "least": low, "greatest": high, "unit": u} for key, u, v, low, high in found}


def figures(report: Row) -> list[Figures]:
    parts = report["parts"]
    made = {"days": _days_table, "people": _people_table, "workers": _workers_table}
    return [*(make(parts[name]) for name, make in made.items() if name in parts), law_table(parts)]


def _void(part: Row) -> str:
    return f" (VOID: {part['void']})" if part["void"] else ""


def _days_table(part: Row) -> Figures:
    days, killed = part["days"], {row["days"]: row for row in part["recoveries"]}
    chosen = [day for day in (1, 2, 4, 8, 14) if day <= len(days)]

    def at(name: str, digits: int = 1) -> tuple[str, ...]:
        return tuple(f"{killed[day][name]:,.{digits}f}" if day in killed else "" for day in chosen)

    rows: list[tuple[str, ...]] = [
        ("records held, thousands", *(f"{days[day - 1]['held'] / 1000:,.0f}" for day in chosen)),
        ("memory held, MiB", *(f"{days[day - 1]['resident_mib']:,}" for day in chosen)),
        ("memory at the peak, MiB", *(f"{days[day - 1]['peak_mib']:,}" for day in chosen)),
        ("a record, µs", *(f"{record_us(days[day - 1], 'whole_s'):.1f}" for day in chosen)),
        ("its processor time, µs", *(f"{record_us(days[day - 1]):.1f}" for day in chosen)),
        ("lake, MiB", *(f"{days[day - 1]['lake_mib']:,}" for day in chosen)),
    ]
    if again := part.get("first_again"):
        told = " / ".join(f"{record_us(row):.1f}" for row in again)
        rows.append(("day 1 by new engines, beside the last: processor, µs", *[""] * (len(chosen) - 1), told))
    rows += [
        ("killed, started again: state restored, s", *at("ready_s")),
        ("reads on, s", *at("read_on_s")),
        ("records durable again, s", *at("committed_s")),
        ("processor time until restored, s", *at("ready_processor_s")),
        ("memory of the new process at the peak, MiB", *at("peak_mib", 0)),
        ("killed: nothing lost, nothing doubled", *(_kept(killed.get(day)) for day in chosen)),
    ] if killed else []  # fmt: skip
    title = f"Days of state, {part['residents']:,} people, one engine{_void(part)}"
    return Figures(title, ("day", *map(str, chosen)), rows)


def _kept(row: Row | None) -> str:
    return "" if row is None else "NO" if row["void"] else "yes"


def _people_table(part: Row) -> Figures:
    rows = list[tuple[str, ...]]()
    for row in part["rows"]:
        day, oracle = row["day"], row["oracle"]
        said = "not run: no room" if oracle is None else "the same" if oracle["digest"] == row["digest"] else "ANOTHER"
        rows.append((
            f"{row['residents']:,}", f"{day['records']:,}", f"{record_us(row['registers']):.1f}",
            f"{record_us(day):.1f}", f"{record_us(day, 'whole_s'):.1f}", f"{day['resident_mib']:,}",
            f"{day['peak_mib']:,}", f"{day['lake_mib']:,}", f"{row['restart']['ready_s']:.1f}",
            f"{row['restart']['restore_processor_s']:.1f}", said,
        ))  # fmt: skip
    head = (
        "people", "records of the day", "a record of registers, µs of processor", "of the day, µs of processor",
        "by the clock, µs", "memory held, MiB", "at the peak, MiB", "lake, MiB", "started again, s",
        "restoring, s of processor", "the oracle says",
    )  # fmt: skip
    return Figures(f"Registers and one day through the embedded engine{_void(part)}", head, rows)


def _workers_table(part: Row) -> Figures:
    names = ("records_per_s", "records_per_cpu_s", "intake_us", "writer_us", "broker_us", "writer_share", "cores")
    digits = (0, 0, 1, 1, 1, 2, 2)
    rows = [
        (str(row["workers"]), *(three(row[name], digit) for name, digit in zip(names, digits, strict=True)))
        for row in part["rows"]
    ]
    head = (
        "intake workers", "records/s", "records a second of processor time", "intake, µs a record", "writer, µs",
        "broker, µs", "share of the clock that the writer works", "cores at work",
    )  # fmt: skip
    cores = part.get("machine", {}).get("cpu", "2 x").split(" ")[0]
    title = f"Intake workers before one writer on {cores} cores, a day of {part['residents']:,} people"
    return Figures(title + _void(part), head, rows)


def law_table(parts: Row) -> Figures:
    """Both laws of every cost, and which was taken."""
    rows, found, chosen = [], points(parts), laws(parts)
    for part, costs in chosen.items():
        for cost, law in costs.items():
            pairs = found[part][cost]
            residuals = (f"{each.residual:.1%}" for each in (linear(pairs), power(pairs)))
            span = f"{law.least:,.0f} to {law.most:,.0f}"
            rows.append((f"{cost}, {UNITS[cost]}", DRIVERS[part], law.formula(), *residuals, f"{law.points}", span))
    head = ("cost", "n", "law", "residual, linear", "residual, power", "points", "measured from n to n")
    return Figures("Laws of growth: the one with the smaller residual", head, rows)


def plot(report: Row, part: str = "days") -> str:
    """The costs of a part against their driver, both as multiples of the least size, each with its law beside it."""
    found, chosen = points(report["parts"]).get(part, {}), laws(report["parts"]).get(part, {})
    series: dict[str, Points] = {}
    for cost, law in chosen.items():
        pairs = sorted(found[cost])
        least, unit = pairs[0]
        series[cost] = [(n / least, value / unit) for n, value in pairs]
        series[f"law: {law.formula()} {UNITS[cost]}"] = [(n / least, law.at(n) / unit) for n, _ in pairs]
    driver = DRIVERS[part]
    return lines(f"Growth with {driver}", f"{driver}, times the least", "times the cost there", series, log=True)
