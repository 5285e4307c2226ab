"""Drill texts: a drill's file that is over soon, for tests.

In: further lines. Out: the file.
Invariant: it is a whole drill: twelve departments, somebody is found.
Deliberately absent: faults, unless a test adds some.
"""

from __future__ import annotations

from pathlib import Path

SHORT = """
title_zh = "一日"
title_en = "One day"
about_zh = "测试用。"
about_en = "For tests."
seed = 5
first_day = 2022-03-08
days = 1
residents = 600
seeds = 12
"""


def drill_file(folder: Path, more: str = "") -> Path:
    """`short.toml` in the folder."""
    path = folder / "short.toml"
    path.write_text(f"{SHORT}\n{more}", encoding="utf-8")
    return path
