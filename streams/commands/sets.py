"""`brain import`: a published set, or one's own CSV files, becomes a folder of records.

In: the name of a set, its files. Out: RECORDS for `brain run`, and a report row by row.
Invariant: the options are those of the importer; each has its default there.
Deliberately absent: reading the sets (replay/importers/), and any data.
"""

from __future__ import annotations

import inspect
import json as json_module
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from replay.importers import IMPORTERS, Report, import_csv
from streams.errors import CommandError, asked
from streams.terminal import JsonOption, console, say_json

OutOption = Annotated[
    Path, typer.Option("--out", metavar="RECORDS", help="记录文件夹 folder to write the records into")
]


def add_to(app: typer.Typer) -> None:
    app.command("import", rich_help_panel="运行 run")(import_command)


def import_command(
    name: Annotated[str, typer.Argument(metavar="SET", help="csv, " + ", ".join(IMPORTERS))],
    out: OutOption,
    source: Annotated[
        Path | None, typer.Argument(metavar="SOURCE", help="数据集文件夹 folder of the set; not for csv")
    ] = None,
    cases: Annotated[Path | None, typer.Option("--cases", help="csv: 病例 the file of cases")] = None,
    presences: Annotated[Path | None, typer.Option("--presences", help="csv: 轨迹 the file of presences")] = None,
    links: Annotated[Path | None, typer.Option("--links", help="csv: 身份关联 the file of links, if any")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", metavar="NAME=VALUE", help="该数据集的选项 an option of the set"),
    ] = None,
    json: JsonOption = False,
) -> None:
    """把公开数据集或自己的 CSV 变成记录。Turn a published set, or CSV files of your own, into records.

    例 examples:

      brain import csv --cases cases.csv --presences places.csv --links links.csv --out out/mine

      brain import invs15 data/workplace_invs15 --out out/invs15 -o cases=3

      brain run out/invs15 --lake out/invs15-lake --pack who-2021
    """
    with asked():
        if name == "csv":
            if cases is None or presences is None or source is not None:
                raise CommandError(
                    "用法 usage: brain import csv --cases FILE --presences FILE [--links FILE] --out RECORDS"
                )
            report = import_csv(cases, presences, links, out)
        elif name not in IMPORTERS:
            raise CommandError(f"没有此数据集 no such set; expected csv, {', '.join(IMPORTERS)}")
        elif source is None:
            raise CommandError(f"用法 usage: brain import {name} SOURCE --out RECORDS")
        else:
            report = IMPORTERS[name](source, out, **read_options(IMPORTERS[name], option or []))
    if json:
        say_json(json_module.loads(report.to_json()))
    else:
        console().print(report.render())
        console().print(f"下一步 next: brain run {out} --lake LAKE", soft_wrap=True)


def read_options(importer: Callable[..., Report], given: list[str]) -> dict[str, Any]:
    """The keyword arguments that `NAME=VALUE` texts stand for, by the importer's signature. Errors: CommandError."""
    known = {n: p for n, p in inspect.signature(importer).parameters.items() if p.kind is p.KEYWORD_ONLY}
    read: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        name = name.replace("-", "_")
        if name not in known or not equals:
            forms = ", ".join(f"{n}={p.default}" for n, p in known.items()) or "none"
            raise CommandError(f"选项不明 no such option; expected NAME=VALUE, with their defaults: {forms}")
        read[name] = _as(known[name], value)
    return read


def _as(parameter: inspect.Parameter, value: str) -> Any:
    """The text as the type of the parameter's default: a switch, a number, or text; a folder where none is one."""
    if isinstance(parameter.default, bool):
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if value.lower() not in words:
            raise CommandError(f"{parameter.name}: expected true or false")
        return words[value.lower()]
    if isinstance(parameter.default, int):
        try:
            return int(value)
        except ValueError:
            raise CommandError(f"{parameter.name}: expected a whole number") from None
    return Path(value) if parameter.default is None else value
