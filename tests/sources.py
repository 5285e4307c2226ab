"""Sources: valid records of every model, made up from the models' own fields, and what an intake makes of lines.

In: the models, and a seeded generator. Out: lines, the sample lines of a source, and comparable outcomes.
Invariant: the field itself is asked what it accepts; a new model needs no word here. Same generator, same lines.
Deliberately absent: expected results.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from importlib import resources
from itertools import pairwise
from random import Random
from typing import Any, Literal, get_args, get_origin

import numpy as np
import orjson
from pydantic import ValidationError

from schemas.decode import Field, fields_of
from schemas.departments import sources
from schemas.facts import FACT_COLUMNS
from schemas.identifiers import check_digit
from schemas.instants import LATEST_MS
from schemas.intake import Intake
from schemas.keys import Key
from schemas.wire import Record
from tests.mutations import mutate

KEY = Key("k-test", bytes(range(32)))
SOURCES = sources()
TEXTS = (
    "A1", "6", "03", "2-401", "HH-00017", "宽城小馆", " 宽城 客栈 ", "cafe\u0301", "ＸＱ－００３", "x" * 64, "é" * 40,
    "G8127", "吉Z·C7319", "2022-03-05", "2024-02-29", "03车05F", "无座", "14车厢8排B座", "0107", "k1024",
    "\u00a0x\u3000", "😀号", "220***********1234", "91990103MA0Y3K6X7C",
    "P0123456789abcdef", "L0123456789ABCDEF",
)  # fmt: skip
"""Candidates for text fields; each field takes those that it accepts."""
LETTERS = 'aZ09 .:-_/#çéßÅﬃ车厢号座无\u0301\u0958\u212b\u00a0\u3000\u200b\u202e\ufeff\ufffd\x7f\x85\t\x1f"\\{}[],😀'
OWN = {
    "passport": ("ZE9907319", "ZF990001"),
    "person_no": ("HR:2022-0042", "ZE9907319", "X" * 64),
    "code_token": ("qr_00ff12ab", "QR_00FF12AB", "q" * 64, "q" * 100),
    "transit_card": ("9903100000731984", "ZE9907319"),
}  # fmt: skip


def identifier(rng: Random, kind: str) -> str:
    """An identifier of a kind in one of the notations in which departments write it."""
    if kind == "resident_id":
        digits = f"990103{rng.choice(('19490307', '20000229', '19751231'))}{rng.randrange(30):03d}"
        text = digits + check_digit(digits)
    elif kind == "phone":
        text = f"{rng.choice(('', '+86 ', '0086', '(+86)'))}100{rng.randrange(30):08d}"
    elif kind == "plate":
        text = f"吉Z{rng.choice(('', '·', ' ', '-'))}C{rng.randrange(10):04d}"
    else:
        text = rng.choice(OWN[kind])
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isalnum() and c < "~" else c for c in text)
    return rng.choice((text, text, text.lower(), f" {text} ", wide))


def time_text(rng: Random) -> str | int:
    """A time in one of the notations that are read, rare ones too."""
    second = rng.choice(
        (rng.randrange(-2_177_000_000, LATEST_MS // 1000 - 90_000), rng.randrange(1_646_236_800, 1_646_250_000))
    )
    text = str(np.datetime64(second, "s"))
    usual = (text, text + "Z", text + "+08:00", text.replace("T", " "))
    rare = (
        text + ".5",
        text + ".123456",
        text + "-03:30",
        text + "+0800",
        text + " +08:00",
        text[:16],
        text[:10],
        second,
    )
    return rng.choice(rare if rng.randrange(8) == 0 else usual)


def _accepts(field: Field, value: Any) -> bool:
    try:
        field.adapter.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def words_of(annotation: Any) -> tuple[str, ...]:
    """The words of the closed list in an annotation; none if it has none."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return next((words for part in get_args(annotation) if (words := words_of(part))), ())


def value(rng: Random, model: type[Record], field: Field) -> Any:
    """A value that a field accepts, as it stands in JSON."""
    words = words_of(model.model_fields[field.name].annotation)
    makers: dict[str, Callable[[], Any]] = {
        "instant": lambda: time_text(rng),
        "record_id": lambda: "R" + "".join(rng.choices("aZ09._:#/-", k=rng.randrange(8))),
        "list": lambda: [rng.choice(words) if words else identifier(rng, "phone") for _ in range(rng.randrange(4))],
        "text": lambda: rng.choice((rng.choice(TEXTS), "".join(rng.choices(LETTERS, k=rng.randrange(1, 6))))),
        "int": lambda: rng.choice((rng.randrange(1, 9), rng.randrange(1, 1100))),
        "angle": lambda: rng.choice((rng.randrange(-90, 91), rng.uniform(-90, 90), -0.0, 43.8765435)),
        "float": lambda: rng.choice((rng.randrange(61), rng.uniform(0, 60))),
        "bool": lambda: rng.random() < 0.5,
    }
    make = (lambda: rng.choice(words)) if words and field.holds != "list" else makers[field.holds]
    while True:
        if _accepts(field, made := make()) or field.holds == "list":
            return made


def record(rng: Random, model: type[Record]) -> dict[str, Any]:
    """A record of a model whose every field is valid on its own; intervals may still run backwards."""
    body: dict[str, Any] = {}
    for field in fields_of(model):
        if field.required or rng.random() < 0.6:
            body[field.name] = None if not field.required and rng.random() < 0.1 else value(rng, model, field)
    for kind, name in model.identifiers:
        body[name] = identifier(rng, kind[1:] if kind[0] == "=" else body.get(kind) or "resident_id")
    if rng.randrange(10) == 0:
        body[rng.choice(("remark", "terminal_no", "备注"))] = rng.choice((None, 7, "", "x", 1.5, [1], {"a": None}))
    return dict(rng.sample(list(body.items()), len(body)))


def lines(source: str, rng: Random, count: int, spoilt: float = 0.0) -> list[bytes]:
    """Lines of a source, a share of them mutated."""
    good = [orjson.dumps(record(rng, SOURCES[source])) for _ in range(count)]
    return [mutate(line, rng)[1] if rng.random() < spoilt else line for line in good]


def samples(source: str) -> list[bytes]:
    """The sample lines that ship with a record model."""
    department, record = source.split(".")
    folder = resources.files("schemas.departments") / "samples" / department
    return (folder / f"{record}.ndjson").read_bytes().splitlines()


def outcome(
    intake: Intake, source: str, sent: list[bytes], cuts: Sequence[int] = (), order: Sequence[int] | None = None
) -> dict[str, Any]:
    """What an intake makes of lines, as sets and counts that no order shows in. `cuts`: where chunks end; `order`: in
    which the lines are sent, each keeping its offset."""
    before = Counter(intake.unknown_fields[source])
    order = range(len(sent)) if order is None else order
    found: dict[str, Any] = {"records": Counter(), "rejects": Counter(), "facts": Counter()}
    ends = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    for first, last in pairwise(ends):
        at = order[first:last]
        batch, rejects = intake.read(source, [sent[i] for i in at], "part", np.array(at, np.int64))
        found["records"].update(tuple(row.values()) for row in batch.records.to_pylist())
        found["rejects"].update((r.offset, r.reason, r.field, r.hint, r.raw) for r in rejects)
        offset = batch.column("offset")
        for table, columns in batch.facts.items():
            told = [offset[columns["row"]], *(columns[name] for name in FACT_COLUMNS[table])]
            found["facts"].update((table, *row) for row in zip(*(column.tolist() for column in told), strict=True))
    found["unknown"] = Counter(intake.unknown_fields[source]) - before
    return found
