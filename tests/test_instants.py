"""Instants: texts are read at +08:00 unless they say otherwise, and by column exactly as one by one.

In: notations of times. Out: pass or fail.
Invariant: wherever the column reader answers, it answers what read_instant answers.
Deliberately absent: the wall clock.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.instants import (
    BEGIN_MS,
    DAY_MS,
    EARLIEST_MS,
    LATEST_MS,
    LOCAL,
    OPEN_MS,
    UNKNOWN_MS,
    day_number,
    day_start,
    local_day,
    local_text,
    read_instant,
)
from schemas.times import instants

NOON_MS = 1_646_712_300_000
"""2022-03-08 12:05:00 at +08:00."""


@pytest.mark.parametrize(
    ("text", "after_ms"),
    [
        ("2022-03-08T12:05:00+08:00", 0), ("2022-03-08T12:05:00", 0), ("2022-03-08 12:05:00", 0),
        ("2022-03-08T12:05", 0), ("2022-03-08T04:05:00Z", 0), ("2022-03-08T04:05:00+00:00", 0),
        ("2022-03-08T12:05:00 +0800", 0),
        ("2022-03-08T00:35:00-03:30", 0), ("2022-03-08T12:05:00.250", 250), ("2022-03-08T12:05:00.1", 100),
        ("2022-03-08T12:05:00.999999", 999), ("2022-03-08", -12 * 3_600_000 - 300_000), (1_646_712_300, 0),
    ],
)  # fmt: skip
def test_a_time_is_read_in_every_notation(text: str | int, after_ms: int) -> None:
    assert read_instant(text) == NOON_MS + after_ms


@pytest.mark.parametrize(
    "text",
    [
        "2022-02-29T00:00:00", "2022-02-30", "2022-13-01", "2022-00-01", "2022-03-08T24:00:00", "2022-03-08T12:60:00",
        "2022-03-08T12:05:60", "2022-03-08T12:05:00+15:00", "2022-03-08T12:05:00+08:60", "1899-12-31",
        "2100-01-01T08:00:00", "08/03/2022", "20220308", "2022-3-8", "2022-03-08T12:05:00.1234567",
        "2022-03-08T12:05:00z", "now", "", " ",
        "２０２２-03-08", "2022-03-08T12", -3_000_000_000, 4_102_444_800, 10**18,
    ],
)  # fmt: skip
def test_what_is_no_time_of_the_century_is_refused(text: str | int) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_instant(text)


@given(st.integers(EARLIEST_MS // 1000 + 86_400, LATEST_MS // 1000 - 172_800))
def test_the_column_reader_reads_every_usual_notation_of_every_second(at: int) -> None:
    second = datetime(1970, 1, 1, tzinfo=LOCAL) + timedelta(seconds=at)
    text = second.isoformat()[:19]
    texts = [text, text.replace("T", " "), text + "+08:00", text + "Z", text[:10]]
    expected = [read_instant(t) for t in texts]
    assert instants(pa.array(texts)).tolist() == (expected if second.year > 1900 else [UNKNOWN_MS] * len(texts))
    assert expected[0] == int(
        (second.replace(tzinfo=LOCAL) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1)
    )


@given(
    st.lists(
        st.none()
        | st.from_regex(r"\A[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}:[0-9]{2}(Z|\+08:00)?)?\Z")
        | st.text("0123456789-T :Z+.é０", max_size=26),
        max_size=12,
    ),
    st.integers(0, 3),
)
def test_where_the_column_reader_answers_the_single_one_answers_the_same(texts: list[str | None], cut: int) -> None:
    column = pa.array(texts, pa.string()).slice(cut)
    for text, ms in zip(texts[cut:], instants(column).tolist(), strict=True):
        if ms != UNKNOWN_MS:
            assert text is not None
            assert ms == read_instant(text)


@given(st.integers(EARLIEST_MS, LATEST_MS - 1))
def test_a_local_day_begins_at_its_start_and_ends_at_the_next(ms: int) -> None:
    day = local_day(np.array([ms]))
    start = int(day_start(day)[0])
    assert start <= ms < start + DAY_MS
    shown = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=start)
    assert shown.astimezone(LOCAL).time().isoformat() == "00:00:00"
    assert day_number(shown.astimezone(LOCAL).date()) == day[0]
    assert local_text(ms)[:10] == shown.astimezone(LOCAL).date().isoformat()


def test_sentinels_lie_outside_all_times_and_are_shown_as_nothing() -> None:
    assert UNKNOWN_MS < BEGIN_MS < EARLIEST_MS < LATEST_MS < OPEN_MS
    assert [local_text(ms) for ms in (None, UNKNOWN_MS, BEGIN_MS, OPEN_MS)] == ["—"] * 4
    assert local_text(NOON_MS) == "2022-03-08 12:05"
    assert day_number(date(1970, 1, 1)) == 0
