"""`brain oracle`: the same records answered at once in plain SQL, and compared with what a lake says.

In: RECORDS, perhaps a lake to compare with. Out: a digest, or the rows that differ, view by view.
Invariant: the same intake, and nothing of the brain.
Deliberately absent: speed; the oracle recomputes the whole history.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.compute as pc
import typer

from replay.oracle import answer
from schemas.facts import FactBatch
from schemas.intake import Intake
from schemas.keys import Key
from schemas.policy import PackSeries
from schemas.views import VIEWS
from sinks.digest import canonical, combined, digest_of_view
from sinks.render import Names, render
from streams.batches import as_tables, merged
from streams.commands.run import RecordsArgument
from streams.current import Current
from streams.errors import FINDINGS, CommandError, asked
from streams.keyfile import find_key
from streams.packs import DEFAULT_SERIES, load_pack, load_series
from streams.records import Reader, find_parts
from streams.terminal import JsonOption, KeyOption, PackOption, console, say_json, table

ROWS_SHOWN = 5
_NO_LAKE = Key("oracle", bytes(32))
"""Without a lake nobody else's pseudonyms are met; a fixed key makes the digest repeatable."""
Row = dict[str, Any]
CompareOption = Annotated[
    Path | None, typer.Option("--lake", metavar="LAKE", help="与此湖比对 compare with what this lake says")
]


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel="核对 check")(oracle)


def oracle(
    records: RecordsArgument,
    lake: CompareOption = None,
    key: KeyOption = None,
    pack: PackOption = DEFAULT_SERIES,
    json: JsonOption = False,
) -> None:
    """用 SQL 独立重算，与数据湖逐行比对。Recompute everything in SQL and compare with a lake, row by row.

    退出码 exit code 1: 不一致 they differ.

    例 examples:

      brain oracle out/records --lake out/lake

      brain oracle out/records --json
    """
    parts = find_parts(records)
    current = Current(lake) if lake is not None else None
    with asked():
        packs = PackSeries([load_pack(n) for n in current.manifest["packs"]]) if current else load_series(pack)
    secret = _NO_LAKE if current is None and key is None else find_key(current.lake if current else records, key)
    reader = Reader(parts, {})
    batch = read_all(reader, Intake(secret))
    views = answer(*as_tables(batch), packs)
    views = {view: canonical(view, views[view]) for view in VIEWS}
    digest = combined({view: digest_of_view(view, views[view]) for view in VIEWS})
    differing = differences(current, views, batch) if current and digest != current.manifest["digest"] else {}
    if json:
        equal = {} if current is None else {"equal": digest == current.manifest["digest"], "differing": differing}
        say_json({"digest": digest, "rows": {v: t.num_rows for v, t in views.items()}, **equal})
    else:
        _show(digest, views, current, differing)
    if reader.troubles:
        raise CommandError("; ".join(reader.troubles), FINDINGS)
    raise typer.Exit(FINDINGS if current and digest != current.manifest["digest"] else 0)


def read_all(reader: Reader, intake: Intake) -> FactBatch:
    """The facts of every record as one batch."""
    batches = [intake.read(c.part.source, c.lines, c.part.name, c.offsets)[0] for c in reader.chunks()]
    return merged(batches)


def differences(current: Current, views: dict[str, pa.Table], batch: FactBatch) -> dict[str, dict[str, list[Row]]]:
    """By view, the rows that one side alone has, as published."""
    names = pc.binary_join_element_wise(batch.records["source"], batch.records["record_id"], "/")
    records = _distinct(pa.table({"rec": batch.records["rec"], "name": names}))
    labelled = batch.places.filter(pc.not_equal(batch.places["label"], ""))
    places = _distinct(pa.table({"place": labelled["place"], "label": labelled["label"]}))
    found = {}
    for view, table_ in views.items():
        ours = Counter(map(repr, rows := render(view, table_, records, places).to_pylist()))
        theirs = Counter(map(repr, published := current.rows(view)))
        sides = {
            "oracle_only": [row for row in rows if repr(row) not in theirs],
            "lake_only": [row for row in published if repr(row) not in ours],
        }
        if any(sides.values()):
            found[view] = sides
    return found


def _distinct(texts: pa.Table) -> Names:
    """Of several texts of one number the least, as the lake has it."""
    number, text = texts.column_names
    return Names.of_table(texts.group_by(number).aggregate([(text, "min")]).select([number, f"{text}_min"]))


def _show(digest: str, views: dict[str, pa.Table], current: Current | None, differing: dict[str, Any]) -> None:
    out = console()
    out.print(table("算得 oracle", ("表 view", "行 rows"), [(view, t.num_rows) for view, t in views.items()]))
    out.print(f"摘要 digest {digest}")
    if current is None:
        return
    if digest == current.manifest["digest"]:
        out.print(f"一致 equal: {current.lake}")
        return
    out.print(f"不一致 they differ: {current.lake} has {current.manifest['digest']}")
    for view, sides in differing.items():
        for side, rows in sides.items():
            out.print(f"{view}: {len(rows):,} {side}")
            for row in rows[:ROWS_SHOWN]:
                out.print(f"  {row}", markup=False, soft_wrap=True)
