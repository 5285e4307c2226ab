"""The cookbook: what analysts are told to ask is what is timed, and each question has an answer.

In: the questions, the lake of the small drill. Out: pass or fail.
Invariant: the answers come through the catalog, while an engine writes.
Deliberately absent: times.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks import analysts
from replay.drills.file import load_drill


def test_the_cookbook_is_made_of_the_questions_that_are_timed() -> None:
    assert analysts.COOKBOOK.read_text("utf-8") == analysts.cookbook(), "python -m benchmarks.analysts --cookbook"
    asked = analysts.questions()
    assert len(asked) >= 12
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in question.zh) for question in asked)


def test_every_question_has_an_answer_at_rest_and_while_the_engine_writes(tmp_path: Path) -> None:
    report = analysts.ask_all(load_drill("small"), tmp_path)
    for when in ("at_rest", "while_writing"):
        silent = [name for name, told in report[when].items() if told["rows"] == 0]
        assert not silent, f"{when}: no rows"
    assert len(report["while_writing"]) == len(analysts.questions())
