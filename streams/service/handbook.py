"""Handbook: the page of all settings, made from `Settings`.

In: the settings' fields. Out: Markdown; `brain serve --settings > docs/settings.md` writes the one in the repository.
Invariant: what stands on the page is what the program checks.
Deliberately absent: values of this installation; some are secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from streams.service.settings import Settings, variable

_HEAD = """# 设置 Settings

由 `brain serve --settings` 生成。Made from `streams/service/settings.py`; a test holds it equal.
每项设置是一个环境变量；命令的选项优先。Each setting is a variable of the environment; an option of a command goes
before it. Workers get theirs from `brain serve`; started without it, they read the same variables.

| variable | what | default | allowed |
|---|---|---|---|
"""
_LIMITS = (("ge", "≥ "), ("gt", "> "), ("le", "≤ "), ("lt", "< "))


def settings_page() -> str:
    """The whole page as Markdown."""
    rows = (_row(name, field) for name, field in Settings.model_fields.items())
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(name: str, field: FieldInfo) -> Iterable[str]:
    default = field.get_default()
    shown = "" if default is None or isinstance(default, SecretStr) or str(default) == "" else f"`{default}`"
    return f"`{variable(name)}`", field.description or "", shown, _allowed(field)


def _allowed(field: FieldInfo) -> str:
    kind: Any = field.annotation
    if get_origin(kind) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(kind))
    told = field.metadata
    found = [f"{sign}{getattr(each, word):,}" for word, sign in _LIMITS for each in told if hasattr(each, word)]
    found += [f"`{each.pattern}`" for each in told if getattr(each, "pattern", None)]
    return ", ".join(found).replace("|", "\\|")
