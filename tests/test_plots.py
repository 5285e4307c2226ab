"""Plots: figures become pictures, the same ones for the same figures.

In: figures. Out: SVG.
Invariant: every series is named, and told apart by more than its colour.
Deliberately absent: taste.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from benchmarks.plots import bars, lines

SERIES = {"engine": [(1.0, 10.0), (10.0, 100.0)], "oracle": [(1.0, 20.0), (10.0, 50.0)]}


def words(svg: str) -> str:
    """All text of a picture."""
    return " ".join(part for node in ET.fromstring(svg).iter() if (part := (node.text or "").strip()))


def test_the_same_figures_give_the_same_bytes_without_a_date() -> None:
    assert lines("Title", "days", "MiB", SERIES) == lines("Title", "days", "MiB", SERIES)
    assert bars("Title", "s", {"a": (1, 2, 3)}) == bars("Title", "s", {"a": (1, 2, 3)})
    assert "dc:date" not in lines("Title", "days", "MiB", SERIES)


def test_a_plot_names_its_axes_its_series_and_itself() -> None:
    for log in (False, True):
        told = words(lines("Title of it", "days", "MiB", SERIES, log=log))
        assert all(word in told for word in ("Title of it", "days", "MiB", "engine", "oracle"))
    told = words(bars("Title of it", "s", {"engine": (1, 2, 3)}))
    assert all(word in told for word in ("Title of it", "engine", "2"))


def test_two_series_differ_in_colour_and_in_form() -> None:
    drawn = lines("Title", "x", "y", SERIES)
    assert len({*re.findall(r"stroke: (#[0-9a-f]{6}); stroke-width: 1.5", drawn)}) == 2
    assert "stroke-dasharray" in drawn


def test_both_axes_are_logarithmic_when_asked_and_what_is_not_positive_is_left_out() -> None:
    lines("T", "x", "y", {"nothing": []}, log=True)
    lines("T", "x", "y", {"zero": [(0.0, 0.0)]}, log=True)
    assert lines("T", "x", "y", {"a": [(0.0, 1.0), *SERIES["engine"]]}, log=True) == lines(
        "T", "x", "y", {"a": SERIES["engine"]}, log=True
    )
