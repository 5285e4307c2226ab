"""Tree: a drill's score as data: figures, named exceptions with examples, and bounds held or broken.

In: nothing. Out: `Score` and its parts; JSON with stable keys, and one long Parquet table.
Invariant: a figure is named once in replay/score/definitions.py; same score, same bytes.
Deliberately absent: how a figure comes about (the .sql files) and how it looks (replay/report).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import orjson
import pyarrow as pa

VERSION = 1
"""Of the JSON form; raised when a key changes its meaning or goes."""
FIGURE_SCHEMA = pa.schema(
    [
        pa.field("figure", pa.string(), False, {"about": "name of the figure (docs/scoring.md)"}),
        pa.field("group", pa.string(), False, {"about": "what part it is of; empty: the whole"}),
        pa.field("value", pa.float64(), True, {"about": "the value, in the figure's unit"}),
        pa.field("numerator", pa.int64(), True, {"about": "of shares"}),
        pa.field("denominator", pa.int64(), True, {"about": "of shares; of spans: how many were measured"}),
    ]
)


@dataclass(frozen=True)
class Figure:
    figure: str
    group: str
    value: float | None
    numerator: int | None
    denominator: int | None


@dataclass(frozen=True)
class Example:
    """One pair that is on one side alone. `side`: missing, extra or unrecorded; persons are codes. Of a lost case, side
    `case_lost`, degree and contact person are empty: 0 and ""."""

    side: str
    reason: str
    degree: int
    source_person: str
    contact_person: str
    records: tuple[str, ...]


@dataclass(frozen=True)
class Bound:
    """A bound of the plan's `expect`. `value` None: the drill has no such figure, and the bound is broken."""

    name: str
    low: float
    high: float
    value: float | None

    @property
    def held(self) -> bool:
        return self.value is not None and self.low <= self.value <= self.high


@dataclass(frozen=True)
class Feed:
    """What came of one source by local hour of the event. `expected`: records in each hour in which it is to speak;
    `records`: those of the hours from `first_at_ms` on; `silent_at_ms`: hours in which it should have spoken and did
    not. Units: UTC epoch milliseconds."""

    source: str
    expected: float
    first_at_ms: int
    records: tuple[int, ...]
    silent_at_ms: tuple[int, ...]


@dataclass(frozen=True)
class Score:
    """`drill`: what the truth says of the drill (plan, counts, versions); `lake`: digest, packs and number of the
    snapshot that was scored."""

    drill: dict[str, Any]
    lake: dict[str, Any]
    figures: tuple[Figure, ...]
    examples: tuple[Example, ...]
    bounds: tuple[Bound, ...]
    feeds: tuple[Feed, ...] = ()

    def of(self, figure: str, group: str = "") -> Figure | None:
        return next((f for f in self.figures if f.figure == figure and f.group == group), None)

    def groups(self, figure: str) -> dict[str, Figure]:
        return {f.group: f for f in self.figures if f.figure == figure}

    @property
    def held(self) -> bool:
        return all(bound.held for bound in self.bounds)

    def to_json(self) -> bytes:
        figures: dict[str, dict[str, Any]] = {}
        for f in self.figures:
            shown = {"value": f.value, "numerator": f.numerator, "denominator": f.denominator}
            figures.setdefault(f.figure, {})[f.group] = shown
        body = {
            "version": VERSION, "drill": self.drill, "lake": self.lake, "held": self.held, "figures": figures,
            "bounds": [{**asdict(bound), "held": bound.held} for bound in self.bounds],
            "examples": [asdict(example) for example in self.examples],
            "feeds": [asdict(feed) for feed in self.feeds],
        }  # fmt: skip
        return orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    @staticmethod
    def from_json(text: bytes) -> Score:
        """Errors: ValueError when it is no score of this version."""
        body = orjson.loads(text)
        if not isinstance(body, dict) or body.get("version") != VERSION:
            raise ValueError(f"not a score of version {VERSION}; score the drill again")
        figures = [Figure(n, g, **values) for n, groups in body["figures"].items() for g, values in groups.items()]
        examples = [Example(**{**e, "records": tuple(e["records"])}) for e in body["examples"]]
        bounds = [Bound(b["name"], b["low"], b["high"], b["value"]) for b in body["bounds"]]
        feeds = [
            Feed(**{**f, "records": tuple(f["records"]), "silent_at_ms": tuple(f["silent_at_ms"])})
            for f in body.get("feeds", ())
        ]
        return Score(body["drill"], body["lake"], tuple(figures), tuple(examples), tuple(bounds), tuple(feeds))

    def to_table(self) -> pa.Table:
        return pa.Table.from_pylist([asdict(figure) for figure in self.figures], FIGURE_SCHEMA)
