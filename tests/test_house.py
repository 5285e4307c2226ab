"""The rules of the house, as tests: size, names, docstrings, forbidden words, who imports whom, what git may hold.

In: the tracked tree. Out: every breach as file:line and what to do about it.
Invariant: a room that is there obeys every rule; only a folder that is absent is passed over.
Deliberately absent: style (ruff), types (mypy), and any rule that would need an exception in more than one place.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("schemas", "brain", "sinks", "replay", "streams", "benchmarks")
COMPOSITION_ROOTS = ("streams/cli.py", "streams/service/worker.py")
FILE_LINES_MAX = 250
FUNCTION_LINES_MAX = 50
TINY_INIT_LINES = 10
README_LINES_MAX = 60
TRACKED_BYTES_MAX = 500_000

BANNED_NAMES = {"utils", "util", "helpers", "helper", "manager", "handler", "processor", "data", "info"}
BANNED_IN_BRAIN = {"time", "random", "logging", "os", "asyncio", "duckdb"}
OPEN_ENDS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
MACHINE_PATH = re.compile(r"(?<![\w.<$}])/(wo" r"rk|ro" r"ot|ho" r"me)/")
TEXT_SUFFIXES = {"", ".cfg", ".csv", ".html", ".json", ".jsonl", ".lock", ".md", ".py", ".sql", ".toml", ".txt", ".yml"}

Finding = tuple[Path, int, str]


def report(found: Iterator[Finding]) -> None:
    """Fails with one line per breach: file:line and what to do."""
    lines = [f"{path.relative_to(ROOT)}:{line}: {advice}" for path, line, advice in found]
    assert not lines, "\n" + "\n".join(lines)


def modules(*rooms: str) -> list[Path]:
    return [path for room in rooms or ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


@cache
def tracked() -> tuple[Path, ...]:
    """The files git holds or is about to: those staged, as far as they are on disk."""
    git = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z"]
    names = subprocess.run(git, check=True, capture_output=True).stdout.decode().split("\0")
    return tuple(path for name in names if name and (path := ROOT / name).is_file())


def tracked_lines() -> Iterator[tuple[Path, int, str]]:
    for path in tracked():
        if path.suffix in TEXT_SUFFIXES:
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                yield path, number, line


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and top-level name of every module that is imported, wherever in the file."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module.split(".")[0]


def test_a_file_is_short_enough_to_be_read_in_one_sitting() -> None:
    counts = ((path, len(path.read_text("utf-8").splitlines())) for path in modules())
    report(
        (path, count, f"{count} lines, at most {FILE_LINES_MAX}: split it along a noun")
        for path, count in counts
        if count > FILE_LINES_MAX
    )


def test_a_function_fits_on_a_screen() -> None:
    def long_functions() -> Iterator[Finding]:
        for path in modules():
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    count = (node.end_lineno or node.lineno) - node.lineno + 1
                    if count > FUNCTION_LINES_MAX:
                        advice = f"{node.name}: {count} lines, at most {FUNCTION_LINES_MAX}: name its steps"
                        yield path, node.lineno, advice

    report(long_functions())


def test_a_module_says_what_holds_and_what_is_not_there() -> None:
    def silent() -> Iterator[Finding]:
        for path in modules():
            if path.name == "__init__.py" and len(path.read_text("utf-8").splitlines()) < TINY_INIT_LINES:
                continue
            docstring = ast.get_docstring(tree(path)) or ""
            for word in ("Invariant", "Deliberately absent"):
                if word not in docstring:
                    yield path, 1, f"the module docstring lacks a line '{word}: ...'"

    report(silent())


def test_a_module_is_named_for_what_it_is() -> None:
    named = ((path, {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}) for path in modules())
    report(
        (path, 1, f"'{name}' says nothing: name the thing it holds")
        for path, parts in named
        for name in sorted(parts & BANNED_NAMES)
    )


def test_only_composition_roots_catch_everything() -> None:
    def catch_alls() -> Iterator[Finding]:
        for path in modules():
            if path.relative_to(ROOT).as_posix() in COMPOSITION_ROOTS:
                continue
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.ExceptHandler) and _catches_everything(node):
                    yield path, node.lineno, f"name the errors you expect; the rest belongs to {COMPOSITION_ROOTS}"

    report(catch_alls())


def _catches_everything(node: ast.ExceptHandler) -> bool:
    """Whether errors of every kind end here. To clean up and pass the error on, `except BaseException: ...; raise`."""
    if node.type is None:
        return True
    caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    names = {kind.id for kind in caught if isinstance(kind, ast.Name)}
    last = node.body[-1]
    passed_on = isinstance(last, ast.Raise) and last.exc is None
    return "Exception" in names or ("BaseException" in names and not passed_on)


def test_nothing_is_left_for_later_in_the_text() -> None:
    report(
        (path, number, "finish it, or say under 'does not do yet' that it is missing")
        for path, number, line in tracked_lines()
        if OPEN_ENDS.search(line)
    )


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    report(
        (path, number, "an absolute path of one machine: take it from an argument or make it relative")
        for path, number, line in tracked_lines()
        if MACHINE_PATH.search(line)
    )


def test_every_room_says_what_it_is() -> None:
    def unsaid() -> Iterator[Finding]:
        for room in (*ROOMS, "tests"):
            readme = ROOT / room / "README.md"
            if not (ROOT / room).is_dir():
                continue
            if not readme.is_file():
                yield readme, 1, "missing: what it is, invariants, what is deliberately absent, decisions"
            elif (count := len(readme.read_text("utf-8").splitlines())) > README_LINES_MAX:
                yield readme, count, f"{count} lines, at most {README_LINES_MAX}"

    report(unsaid())


def test_the_brain_has_no_clock_no_chance_and_no_machine() -> None:
    report(
        (path, line, f"no '{name}' in brain: let it arrive as data, or do it in streams or sinks")
        for path in modules("brain")
        for line, name in imported(path)
        if name in BANNED_IN_BRAIN
    )


def test_git_holds_no_large_file() -> None:
    report(
        (path, 1, f"{path.stat().st_size} bytes, at most {TRACKED_BYTES_MAX}: make it when it is needed")
        for path in tracked()
        if path.stat().st_size > TRACKED_BYTES_MAX
    )


def test_rooms_import_only_what_the_architecture_allows() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"{run.stdout}{run.stderr}\nThe contracts: pyproject.toml; the reasons: ARCHITECTURE.md"


def test_every_contract_room_is_a_room_of_the_house() -> None:
    linted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["root_packages"]
    assert set(linted) == {*ROOMS, "tests"}, "pyproject.toml [tool.importlinter] root_packages: list every room"


def _locked() -> dict[str, str]:
    """Package → its block in the lock."""
    text = (ROOT / "requirements.lock").read_text("utf-8")
    blocks = re.findall(r"^([a-z0-9-]+)==(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    return dict(blocks)


def _required() -> list[str]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project = pyproject["project"]
    wanted = [*pyproject["build-system"]["requires"], *project["dependencies"]]
    wanted += [name for extra in project["optional-dependencies"].values() for name in extra]
    return [re.split(r"[<>=!~\[; ]", requirement)[0].lower() for requirement in wanted]


@pytest.mark.parametrize("package", _required())
def test_what_the_project_asks_for_is_locked_with_hashes(package: str) -> None:
    block = _locked().get(package, "")
    assert "--hash=sha256:" in block, f"requirements.lock: {package} is missing; renew it (docs/dependencies.md)"


def test_the_lock_names_no_address() -> None:
    lock = ROOT / "requirements.lock"
    lines = enumerate(lock.read_text("utf-8").splitlines(), 1)
    report(
        (lock, number, "an address or an option of one machine; renew it as docs/dependencies.md says")
        for number, line in lines
        if "://" in line or re.match(r"-|.*@", line)
    )
