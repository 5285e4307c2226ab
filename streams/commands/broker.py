"""`brain broker up`, `down`, `status`: a Kafka on this machine, by Docker Compose or from jars.

In: what this machine has: a Docker engine, or Java and Maven. Out: a Kafka at 127.0.0.1, or what is missing.
Invariant: each may be asked any number of times; data stays until `down --wipe`.
Deliberately absent: clusters. One that is there is used by BRAIN_BOOTSTRAP alone (docs/kafka.md).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from streams.errors import FINDINGS, CommandError
from streams.service.broker import DEFAULT_FOLDER, DEFAULT_PORT, LocalBroker
from streams.service.compose import COMPOSE_FILE, Compose
from streams.service.jars import jars_there
from streams.terminal import JsonOption, console, say_json

FolderOption = Annotated[
    Path, typer.Option("--folder", metavar="FOLDER", help="数据文件夹 folder of its data, without Docker")
]
PortOption = Annotated[
    int | None, typer.Option("--port", min=1, max=65_535, help="端口 port at 127.0.0.1; default: as before, or 9092")
]
broker = typer.Typer(
    no_args_is_help=True, help="本机 Kafka：启动、停止、状态。A Kafka on this machine.\n\n例 example:  brain broker up"
)
_DOCKER, _JARS = "docker", "jars"


def add_to(app: typer.Typer) -> None:
    app.add_typer(broker, name="broker", rich_help_panel="服务 service")


@broker.command()
def up(
    port: PortOption = None,
    folder: FolderOption = DEFAULT_FOLDER,
    jars: Annotated[bool, typer.Option("--jars", help="不用 Docker from jars, even where Docker is")] = False,
    json: JsonOption = False,
) -> None:
    """启动本机 Kafka，可用后返回。Start a Kafka here; returns when it serves. One that runs is left as it is.

    有 Docker 用 Docker，否则用 Java 17。With Docker where an engine answers, else from jars on Java 17.

    例 examples:

      brain broker up

      brain broker up --jars --port 9192
    """
    local, compose = LocalBroker.found(folder), Compose.find()
    if isinstance(compose, Compose) and not jars and not local.running:
        chosen = port or compose.port() or DEFAULT_PORT
        compose.up(chosen)
        why, how, local = "", _DOCKER, LocalBroker(folder, chosen)
        if not local.serves():
            hint = f"see docker compose -f {COMPOSE_FILE} logs"
            raise CommandError(f"无应答 Docker runs Kafka, and {local.bootstrap} does not answer: {hint}")
    else:
        why = "" if jars or isinstance(compose, Compose) else f" ({compose})"
        if not jars_there():
            console(stderr=True).print("首次取得 Kafka fetching Kafka by Maven, this once …")
        how, local = _JARS, LocalBroker(folder, port or local.port).start()
    if json:
        say_json({"by": how, "bootstrap": local.bootstrap, "folder": str(folder) if how == _JARS else None})
        return
    console().print(f"Kafka 已可用 serves at {local.bootstrap}, 方式 by {how}{why}", markup=False, soft_wrap=True)
    if local.port != DEFAULT_PORT:
        console().print(f"请设置 set BRAIN_BOOTSTRAP={local.bootstrap}", markup=False)


@broker.command()
def down(
    folder: FolderOption = DEFAULT_FOLDER,
    wipe: Annotated[bool, typer.Option("--wipe", help="并删除数据 remove what its topics hold, too")] = False,
    json: JsonOption = False,
) -> None:
    """停止本机 Kafka，保留数据。Stop the Kafka here; what its topics hold stays.

    例 examples:

      brain broker down

      brain broker down --wipe
    """
    local, compose = LocalBroker.found(folder), Compose.find()
    ended = []
    if local.running:
        local.stop()
        ended.append(_JARS)
    if isinstance(compose, Compose) and compose.port() is not None:
        compose.down()
        ended.append(_DOCKER)
    if wipe:
        local.wipe()
        if isinstance(compose, Compose):
            compose.wipe()
    if json:
        say_json({"ended": ended, "wiped": wipe})
        return
    console().print(f"已停止 stopped: {', '.join(ended)}" if ended else "没有在运行 none was running")
    if wipe:
        hint = "a lake that read from it cannot go on with a new one: give the next service another lake (BRAIN_LAKE)"
        console().print(f"数据已删除 its data is gone; {hint}", soft_wrap=True)


@broker.command()
def status(folder: FolderOption = DEFAULT_FOLDER, json: JsonOption = False) -> None:
    """本机 Kafka 是否可用；不可用时退出码为 1。Whether a Kafka runs and serves here; exit code 1 if not.

    例 example:

      brain broker status --json
    """
    found = _standing(folder)
    if json:
        say_json(found)
    elif found["by"] is None:
        console().print("没有在运行 none runs; brain broker up", markup=False)
    else:
        serves = "可用 serves" if found["serves"] else "无应答 does not answer"
        held = f", {found['bytes']:,} bytes in {found['folder']}, pid {found['pid']}" if found["by"] == _JARS else ""
        console().print(f"{serves} at {found['bootstrap']}, 方式 by {found['by']}{held}", markup=False, soft_wrap=True)
    raise typer.Exit(0 if found["serves"] else FINDINGS)


def _standing(folder: Path) -> dict[str, Any]:
    local = LocalBroker.found(folder)
    compose = None if local.running else Compose.find(COMPOSE_FILE)
    port = compose.port() if isinstance(compose, Compose) else None
    if port is not None:
        local = LocalBroker(folder, port)
    by = _JARS if local.running else _DOCKER if port is not None else None
    return {
        "by": by,
        "bootstrap": local.bootstrap if by else None,
        "serves": by is not None and local.serves(),
        "pid": local.pid,
        "folder": str(folder) if by == _JARS else None,
        "bytes": local.size_bytes() if by == _JARS else None,
    }
