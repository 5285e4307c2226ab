"""`brain beds` and `brain fleet`: how full the sites are and will be, and where the vehicles are and who is aboard.

In: a lake's current snapshot. Out: a row a site, a row a vehicle, as tables or JSON.
Invariant: every figure is SQL over the published views; an analyst who asks the catalog the same gets the same.
Deliberately absent: who lies where (brain transfer), and any guess: who has no site yet is in no forecast.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from brain.transfer_words import TAKES, listed, span
from schemas.instants import DAY_MS
from streams.commands.transfer import known
from streams.current import Current
from streams.terminal import DEFAULT_LAKE, JsonOption, LakeOption, console, say_json, table, when
from streams.ways import present_ms

Row = dict[str, Any]
FORECAST_DAYS = (1, 2, 3)
BEDS = """
WITH room AS (
  SELECT *, beds - planned - lodged AS left_over, coalesce(free_at_ms > $now, false) AS being_cleaned,
         coalesce(since_ms <= $now, true) AND coalesce(until_ms > $now, true) AS open_now
  FROM beds
), way AS (
  SELECT site, {forecast}
  FROM transfers WHERE site <> '' GROUP BY site
)
SELECT site, min(site_label) AS site_label, any_value(takes) AS takes, bool_and(open_now) AS open,
       count(*) AS rooms, sum(room.beds)::BIGINT AS beds, sum(planned)::BIGINT AS planned,
       sum(lodged)::BIGINT AS lodged,
       coalesce(sum(greatest(left_over, 0)) FILTER (open_now AND NOT being_cleaned), 0)::BIGINT AS free,
       coalesce(sum(greatest(left_over, 0)) FILTER (open_now AND being_cleaned), 0)::BIGINT AS cleaning,
       {columns}
FROM room LEFT JOIN way USING (site) GROUP BY site ORDER BY site_label, site
"""
"""Occupied on day n: who is lodged, and of those on their way with a deadline by then, less those who may be released
by then. Who has no deadline any more is taken for coming at once; who has no release stays."""
_ON_THE_WAY = "state IN ('assigned', 'dispatched', 'aboard', 'arrived')"
FLEET = """
WITH run AS (
  SELECT vehicle, run, any_value(run_label) AS run_label, any_value(site_label) AS site_label,
         count(DISTINCT person) AS people,
         coalesce(list(person ORDER BY person) FILTER (state = 'aboard'), []) AS aboard,
         min(due_at_ms) AS due_at_ms
  FROM transfers WHERE vehicle <> '' AND state IN ('assigned', 'dispatched', 'aboard', 'arrived') GROUP BY ALL
), held AS (
  SELECT vehicle, list({'run': run, 'run_label': run_label, 'site_label': site_label, 'people': people,
                        'aboard': aboard, 'due_at_ms': due_at_ms} ORDER BY due_at_ms, run) AS runs
  FROM run GROUP BY vehicle
), named AS (SELECT vehicle, min(vehicle_label) AS told FROM transfers WHERE vehicle <> '' GROUP BY vehicle)
SELECT vehicle, coalesce(vehicle_label, told, '') AS vehicle_label, seats, wheelchairs, sealed, lat, lon, pinged_at_ms,
       $now - pinged_at_ms AS silent_ms, disinfected_at_ms, crew_until_ms, crew_tested_at_ms, held,
       coalesce(runs, []) AS runs, seats IS NOT NULL AS registered
FROM vehicles FULL JOIN held USING (vehicle) LEFT JOIN named USING (vehicle) ORDER BY vehicle_label, vehicle
"""


def add_to(app: typer.Typer) -> None:
    for command in (beds, fleet):
        app.command(rich_help_panel="转运 transfers")(command)


def beds(
    site: Annotated[str, typer.Option("--site", metavar="S", help="地点名或 L… a site's name or code")] = "",
    lake: LakeOption = DEFAULT_LAKE,
    json: JsonOption = False,
) -> None:
    """各隔离点床位，及三日占用预测。Beds of each site: planned, lodged, free, being cleaned; and the next three days.

    例 examples:

      brain beds

      brain beds --site 隔离点03 --json
    """
    current = Current(lake)
    now_ms, chosen = present_ms(current), known(site, "site", current)
    rows = [row for row in asked_of(current, _beds_sql(now_ms), now_ms) if chosen in ("", row["site"])]
    unsettled = sum(way["state"] in ("needed", "ordered") for way in current.rows("transfers"))
    if json:
        say_json({"at_ms": now_ms, "sites": rows, "without_a_site": unsettled})
        return
    if not rows:
        console().print("尚无隔离点和房间 no site and no room is known yet: isolation_site, isolation_room")
        return
    days = tuple(f"{n} 日后 +{n} d" for n in FORECAST_DAYS)
    headings = ("地点 site", "收 takes", "床位 beds", "待入 planned", "在住 lodged", "空 free", "消杀 cleaning", *days)
    title = f"床位 beds: {len(rows):,}；{_as_of(now_ms)}"
    console().print(table(title, headings, [_bed_cells(row, now_ms) for row in rows]))
    console().print(f"未定地点 without a site yet: {unsettled:,}", soft_wrap=True)


def _beds_sql(now_ms: int | None) -> str:
    """Without a tick there is no day to look forward from: the present figure stands in for all."""
    forecast, columns = [], []
    for n in FORECAST_DAYS:
        until = (now_ms or 0) + n * DAY_MS
        comes = f"count(DISTINCT person) FILTER ({_ON_THE_WAY} AND coalesce(due_at_ms <= {until}, true))"
        goes = f"count(DISTINCT person) FILTER (state = 'admitted' AND release_due_at_ms <= {until})"
        forecast.append(f"{comes} - {goes} AS change_{n}" if now_ms is not None else f"0 AS change_{n}")
        columns.append(f"(sum(lodged) + coalesce(any_value(change_{n}), 0))::BIGINT AS occupied_{n}")
    return BEDS.format(forecast=", ".join(forecast), columns=", ".join(columns))


def _bed_cells(row: Row, now_ms: int | None) -> tuple[object, ...]:
    known_now = now_ms is not None
    days = tuple(f"{row[f'occupied_{n}']:,} / {row['beds']:,}" if known_now else "—" for n in FORECAST_DAYS)
    name = (row["site_label"] or row["site"]) + ("" if row["open"] else "（未开放 closed）")
    return (
        name, listed(TAKES, row["takes"])[0], row["beds"], row["planned"], row["lodged"], row["free"],
        row["cleaning"], *days,
    )  # fmt: skip


def fleet(
    vehicle: Annotated[str, typer.Option("--vehicle", metavar="V", help="车号或 L… a vehicle's number or code")] = "",
    lake: LakeOption = DEFAULT_LAKE,
    json: JsonOption = False,
) -> None:
    """转运车：位置、班组、消毒、失联多久、车次与车上人员。Vehicles: where, crew, disinfection, silence, who is aboard.

    例 examples:

      brain fleet

      brain fleet --vehicle 转运07 --json
    """
    current = Current(lake)
    now_ms, chosen = present_ms(current), known(vehicle, "vehicle", current)
    rows = [row for row in asked_of(current, FLEET, now_ms) if chosen in ("", row["vehicle"])]
    if json:
        say_json({"at_ms": now_ms, "vehicles": rows})
        return
    if not rows:
        console().print("尚无转运车 no transfer vehicle is known yet: transfer_vehicle")
        return
    headings = (
        "车辆 vehicle", "座 seats", "位置 at", "失联 silent", "班组至 crew until", "检测 crew tested",
        "消毒 disinfected", "车次 runs: 人数 people, 车上 aboard",
    )  # fmt: skip
    title = f"转运车 vehicles: {len(rows):,}；{_as_of(now_ms)}"
    console().print(table(title, headings, [_fleet_cells(row) for row in rows]))


def _fleet_cells(row: Row) -> tuple[object, ...]:
    name = row["vehicle_label"] or row["vehicle"]
    seats = f"{row['held']:,} / {row['seats']:,}" if row["registered"] else "未登记 not registered"
    at = "—" if row["lat"] is None or row["lon"] is None else f"{row['lat']:.4f}, {row['lon']:.4f}"
    silent = "—" if row["silent_ms"] is None else span(row["silent_ms"])[1]
    runs = "; ".join(
        f"{run['run_label'] or run['run'] or '—'} → {run['site_label'] or '—'}: {run['people']:,}"
        + (f", {' '.join(run['aboard'])}" if run["aboard"] else "")
        for run in row["runs"]
    )
    return (
        name + (" 负压 sealed" if row["sealed"] else ""), seats, at, silent, when(row["crew_until_ms"]),
        when(row["crew_tested_at_ms"]), when(row["disinfected_at_ms"]), runs or "—",
    )  # fmt: skip


def _as_of(now_ms: int | None) -> str:
    return f"截至 as of {when(now_ms)}" if now_ms is not None else "尚无时刻记录 no tick yet"


def asked_of(current: Current, sql: str, now_ms: int | None) -> list[Row]:
    """The rows of a question to the catalog, in which `$now` is the last tick; null without one."""
    with current.facts() as db:
        rows: list[Row] = db.execute(sql, {"now": now_ms}).to_arrow_table().to_pylist()
    return rows
