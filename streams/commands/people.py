"""`brain pseudonym` and `brain audit`: from an identifier to its code, for a stated reason, on the record.

In: an identifier and a reason. Out: its code and whose it was when; a line in the audit log.
Invariant: the identifier is neither printed nor stored; no answer without an audit line before it.
Deliberately absent: the way back from a code to an identifier.
"""

from __future__ import annotations

import getpass
import sys
from typing import Annotated, Any

import typer

from schemas.identifiers import read_identifier
from schemas.instants import OPEN_MS
from schemas.keys import ANCHOR_KINDS, IDENTIFIER_KINDS, pseudonym
from streams.current import Current
from streams.errors import CommandError, asked
from streams.holders import Holding, holdings
from streams.opening import open_lake
from streams.packs import DEFAULT_SERIES
from streams.terminal import (
    DEFAULT_LAKE,
    JsonOption,
    KeyOption,
    LakeOption,
    LimitOption,
    PackOption,
    console,
    say_json,
    table,
    when,
)


def add_to(app: typer.Typer) -> None:
    # What is left over is refused here: the usual message would repeat it, and it may be half an identifier.
    app.command("pseudonym", rich_help_panel="个人 people", context_settings={"allow_extra_args": True})(
        pseudonym_command
    )
    app.command(rich_help_panel="个人 people")(audit)


def pseudonym_command(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="种类 one of " + ", ".join(IDENTIFIER_KINDS))],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="号码；- 从标准输入读 the identifier; - reads it from input")
    ],
    reason: Annotated[str, typer.Option("--reason", help="事由，记入日志 why you ask; it is kept in the audit log")],
    lake: LakeOption = DEFAULT_LAKE,
    key: KeyOption = None,
    pack: PackOption = DEFAULT_SERIES,
    json: JsonOption = False,
) -> None:
    """由证件号、手机号等查编号（留痕）。The code of an identifier, and of the person it stands for; audited.

    用 - 可免号码留在命令历史。With - the identifier stays out of the shell's history.

    例 examples:

      brain pseudonym resident_id - --reason "核实来电 call-back 0412" < id.txt

      brain pseudonym transit_card KC000001 --reason "家属询问 a relative asks"
    """
    if context.args:
        raise CommandError("参数过多 too many arguments; quote an identifier that holds spaces, or pass it with -")
    if kind not in IDENTIFIER_KINDS:
        raise CommandError(f"种类不明 unknown kind; expected one of {', '.join(IDENTIFIER_KINDS)}")
    if not reason.strip():
        raise CommandError("请写明事由 a reason is required: --reason TEXT")
    with open_lake(lake, key, pack) as opened:
        with asked():
            given = sys.stdin.readline() if value == "-" else value
            token = opened.key.identifier(kind, read_identifier(kind, given))
        opened.lake.audit("pseudonym", reason.strip(), pseudonym(token), _actor())
    held = holdings(Current(lake), token)
    anchor = kind in ANCHOR_KINDS
    if json:
        say_json({"code": pseudonym(token), "kind": kind, "holdings": [_plain(h) for h in held]})
        return
    console().print(f"编号 code {pseudonym(token)} ({kind})")
    whose = "此人 person" if anchor else "归属 held by"
    rows = [(pseudonym(h.person), _time(h.since_ms), _time(h.until_ms)) for h in held]
    console().print(table(whose, ("编号 person", "自 from", "至 until"), rows))


def audit(
    lake: LakeOption = DEFAULT_LAKE,
    key: KeyOption = None,
    pack: PackOption = DEFAULT_SERIES,
    limit: LimitOption = 50,
    json: JsonOption = False,
) -> None:
    """谁为何查过谁。The audit log: who asked for which code, when and why; newest last.

    例 example:

      brain audit --json --limit 0
    """
    with open_lake(lake, key, pack) as opened:
        rows = opened.lake.audit_log().to_pylist()
    shown = rows[-limit:] if limit else rows
    if json:
        say_json(shown)
        return
    headings = ("时间 at", "何人 who", "操作 action", "编号 code", "事由 reason")
    cells = [(when(r["at_ms"]), r["actor"], r["action"], r["subject_code"], r["reason"]) for r in shown]
    console().print(table(f"日志 audit: {len(rows):,}", headings, cells))


def _plain(held: Holding) -> dict[str, Any]:
    return {"person": pseudonym(held.person), "since": _time(held.since_ms), "until": _time(held.until_ms)}


def _time(ms: int) -> str:
    return when(None if abs(ms) >= OPEN_MS else ms)


def _actor() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
