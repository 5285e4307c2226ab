"""Forged: records that tell tracing nothing, made up by their department's own forger with people of this city.

In: a day, a source. Out: a sheet.
Invariant: a source is forged only if its `read` tells nothing; so no fact comes of what is made up.
Deliberately absent: any truth in them, beyond who there is.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from replay.desks.day import Day
from replay.desks.pen import Pen
from replay.sheets import Sheet, cells, told
from schemas.columns import Tokens
from schemas.decode import columns_of, fields_of
from schemas.departments import sources
from schemas.departments.forging import forge
from schemas.instants import read_instant
from schemas.keys import Ints, Key
from schemas.wire import Envelope


@cache
def untraced(source: str) -> bool:
    """Whether the records of a source tell tracing nothing."""
    model = sources()[source]
    return not model.read(columns_of([], fields_of(model), Tokens(Key("none", bytes(32)))))


def forged(day: Day, source: str) -> Sheet:
    """The day's records of such a source. Errors: ValueError for one that tells something."""
    if not untraced(source):
        raise ValueError(f"{source}: its records tell of people; they need a desk (replay/desks)")
    pen, model = Pen(day, source), sources()[source]
    made = forge(model, pen.expected, pen.rng, pen.volume, day.start_ms, people=day.city.residents)
    columns: dict[str, Any] = told(len(made))
    names = {name for record in made for name in record.body} - Envelope.model_fields.keys()
    body = {name: cells([record.body.get(name) for record in made]) for name in sorted(names)}
    events: Ints = np.array([read_instant(record.body["event_time"]) for record in made], np.int64)
    arrivals: Ints = np.array([record.published_ms for record in made], np.int64)
    return Sheet(source, dict(body), events, arrivals, **columns)
