"""File: a drill's TOML file becomes a plan, or every mistake in it is told.

In: the path of a file, or the name of a drill that comes with the engine. Out: `Plan`, or `DrillError`.
Invariant: what is not understood is an error; nothing is guessed and no drill is half read.
Deliberately absent: what the plan leads to.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from dataclasses import MISSING, fields
from datetime import date
from functools import cache
from importlib import resources
from math import inf
from pathlib import Path
from typing import Any, get_args

from replay.drills.positions import positions
from replay.drills.questions import (
    Asked,
    DrillError,
    Mistake,
    WrongError,
    day,
    instant,
    number,
    one_of,
    text,
    whole,
    word,
    words,
)
from replay.faults.catalogue import FAULTS
from replay.plan import Fault, Inject, InjectKind, Plan, Profile, Transfers
from replay.score.definitions import DEFINITIONS
from replay.transfers.troubles import TROUBLES
from replay.wave.parameters import PARAMETERS
from schemas.departments import DEPARTMENTS, sources
from schemas.departments.drafting import PEOPLE
from schemas.instants import DAY_MS, day_number, day_start, local_text

RESIDENTS_MIN, DAYS_MAX = 200, 31
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_SET = re.compile(r"[a-z0-9_]{1,60}")
_PACE = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)x")


def drills() -> dict[str, str]:
    """The texts of the drills that come with the engine, by name."""
    files = (f for f in resources.files("replay.drills").iterdir() if f.name.endswith(".toml"))
    return {f.name.removesuffix(".toml"): f.read_text(encoding="utf-8") for f in sorted(files, key=lambda f: f.name)}


def load_drill(name_or_path: str) -> Plan:
    """The drill of that name, or the one in the file at that path. Errors: DrillError; ValueError for neither."""
    known = drills()
    if name_or_path in known:
        return read_drill(known[name_or_path], f"{name_or_path}.toml", name_or_path)
    path = Path(name_or_path)
    if path.suffix != ".toml":
        names = ", ".join(known)
        raise ValueError(
            f"没有此演练 no drill {name_or_path!r}; known: {names}, 或 .toml 文件路径 or the path of a .toml file"
        )
    try:
        found = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ValueError(f"{path}: 无法读取 cannot be read: {reason}") from None
    return read_drill(found, str(path), path.stem)


def read_drill(source: str, file: str, name: str) -> Plan:
    """The plan that a text says. `file`: as mistakes call it. Errors: DrillError with every mistake."""
    try:
        table = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        line = int(at[1]) if at else len(source.splitlines())
        expected = "合乎 TOML 的文字", "TOML (https://toml.io)"
        raise DrillError([Mistake(file, line, "TOML", str(error), expected)]) from None
    asked = Asked(file, positions(source), [], (), table)
    if not _NAME.fullmatch(name):
        asked.wrong((), f"文件名 file name {name!r}", "小写字母、数字、连字符", "small letters, digits and hyphens")
    given = _plain(asked)
    since, days = given["first_day"] or date(2022, 3, 8), given["days"] or 1
    span = day_start(day_number(since)), day_start(day_number(since)) + days * DAY_MS
    given["injects"] = tuple(_inject(row, *span) for row in asked.tables("inject"))
    given["faults"] = tuple(fault for row in asked.tables("fault") if (fault := _fault(row, *span)) is not None)
    given["transfers"] = _transfers(asked) if "transfers" in table else None
    given["wave"] = _wave(asked.inner("wave"))
    given["expect"] = _bounds(asked.inner("expect"))
    asked.end()
    if asked.mistakes:
        raise DrillError(asked.mistakes)
    return Plan(name=name, **given)


def _plain(asked: Asked) -> dict[str, Any]:
    """What stands above all tables."""
    get, default = asked.get, {f.name: f.default for f in fields(Plan) if f.default is not MISSING}
    given = {
        "title": (get("title_zh", text), get("title_en", text)),
        "about": (get("about_zh", text), get("about_en", text)),
        "seed": get("seed", whole(0, 2**31 - 1)),
        "first_day": get("first_day", day),
        "days": get("days", whole(1, DAYS_MAX)),
        "residents": get("residents", whole(RESIDENTS_MIN, PEOPLE)),
        "profile": get("profile", word(get_args(Profile)), default["profile"]),
        "pack": get("pack", _pack, default["pack"]),
        "pace": get("pace", _pace, default["pace"]),
        "sets": get("sets", _sets, ()),
    }
    return given | {"seeds": get("seeds", whole(0, given["residents"] or PEOPLE), default["seeds"])}


def _inject(row: Asked, since_ms: int, until_ms: int) -> Inject:
    kind = row.get("kind", word(get_args(InjectKind)))
    at_ms = row.get("at", instant(since_ms, until_ms - 1, _span(since_ms, until_ms)))
    people = row.get("people", whole(0, 10_000), 0)
    row.end()
    return Inject(kind, at_ms, people)


def _fault(row: Asked, since_ms: int, until_ms: int) -> Fault | None:
    name = row.get("kind", word(FAULTS))
    if name is None:
        return None
    kind, within = FAULTS[name], instant(since_ms, until_ms, _span(since_ms, until_ms))
    aims = () if kind.registers else row.get("sources", words([*DEPARTMENTS, *sources()]), ())
    share = row.get("share", number(0, 1), *([] if kind.share is None else [kind.share]))
    options: dict[str, Any] = {}
    for option, bounds in kind.options.items():
        ask = number(bounds.low, bounds.high)
        options[option] = row.get(option, ask) if bounds.default is None else row.get(option, ask, bounds.default)
    if kind.span:
        options |= {"since_ms": row.get("since", within), "until_ms": row.get("until", within)}
        if None not in options.values() and options["since_ms"] >= options["until_ms"]:
            row.wrong(("until",), str(row.table["until"]), "晚于 since 的时间", "a time after since")
    row.end()
    return Fault(name, aims, share, options)


def _wave(table: Asked) -> dict[str, float]:
    given = {name: table.get(name, number(0, inf)) for name in table.table if name in PARAMETERS}
    table.end(PARAMETERS)
    return given


def _transfers(asked: Asked) -> Transfers:
    """The table `[transfers]`, with the shares of its troubles in `[transfers.faults]`."""
    table, default = asked.inner("transfers"), Transfers()
    given = {
        "vehicles": table.get("vehicles", whole(0, 1_000), default.vehicles),
        "beds": table.get("beds", number(0, 10), default.beds),
        "cabins_after_hours": table.get("cabins_after_hours", whole(-1, DAYS_MAX * 24), default.cabins_after_hours),
        "dispatch_minutes": table.get("dispatch_minutes", _minutes, default.dispatch_minutes),
    }
    faults = table.inner("faults")
    shares = {name: faults.get(name, number(0, 1)) for name in faults.table if name in TROUBLES}
    faults.end(TROUBLES)
    table.end()
    return Transfers(**given, faults=shares)


def _minutes(value: Any) -> int:
    """Slices end at midnight."""
    found = whole(10, 720)(value)
    if 1440 % found:
        raise WrongError("能整除一天的分钟数，如 30、60", "minutes that divide a day, such as 30 or 60")
    return int(found)


def _bounds(table: Asked) -> dict[str, tuple[float, float]]:
    """Bounds by the dotted name of their figure."""
    found: dict[str, tuple[float, float]] = {}
    for name, value in table.table.items():
        if isinstance(value, dict) and name in DEFINITIONS:
            found |= {f"{name}.{rest}": bounds for rest, bounds in _bounds(table.inner(name)).items()}
        elif name.partition(".")[0] not in DEFINITIONS and not table.path[1:]:
            table.wrong((name,), name, *one_of(list(DEFINITIONS), name))
        else:
            found[name] = table.get(name, _between)
    return found


def _between(value: Any) -> tuple[float, float]:
    if isinstance(value, list) and len(value) == 2:
        low, high = (number(-inf, inf)(bound) for bound in value)
        if low <= high:
            return low, high
    raise WrongError("[下限, 上限]", "[lowest, highest], such as [0.99, 1]")


def pace_of(text: str) -> float:
    """Seconds of the drill in one second; 0: as fast as it can. Errors: ValueError."""
    try:
        return _pace(text)
    except WrongError as wrong:
        raise ValueError(f"速度不明 no such pace: {text}; 应为 expected {' | '.join(wrong.expected)}") from None


def _pace(value: Any) -> float:
    if value == "max":
        return 0.0
    match = _PACE.fullmatch(value) if isinstance(value, str) else None
    if match is None or not float(match[1]):
        raise WrongError('"max"，或倍数如 "60x"', '"max", or how many times as fast, such as "60x"')
    return float(match[1])


@cache
def _packs() -> tuple[str, ...]:
    """Names of packs and of series."""
    names: dict[str, None] = {}
    for file in resources.files("brain.packs").iterdir():
        if file.name.endswith(".toml"):
            pack = tomllib.loads(file.read_text(encoding="utf-8"))
            names |= dict.fromkeys(n for n in (pack.get("series"), pack.get("name")) if n)
    return tuple(sorted(names))


def _pack(value: Any) -> str:
    known: Collection[str] = _packs()
    if isinstance(value, str) and value.endswith(".toml"):
        return value
    return str(word(known)(value))


def _sets(value: Any) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) and _SET.fullmatch(item) for item in value):
        return tuple(value)
    raise WrongError("数据集文件夹名的列表", "a list of folder names of published sets")


def _span(since_ms: int, until_ms: int) -> str:
    return f"{local_text(since_ms)} – {local_text(until_ms)}"
