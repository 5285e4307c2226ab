"""`brain bench` and `python -m benchmarks`: what becomes of one that is fine, void, broken or interrupted.

In: planted benchmarks, in processes of their own. Out: files, exit codes, what is said.
Invariant: one that fails does not keep the next from being measured; nothing that was started goes on.
Deliberately absent: what real ones measure (test_benchmarks.py).
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import benchmarks.__main__ as command
from benchmarks.budgets import BUDGETS
from streams.cli import main
from streams.commands import bench
from streams.service.jars import JARS_VARIABLE
from tests.brokers import jars

pytestmark = pytest.mark.alone
PLANTED = {"planted": "tests.planted_benchmarks", "absent": "tests.no_such_benchmark"}
INTERRUPTIBLE = """
import sys
import benchmarks.__main__ as command
command.BENCHMARKS.clear()
command.BENCHMARKS["planted"] = "tests.planted_benchmarks"
command.LONG = ("planted",)
if __name__ == "__main__":
    sys.exit(command.main(["planted", "--size", "long", "--out", sys.argv[1]]))
"""


def said_of(folder: Path, size: str, *names: str) -> tuple[list[str], str]:
    """What is wrong, and what was printed."""
    console = Console(file=StringIO(), width=200)
    wrong = command.run(names, size, folder, console, PLANTED)
    assert isinstance(console.file, StringIO)
    return wrong, console.file.getvalue()


def test_a_report_is_written_with_what_it_must_be_read_with(tmp_path: Path) -> None:
    wrong, said = said_of(tmp_path, "tiny", "planted")
    assert wrong == []
    assert "planted: planted" in said
    report = json.loads((tmp_path / "planted-tiny.json").read_text("utf-8"))
    assert {"machine", "date", "size", "load_before", "load_after", "seeds", "repeats", "digest"} <= report.keys()
    assert report["machine"]["commit"]
    page = (tmp_path / "planted-tiny.md").read_text("utf-8")
    assert report["machine"]["commit"] in page
    assert "planted-tiny.svg" in page
    assert "<svg" in (tmp_path / "planted-tiny.svg").read_text("utf-8")


def test_another_answer_is_void_on_the_terminal_on_the_page_and_in_the_exit(tmp_path: Path) -> None:
    wrong, said = said_of(tmp_path, "quick", "planted")
    assert wrong == ["planted: VOID: the digests differ: abc, abd"]
    assert "VOID" in said
    assert "VOID" in (tmp_path / "planted-quick.md").read_text("utf-8")


def test_one_that_fails_is_named_and_the_next_is_measured_all_the_same(tmp_path: Path) -> None:
    wrong, said = said_of(tmp_path, "tiny", "absent", "planted")
    assert wrong == ["absent: failed"]
    assert (tmp_path / "planted-tiny.json").is_file()
    assert "absent: failed" in said
    assert said_of(tmp_path, "full", "planted")[0] == ["planted: failed"]


def test_an_interrupted_run_ends_at_once_and_leaves_nothing_running_not_even_the_broker(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(INTERRUPTIBLE, "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(bench.TREE), JARS_VARIABLE: str(jars())}
    words = [sys.executable, "-u", str(script), str(tmp_path / "out")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as running:
        assert running.stdout is not None
        line = next(line for line in running.stdout if "processes" in line)
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
    assert running.returncode == 130
    assert "interrupted" in rest
    for pid in line.split()[-2:]:
        while not _ended(int(pid)):
            time.sleep(0.05)


def _ended(pid: int) -> bool:
    """Dead, whether or not somebody has asked how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_every_benchmark_of_the_command_has_the_same_shape() -> None:
    for name, module in command.BENCHMARKS.items():
        found = importlib.import_module(module)
        assert all(callable(getattr(found, part, None)) for part in ("measure", "figures", "plot")), name
    sources = {report.partition("-")[0] for budget in BUDGETS for report in budget.reports}
    assert sources <= {*command.BENCHMARKS}, "a budget whose report no command makes"


def test_the_command_says_which_benchmarks_there_are_and_that_only_some_are_long(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for arguments, told in ((["nonsense"], "kafka_day"), (["day", "--size", "long"], "scale")):
        with pytest.raises(SystemExit) as end:
            command.main(arguments)
        assert end.value.code == 2
        assert told in capsys.readouterr().err


def test_brain_bench_hands_over_to_the_benchmarks_of_the_tree(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "streams.cli", "bench", "nonsense", "--out", "out"]
    environment = {**os.environ, "PYTHONPATH": str(bench.TREE)}
    ran = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert ran.returncode == 2
    assert "no such benchmark: nonsense" in ran.stderr


def test_an_installed_package_says_that_the_benchmarks_are_in_the_source_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "TREE", tmp_path)
    assert main(["bench", "day"]) == 2
    told = capsys.readouterr().err
    assert "源码" in told
    assert "source tree" in told
