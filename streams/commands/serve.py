"""`brain serve`: the whole service on this machine: topics, key, the writer and the intake workers, kept running.

In: settings from `BRAIN_*` and options. Out: a service, until SIGTERM or Ctrl-C; its log on standard error.
Invariant: what can be found wrong before any worker is started is found then: settings, pack, key, topics.
Deliberately absent: going into the background; a service manager does that (docs/runbook.md).
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from streams.commands.topics import BootstrapOption
from streams.errors import asked
from streams.keyfile import find_key
from streams.packs import load_series
from streams.service import logs
from streams.service.cluster import BrokerError, quiet_clients
from streams.service.handbook import settings_page
from streams.service.settings import Settings, load_settings
from streams.service.supervisor import Supervisor
from streams.service.topics import ensure_topics
from streams.terminal import KeyOption

WORKERS_MAX = 64
_AGAIN_S = 2.0
_log = logs.get("serve")


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel="服务 service")(serve)


def serve(
    workers: Annotated[
        int, typer.Option("--workers", min=0, max=WORKERS_MAX, metavar="N", help="读入进程数 intake processes")
    ] = 1,
    lake: Annotated[
        Path | None, typer.Option("--lake", metavar="LAKE", help="数据湖文件夹 folder of the lake; default: BRAIN_LAKE")
    ] = None,
    key: KeyOption = None,
    pack: Annotated[
        str | None, typer.Option("--pack", metavar="NAME", help="政策包或系列 a pack or a series; default: BRAIN_PACK")
    ] = None,
    bootstrap: BootstrapOption = None,
    port: Annotated[
        int | None, typer.Option("--port", help="状态页端口 port of the writer's pages; default: BRAIN_PORT")
    ] = None,
    settings: Annotated[
        bool, typer.Option("--settings", help="列出全部设置 all settings, as Markdown, and nothing else")
    ] = False,
) -> None:
    """运行服务：主题、读入进程、写入进程。Run the service: topics, intake workers, the writer.

    进程意外结束会重新启动；Ctrl-C 或 SIGTERM 停止。What ends is started again; Ctrl-C or SIGTERM stops all.

    例 examples:

      brain serve --workers 2

      BRAIN_BOOTSTRAP=kafka-1:9092,kafka-2:9092 brain serve --lake /srv/lake

      brain serve --settings
    """
    if settings:
        sys.stdout.write(settings_page())
        return
    chosen = load_settings(lake=lake, key=key, pack=pack, bootstrap=bootstrap, port=port)
    logs.configure(chosen.log_level, "supervisor", 0)
    with asked():
        load_series(chosen.pack)
    find_key(chosen.lake, chosen.key, may_create=True)
    _log.info("serving", lake=str(chosen.lake), workers=workers, status=f"http://{chosen.host}:{chosen.port}/status")
    asyncio.run(Supervisor(chosen, workers).run(lambda: _topics(chosen)))


async def _topics(settings: Settings) -> None:
    """Waits for the broker, since after a power cut nobody knows which of the two is up first."""
    while True:
        try:
            with quiet_clients():
                made = await ensure_topics(settings)
        except BrokerError as error:
            _log.warning("waiting for Kafka", why=str(error), again_in_s=_AGAIN_S)
            await asyncio.sleep(_AGAIN_S)
        else:
            _log.info("topics", made=len(made))
            return
