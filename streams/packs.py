"""Finds the policy packs by name, series or path, and lays them out for a reader.

In: a pack's name, a series' name or the path of a TOML file. Out: `Pack`, `PackSeries`, tables for the terminal.
Invariant: an unknown name is an error that lists the known ones; nothing is guessed and no pack is half loaded.
Deliberately absent: what a pack means (schemas/policy.py) and any judgement by it (brain/).
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from schemas.policy import Pack, PackSeries, parse_pack
from schemas.statements import Sourced, Statement

DEFAULT_SERIES = "cn"
_PROOF_FIELDS = frozenset(("source", "confirmed", "note"))


def all_packs() -> list[Pack]:
    """The packs that ship with the engine, by name. Errors: ValueError if a file does not carry its pack's name."""
    packs = []
    for file in resources.files("brain.packs").iterdir():
        if not file.name.endswith(".toml"):
            continue
        pack = parse_pack(file.read_text(encoding="utf-8"), file.name)
        if file.name != f"{pack.name}.toml":
            raise ValueError(f"{file.name}: name: {pack.name!r}; expected {file.name.removesuffix('.toml')!r}")
        packs.append(pack)
    return sorted(packs, key=lambda p: p.name)


def load_pack(name_or_path: str | Path) -> Pack:
    """The pack of that name, or the one in the TOML file at that path. Errors: ValueError, also for a file that
    cannot be read."""
    packs = all_packs()
    for pack in packs:
        if pack.name == str(name_or_path):
            return pack
    path = Path(name_or_path)
    if path.suffix != ".toml":
        raise ValueError(f"no pack {str(name_or_path)!r}; known: {_names(packs)}, or the path of a .toml file")
    return _read(path)


def load_series(name: str = DEFAULT_SERIES) -> PackSeries:
    """The packs of a series by date; for a pack's name or a .toml path, that pack alone. Errors: ValueError."""
    packs = all_packs()
    chosen = [p for p in packs if p.name == name] or [p for p in packs if p.series and p.series == name]
    if chosen:
        return PackSeries(chosen)
    if Path(name).suffix == ".toml":
        return PackSeries([_read(Path(name))])
    series = ", ".join(sorted({p.series for p in packs if p.series}))
    raise ValueError(f"no pack or series {name!r}; known series: {series}; known packs: {_names(packs)}")


def render_packs(packs: list[Pack]) -> RenderableType:
    """One line for each pack: what it is, when it is in force, how many of its statements are unconfirmed."""
    table = Table(title="政策包 policy packs", box=box.SIMPLE, title_justify="left")
    for heading in ("名称 name", "标题 title", "施行 in force"):
        table.add_column(heading, overflow="fold")
    for heading in ("规定 rules and numbers", "未确认 unconfirmed"):
        table.add_column(heading, justify="right")
    for pack in packs:
        confirmed = [s.confirmed for _, s in pack.statements()]
        title = f"{pack.title_zh}\n{pack.title_en}"
        table.add_row(Text(pack.name), Text(title), _in_force(pack), str(len(confirmed)), str(confirmed.count(False)))
    return table


def render_pack(pack: Pack) -> RenderableType:
    """Every number of a pack with its source; those that no text supports are marked 未确认 unconfirmed."""
    head = Text(f"{pack.name}\n{pack.title_zh}\n{pack.title_en}\n", style="bold")
    head.append(f"施行 in force {_in_force(pack)}, 系列 series {pack.series or '—'}\n{pack.source}", style="not bold")
    table = Table(box=box.SIMPLE)
    table.add_column("键 key", overflow="fold")
    table.add_column("数值 numbers", overflow="fold", ratio=2)
    table.add_column("确认 confirmed", overflow="fold")
    table.add_column("来源 source", overflow="fold", ratio=3)
    for key, statement in pack.statements():
        source = Text(statement.source)
        if statement.note:
            source.append(f"\n{statement.note}", style="italic")
        mark = Text("已确认 yes") if statement.confirmed else Text("未确认 unconfirmed", style="bold yellow")
        table.add_row(Text(key), Text(_numbers(statement)), mark, source)
    return Group(head, table)


def _read(path: Path) -> Pack:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ValueError(f"{path}: cannot be read: {reason}") from None
    return parse_pack(text, str(path))


def _names(packs: list[Pack]) -> str:
    return ", ".join(p.name for p in packs)


def _in_force(pack: Pack) -> str:
    """`2021-05-11 – 2022-06-28 (不含)`: half-open, the second day is the first one not covered."""
    if pack.in_force_until == "open":
        return f"{pack.in_force_since} –"
    return f"{pack.in_force_since} – {pack.in_force_until} (不含)"


def _numbers(statement: Statement) -> str:
    if isinstance(statement, Sourced):
        return _word(statement.value)
    fields = (name for name in type(statement).model_fields if name not in _PROOF_FIELDS)
    return ", ".join(f"{name} {_word(getattr(statement, name))}" for name in fields)


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return " ".join(str(v) for v in value) or "—"
    return str(value)
