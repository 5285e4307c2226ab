"""`brain drain` and `brain rewind`: bringing the service to a clean stop, and making it read again what its lake lacks.

In: settings; for rewinding the lake itself, with its key. Out: a stopped service; a consumer group that is set back.
Invariant: neither loses a record that the lake or the broker has.
Deliberately absent: starting the service again (`brain serve`).
"""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from streams.commands.topics import BootstrapOption, ask
from streams.errors import CommandError
from streams.opening import open_lake
from streams.service.drain import Told, running, stop_service, wait_until_drained
from streams.service.inquiry import Supervisor
from streams.service.rewind import Rewound, rewind
from streams.service.settings import Settings, load_settings
from streams.terminal import DEFAULT_LAKE, JsonOption, KeyOption, LakeOption, console, say_json, table

_TIMEOUT_S = 120.0


def add_to(app: typer.Typer) -> None:
    app.command("drain", rich_help_panel="服务 service")(drain)
    app.command("rewind", rich_help_panel="服务 service")(rewound)


def drain(
    keep: Annotated[bool, typer.Option("--keep", help="排空后不停止 leave the service running")] = False,
    timeout: Annotated[float, typer.Option("--timeout", min=1, metavar="S", help="最多等几秒 s at most")] = _TIMEOUT_S,
    lake: LakeOption = DEFAULT_LAKE,
    bootstrap: BootstrapOption = None,
    json: JsonOption = False,
) -> None:
    """排空并停止。Wait until everything published so far is in a snapshot, then stop the service.

    之后到达的记录留在主题里，下次启动再读。What comes later stays in its topic for the next start.

    例 examples:

      brain drain

      brain drain --keep --timeout 600
    """
    settings = load_settings(bootstrap=bootstrap, lake=lake)
    supervisor = None if keep else running(settings)
    columns, screen = (TextColumn("{task.description}"), TimeElapsedColumn()), console(stderr=True)
    with Progress(*columns, console=screen, transient=True, disable=json or not screen.is_terminal) as bar:
        task = bar.add_task("排空 drain", total=None)

        def told(lagging: int, waiting: str) -> None:
            bar.update(task, description=f"排空 drain: {lagging:,} 滞后 lagging, waiting for {waiting}")

        ask(_drained(settings, timeout, told, supervisor))
    if json:
        say_json({"drained": True, "stopped": supervisor is not None})
    else:
        end = "" if keep else ", 服务已停止 the service is stopped"
        console().print(f"已排空 drained: 全部已发布 all that was published before is in a snapshot{end}")


async def _drained(settings: Settings, timeout: float, told: Told, supervisor: Supervisor | None) -> None:
    await wait_until_drained(settings, timeout, told)
    if supervisor is not None:
        await stop_service(settings, supervisor)


def rewound(
    accept_loss: Annotated[bool, typer.Option("--accept-loss", help="接受已失 go on without what is gone")] = False,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="事由 why; kept in the audit log")] = "",
    lake: LakeOption = DEFAULT_LAKE,
    key: KeyOption = None,
    pack: Annotated[
        str | None, typer.Option("--pack", metavar="NAME", help="政策包 the lake's packs; default: BRAIN_PACK")
    ] = None,
    bootstrap: BootstrapOption = None,
    json: JsonOption = False,
) -> None:
    """读取位置退回到数据湖。Set the intake workers back to where the lake ends; the service must be stopped.

    消费组被误移时用，不丢记录。For when their group was moved: nothing is lost, and what comes twice is dropped.

    例 examples:

      brain rewind

      brain rewind --accept-loss --reason "三月八日停电 power cut of 8 March"
    """
    if accept_loss and not reason.strip():
        raise CommandError("请写明事由 a reason is required: --accept-loss --reason TEXT")
    settings = load_settings(bootstrap=bootstrap, lake=lake, key=key, pack=pack)
    with open_lake(settings.lake, settings.key, settings.pack) as opened:
        found = ask(rewind(settings, opened.lake, reason.strip() if accept_loss else None, _actor()))
    if json:
        say_json([vars(each) for each in found])
        return
    _show(found, settings.lake)


def _show(found: list[Rewound], lake: Path) -> None:
    moved = [each for each in found if each.before != each.to]
    headings = ("分区 part", "原位置 before", "现位置 now", "已失 lost")
    rows = [(each.part, "—" if each.before is None else f"{each.before:,}", each.to, each.lost) for each in moved]
    if rows:
        console().print(table(f"读取位置 positions: {len(moved)} moved of {len(found)}", headings, rows))
    else:
        console().print(f"无须移动 nothing to move: all {len(found)} positions are where {lake} ends")


def _actor() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
