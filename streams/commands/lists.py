"""`brain cases`, `contacts`, `leads`, `holds`, `reviews`, `digest`: what stands now, as tables or JSON.

In: a lake's current snapshot. Out: rows.
Invariant: read-only; may be asked while an engine writes.
Deliberately absent: analysis; that is SQL over LAKE/catalog.duckdb.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from streams.current import Current, parsed_code
from streams.terminal import (
    DEFAULT_LAKE,
    JsonOption,
    LakeOption,
    LimitOption,
    console,
    cut,
    minutes,
    say_json,
    table,
    when,
)

Row = dict[str, Any]
CaseOption = Annotated[str, typer.Option("--case", metavar="P…", help="只看此病例 of this case alone")]


class Reason(StrEnum):
    """Why somebody is held."""

    pool = "pool"
    medicine = "medicine"


def add_to(app: typer.Typer) -> None:
    for command in (cases, contacts, leads, holds, reviews, digest):
        app.command(rich_help_panel="查询 read")(command)


def cases(lake: LakeOption = DEFAULT_LAKE, limit: LimitOption = 50, json: JsonOption = False) -> None:
    """病例及其传染期。Cases with their infectious windows.

    例 examples:

      brain cases

      brain cases --json --limit 0
    """
    _show("cases", "病例 cases", Current(lake).rows("cases"), limit, json)


def contacts(
    case: CaseOption = "",
    degree: Annotated[
        int | None, typer.Option("--degree", min=0, max=2, help="1 密接 close, 2 次密接 secondary, 0 一般 general")
    ] = None,
    lake: LakeOption = DEFAULT_LAKE,
    limit: LimitOption = 50,
    json: JsonOption = False,
) -> None:
    """接触者名单。Contacts: who, of whom, why, and until when.

    例 examples:

      brain contacts --degree 1

      brain contacts --case P0123456789abcdef --json --limit 0
    """
    wanted: dict[str, str | int] = {"case_person": parsed_code(case, "P")} if case else {}
    if degree is not None:
        wanted["degree"] = degree
    rows = Current(lake).rows("contacts", **wanted)
    # Who matters most comes first; in the same class, who was exposed last.
    rows.sort(key=lambda row: (-_RANK[row["class"]], -(row["last_exposure_at_ms"] or 1 << 62)))
    _show("contacts", "接触者 contacts", rows, limit, json)


_RANK = {"close": 3, "secondary": 2, "venue_exposed": 1, "companion": 1, "general": 0}


def leads(
    case: CaseOption = "",
    lake: LakeOption = DEFAULT_LAKE,
    limit: LimitOption = 50,
    json: JsonOption = False,
) -> None:
    """时空伴随线索，请人工核实。Leads: phones about with a case's, for a human to ask; no contacts.

    例 examples:

      brain leads

      brain leads --case P0123456789abcdef --json --limit 0
    """
    wanted = {"case_person": parsed_code(case, "P")} if case else {}
    rows = Current(lake).rows("leads", **wanted)
    rows.sort(key=lambda row: -row["together_ms"])
    _show("leads", "线索 leads", rows, limit, json)


def holds(
    reason: Annotated[
        Reason | None, typer.Option("--reason", help="pool 混管阳性 a positive pool; medicine 购药 a medicine bought")
    ] = None,
    lake: LakeOption = DEFAULT_LAKE,
    limit: LimitOption = 50,
    json: JsonOption = False,
) -> None:
    """暂时管控名单及解除条件。Holds: who must wait for a single-tube test, and sampled from when on it counts.

    例 examples:

      brain holds

      brain holds --reason pool --json --limit 0
    """
    wanted = {"reason": reason.value} if reason else {}
    rows = Current(lake).rows("holds", **wanted)
    rows.sort(key=lambda row: (row["reason"] != "pool", row["since_ms"]))
    _show("holds", "管控 holds", rows, limit, json)


def reviews(lake: LakeOption = DEFAULT_LAKE, limit: LimitOption = 50, json: JsonOption = False) -> None:
    """待人工核实的矛盾。What a human must settle: contested identities, cases without dates, conflicting records.

    例 example:

      brain reviews --json
    """
    _show("reviews", "待核 reviews", Current(lake).rows("reviews"), limit, json)


def digest(lake: LakeOption = DEFAULT_LAKE, json: JsonOption = False) -> None:
    """当前结论的摘要。The digest of what stands: the same for the same records, key and packs, in whatever order.

    例 examples:

      brain digest

      test "$(brain digest --lake a)" = "$(brain digest --lake b)"
    """
    manifest = Current(lake).manifest
    if json:
        say_json({name: manifest[name] for name in ("digest", "digests", "snapshot", "key_id", "packs", "progress")})
    else:
        typer.echo(manifest["digest"])


def _show(view: str, title: str, rows: list[Row], limit: int, json: bool) -> None:
    shown, more = cut(rows, limit)
    if json:
        say_json(shown)
        return
    headings, cells = TABLES[view]
    console().print(table(f"{title}: {len(rows):,}", headings, [cells(row) for row in shown]))
    if more:
        console().print(more)


def _case(row: Row) -> tuple[object, ...]:
    window = f"{when(row['window_since_ms'])} – {when(row['window_until_ms'])}"
    basis = f"{row['window_rule']}, {row['pack']}"
    return (
        row["case_person"],
        row["classification"],
        when(row["onset_at_ms"]),
        when(row["isolated_at_ms"]),
        window,
        basis,
    )


def _contact(row: Row) -> tuple[object, ...]:
    last, together = when(row["last_exposure_at_ms"]), minutes(row["overlap_ms"])
    why = f"{row['rule']} ({row['certainty']})"
    return (
        row["contact_id"], row["contact_person"], row["class"], row["source_person"], why, together, last,
        when(row["isolate_until_ms"]),
    )  # fmt: skip


def _lead(row: Row) -> tuple[object, ...]:
    stays = f"{minutes(row['case_stay_ms'])} / {minutes(row['stay_ms'])}"
    return (
        row["person"], row["case_person"], minutes(row["together_ms"]), row["place_label"] or row["place"],
        row["cells"], stays, when(row["last_together_at_ms"]), row["rule"],
    )  # fmt: skip


def _hold(row: Row) -> tuple[object, ...]:
    basis = f"{row['rule']}, {row['pack']}"
    return row["person"], row["reason"], when(row["since_ms"]), when(row["sampled_from_ms"]), basis


def _review(row: Row) -> tuple[object, ...]:
    return row["kind"], row["subject"], when(row["at_ms"]), " ".join(row["people"])


TABLES: dict[str, tuple[tuple[str, ...], Any]] = {
    "cases": (("病例 case", "分类 class", "发病 onset", "隔离 isolated", "传染期 infectious", "依据 by"), _case),
    "contacts": (
        (
            "编号 contact",
            "接触者 person",
            "类别 class",
            "来源 of",
            "规则 rule",
            "同处 together",
            "最后接触 last",
            "隔离至 until",
        ),
        _contact,
    ),
    "leads": (
        (
            "人员 person", "病例 case", "同处 together", "网格 cell", "网格数 cells", "累计 stays: case / person",
            "最后同处 last", "规则 rule",
        ),
        _lead,
    ),
    "holds": (
        ("人员 person", "原因 reason", "自 since", "单管采样不早于 single tube sampled from", "依据 by"),
        _hold,
    ),
    "reviews": (("种类 kind", "对象 subject", "时间 at", "涉及 people"), _review),
}
