"""Given: the bits by which a lake knows which optional fields a record gave stay what they were when it was written.

In: the record models, tests/given_fields.txt. Out: pass or fail.
Invariant: a field keeps its place for good; a new one comes last.
Deliberately absent: what a scoreboard makes of the bits (test_quality.py).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.decode import fields_of
from schemas.departments import sources

FILE = Path(__file__).with_name("given_fields.txt")
_APPEND = "write it down: python -m tests.test_given > tests/given_fields.txt, and commit that"
_MOVED = (
    "lakes that were written before would read {0}'s bits as other fields. Put a new optional field last in its model "
    "(in the model itself, not in one that several have in common); keep a field that goes, and read it no more"
)


def told(source: str) -> list[str]:
    """The optional fields of a source in the order of their bits."""
    fields = [field for field in fields_of(sources()[source]) if field.bit >= 0]
    assert [field.bit for field in fields] == list(range(len(fields)))
    return [field.name for field in fields]


def written() -> dict[str, list[str]]:
    lines = (line.partition(":") for line in FILE.read_text(encoding="utf-8").splitlines())
    return {source: fields.split() for source, _, fields in lines}


def complaint(source: str, now: list[str], before: list[str] | None) -> str:
    """What is wrong with the order of a source's optional fields, and what to do; nothing if it is as it was."""
    if before is None:
        return f"{source} is new: {_APPEND}"
    if now[: len(before)] != before:
        at = next(n for n, name in enumerate(before) if now[n : n + 1] != [name])
        found = now[at] if at < len(now) else "nothing"
        return f"{source}: bit {at} was {before[at]} and is {found}: {_MOVED.format(source)}"
    return f"{source}: {', '.join(now[len(before) :])} at the end is new: {_APPEND}" if len(now) > len(before) else ""


@pytest.mark.parametrize("source", sorted(sources()))
def test_optional_fields_keep_their_bits(source: str) -> None:
    told_before = written().get(source)
    found = complaint(source, told(source), told_before)
    assert not found, found


def test_no_source_leaves_the_file() -> None:
    gone = sorted(set(written()) - set(sources()))
    assert not gone, f"{gone} have no model any more, and lakes may hold their records: keep the model"


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (["a", "b"], ["a", "b"], ""),
        (["a", "b", "c"], ["a", "b"], "c at the end is new: write it down"),
        (["a", "c", "b"], ["a", "b"], "bit 1 was b and is c"),
        (["b"], ["a", "b"], "bit 0 was a and is b"),
        (["a"], ["a", "b"], "bit 1 was b and is nothing"),
        (["a"], None, "is new: write it down"),
    ],
)
def test_whoever_adds_moves_or_removes_a_field_is_told_what_to_do(
    now: list[str], before: list[str] | None, words: str
) -> None:
    found = complaint("police.example", now, before)
    assert (found == "") == (words == "")
    assert words in found


if __name__ == "__main__":
    for name in sorted(sources()):
        print(f"{name}: {' '.join(told(name))}".rstrip())
