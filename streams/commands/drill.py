"""`brain drill list`, `show`, `run`: rehearsals of an outbreak in a synthetic city, scored against the hidden truth.

In: the name of a drill, or a drill's file. Out: DIR/NAME with records, truth, lake, score, report; a tour.
Invariant: offline; the same drill gives the same view, at any pace, through Kafka as well.
Deliberately absent: what a drill does (replay), how it runs (streams/drills.py) and looks (drill_views.py).
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from replay.drills.file import RESIDENTS_MIN, drills, load_drill, pace_of
from replay.plan import Plan
from schemas.departments.drafting import PEOPLE
from streams.commands.broker import up
from streams.commands.drill_views import Watch, plan_table, plans_table, show_score, tour
from streams.current import Current
from streams.drills import RunFolder, run_embedded, run_loop, run_through_kafka, score_run, write_records
from streams.errors import FINDINGS, CommandError, asked
from streams.service.broker import DEFAULT_FOLDER, LocalBroker
from streams.service.settings import load_settings
from streams.terminal import JsonOption, console, say_json

DEFAULT_OUT = Path("out/drills")
_WORKERS = 2
DrillArgument = Annotated[str, typer.Argument(metavar="DRILL", help="演练名或 .toml 文件 a drill's name, or its file")]
SetsOption = Annotated[
    Path | None, typer.Option("--sets", metavar="DIR", help="公开数据集所在 where published sets lie")
]
ResidentsOption = Annotated[
    int | None, typer.Option("--residents", min=RESIDENTS_MIN, max=PEOPLE, help="另用居民数 another size")
]
drill = typer.Typer(
    no_args_is_help=True,
    help="演练：虚构城市的疫情，十二个部门的记录，对照真相打分。Rehearsals, scored against the truth.\n\n"
    "例 example:  brain drill run small",
)


def add_to(app: typer.Typer) -> None:
    app.add_typer(drill, name="drill", rich_help_panel="运行 run")


@drill.command("list")
def list_drills(json: JsonOption = False) -> None:
    """列出自带的演练。List the drills that come with the engine."""
    with asked():
        found = [load_drill(name) for name in drills()]
    if json:
        say_json([asdict(plan) for plan in found])
    else:
        console().print(plans_table(found))


@drill.command()
def show(name: DrillArgument, json: JsonOption = False) -> None:
    """说明一个演练；有误的文件在此逐条指出。Show a drill; every mistake of its file is told.

    例 examples:

      brain drill show feeds-at-their-worst

      brain drill show my-drill.toml
    """
    with asked():
        plan = load_drill(name)
    if json:
        say_json(asdict(plan))
    else:
        console().print(plan_table(plan))


@drill.command()
def run(
    name: DrillArgument,
    pace: Annotated[str | None, typer.Option("--pace", metavar="PACE", help="1x, 60x, max; 默认 default: max")] = None,
    kafka: Annotated[bool, typer.Option("--kafka", help="经本机 Kafka through a Kafka on this machine")] = False,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="写到何处 where to write")] = DEFAULT_OUT,
    sets: SetsOption = None,
    pack: Annotated[str | None, typer.Option("--pack", metavar="NAME", help="另用政策包 another pack, series")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="另用种子 another seed")] = None,
    residents: ResidentsOption = None,
    json: JsonOption = False,
) -> None:
    """运行演练：写出记录，交给引擎，对照真相打分。Write a drill's records, feed the engine, score what it found.

    退出码 1：未达演练文件的期望。Exit code 1: a bound of the drill's file is not held.

    例 examples:

      brain drill run small

      brain drill run small --pace 3600x

      brain drill run jilin-2022 --residents 8000 --out /tmp/drills

      brain drill run small --kafka
    """
    with asked():
        plan = _chosen(load_drill(name), pack, seed, residents)
        speed = plan.pace if pace is None else pace_of(pace)
    if kafka and speed:
        raise CommandError("--kafka 只能全速 goes at once; at a pace: brain produce RECORDS --pace 60x")
    folder = RunFolder(out / (f"{plan.name}-kafka" if kafka else plan.name))
    watch = Watch(plan, quiet=json)
    if kafka:
        _through_kafka(plan, folder, sets, watch)
    else:
        folder.clear()
        _embedded(plan, folder, sets, speed, watch)
    score = score_run(plan, folder, watch.scoring)
    watch.end()
    if json:
        digest = Current(folder.lake).manifest["digest"]
        say_json({"drill": plan.name, "folder": str(folder.path), "digest": digest, "held": score.held})
    else:
        show_score(score, folder)
        tour(folder, serving=kafka)
    raise typer.Exit(0 if score.held else FINDINGS)


def _chosen(plan: Plan, pack: str | None, seed: int | None, residents: int | None) -> Plan:
    """The plan with what was asked for instead. Fewer residents bring in fewer infections, at least one where any."""
    if residents is not None:
        seeds = -(-plan.seeds * residents // plan.residents)
        plan = replace(plan, residents=residents, seeds=min(plan.seeds, seeds))
    return replace(plan, pack=pack or plan.pack, seed=plan.seed if seed is None else seed)


def _embedded(plan: Plan, folder: RunFolder, sets: Path | None, pace: float, watch: Watch) -> None:
    if plan.transfers is not None:  # what its records are depends on what is decided on the way
        run_loop(plan, folder, sets, pace, watch.writing, watch.fed)
    else:
        watch.wrote(write_records(plan, folder, sets, watch.writing))
        run_embedded(plan, folder, pace, watch.fed)


def _through_kafka(plan: Plan, folder: RunFolder, sets: Path | None, watch: Watch) -> None:
    if not folder.holds(plan):
        if folder.lake.exists():
            hint = f"stop it (brain drain --lake {folder.lake}) and remove it, or choose --out DIR"
            raise CommandError(f"{folder.path} 已有另一演练 holds another drill; {hint}")
        folder.clear()
        if plan.transfers is None:
            watch.wrote(write_records(plan, folder, sets, watch.writing))
        else:
            _embedded(plan, folder, sets, 0.0, watch)
            folder.forget_lake()
    watch.end()
    up(port=None, folder=DEFAULT_FOLDER, jars=False, json=False)
    bootstrap = LocalBroker.found(DEFAULT_FOLDER).bootstrap
    settings = load_settings(lake=folder.lake, bootstrap=bootstrap, pack=plan.pack)
    run_through_kafka(folder, settings, _WORKERS, lambda told: console().print(told, markup=False, soft_wrap=True))
