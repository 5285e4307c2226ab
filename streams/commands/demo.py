"""`brain demo`: an outbreak in a made-up district, from the files of its departments to a line of proof.

In: nothing. Out: DIR/drill, DIR/lake (DIR/kafka/lake), and a tour on standard output.
Invariant: offline; run again, it shows the same, through Kafka as well.
Deliberately absent: anything that the other commands cannot do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from brain.claims import render_text
from replay.scenes.drill import write_drill
from streams.commands.broker import up
from streams.commands.explain import claims_of
from streams.commands.lists import TABLES
from streams.commands.run import run_records, show
from streams.current import Current
from streams.errors import CommandError
from streams.keyfile import find_key, lake_exists
from streams.packs import DEFAULT_SERIES
from streams.score import render_score, truth_of
from streams.service.broker import DEFAULT_FOLDER, LocalBroker
from streams.service.rehearsal import rehearse
from streams.service.settings import load_settings
from streams.terminal import console, cut, table

PEOPLE = 1_200
"""Residents: enough for every rule to have its scene, few enough for a slow machine."""
_SHOWN, _WORKERS = 12, 2


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel="运行 run")(demo)


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="写到何处 where to write")] = Path("out"),
    people: Annotated[int, typer.Option("--people", min=200, help="居民数 residents")] = PEOPLE,
    kafka: Annotated[bool, typer.Option("--kafka", help="经本机 Kafka through a Kafka on this machine")] = False,
) -> None:
    """演练：虚构城区的一次疫情，从记录到依据。A rehearsal: an outbreak in a made-up district, from records to proof.

    例 examples:

      brain demo

      brain demo --out /tmp/drill --people 3000

      brain demo --kafka
    """
    records, lake = out / "drill", out / "kafka" / "lake" if kafka else out / "lake"
    if not any(records.glob("src.*")):
        if lake_exists(lake):
            raise CommandError(f"{lake} 已有其他记录 holds records that are no drill: choose another place, --out DIR")
        console().print(f"写出演练 writing the drill: {people:,} 名居民 residents → {records}", soft_wrap=True)
        write_drill(records, people=people)
    if kafka:
        _through_kafka(records, lake)
    else:
        show(run_records(records, lake, DEFAULT_SERIES, None, quiet=False), lake)
    _tour(records, lake)
    if kafka:
        hint = "brain status, brain lag; stop: brain drain --lake {lake}, brain broker down"
        console().print(f"\n服务仍在运行 the service goes on: {hint.format(lake=lake)}", soft_wrap=True)


def _through_kafka(records: Path, lake: Path) -> None:
    up(port=None, folder=DEFAULT_FOLDER, jars=False, json=False)
    settings = load_settings(lake=lake, bootstrap=LocalBroker.found(DEFAULT_FOLDER).bootstrap)
    rehearse(settings, records, _WORKERS, lambda told: console().print(told, markup=False, soft_wrap=True))
    console().print(f"摘要 digest {Current(lake).manifest['digest']}")


def _tour(records: Path, lake: Path) -> None:
    """What stands, with one proof, and where to look next."""
    say, current = console().print, Current(lake)
    headings, cells = TABLES["cases"]
    say(table("病例 cases", headings, [cells(row) for row in current.rows("cases")]))
    close = [row for row in current.rows("contacts", degree=1) if row["class"] == "close"]
    close.sort(key=lambda row: (-row["exposures"], row["contact_id"]))
    shown, more = cut(close, _SHOWN)
    headings, cells = TABLES["contacts"]
    say(table(f"密接 close contacts: {len(close):,}", headings, [cells(row) for row in shown]))
    say(more)
    secondary = current.rows("contacts", degree=2)
    say(render_score(current, find_key(lake, None), truth_of(records)))
    finished = [row for row in secondary if row["last_exposure_at_ms"] is not None]
    for row in [*finished, *close, *secondary][:1]:
        say("为何 why, for one of them:\n")
        for claim in claims_of(current, row["contact_id"]):
            say(render_text(claim, "both"), markup=False, soft_wrap=True)
    where = "" if lake == Path("out/lake") else f" --lake {lake}"
    for line in (
        f"brain contacts --degree 1{where}      名单 the list",
        f"brain explain P…{where}               为何 why somebody is in it",
        f"brain rejects{where}                  退回的行 lines that were no records",
        f"brain oracle {records} --lake {lake}  用 SQL 核对 check it all in SQL",
        f"{lake}/catalog.duckdb                 供分析 for analysts: SQL over everything",
    ):
        say(f"  {line}", markup=False, soft_wrap=True)
