"""`brain packs`: the policy packs, every number with its source.

In: a pack's name. Out: tables, or the pack as JSON.
Invariant: a number that no text supports is marked as such.
Deliberately absent: changing a pack; a pack is a TOML file (docs/packs.md).
"""

from __future__ import annotations

from typing import Annotated

import typer

from streams.errors import asked
from streams.packs import all_packs, load_pack, render_pack, render_packs
from streams.terminal import JsonOption, console, say_json

packs = typer.Typer(
    help="政策包：每个数字及其来源。Policy packs: every number and its source.", invoke_without_command=True
)


def add_to(app: typer.Typer) -> None:
    app.add_typer(packs, name="packs", rich_help_panel="查询 read")


@packs.callback()
def list_packs(context: typer.Context, json: JsonOption = False) -> None:
    """政策包一览。The packs that come with the engine.

    例 examples:

      brain packs

      brain packs show cn-8
    """
    if context.invoked_subcommand is not None:
        return
    found = all_packs()
    if json:
        fields = {"name", "title_zh", "title_en", "series", "in_force_since", "in_force_until", "source"}
        say_json([pack.model_dump(mode="json", include=fields) for pack in found])
    else:
        console().print(render_packs(found))


@packs.command("show")
def show_pack(
    name: Annotated[str, typer.Argument(metavar="NAME", help="名称或 .toml 文件 a pack's name, or a .toml file")],
    json: JsonOption = False,
) -> None:
    """一个政策包的全部数字。Every rule and number of one pack.

    例 examples:

      brain packs show cn-8

      brain packs show my-city.toml --json
    """
    with asked():
        pack = load_pack(name)
    if json:
        say_json(pack.model_dump(mode="json"))
    else:
        console().print(render_pack(pack))
