"""The report: one page that opens anywhere, asks for nothing, says what the score says, and names nobody.

In: the score of tests/scored.py, pages of it, a real browser. Out: what a reader, on a screen or paper, relies on.
Invariant: the browser is a real one; what it asked for is what it tells itself.
Deliberately absent: how it looks.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import orjson
import pytest

from replay.report.capabilities import rate
from replay.report.comparison import Run, compare
from replay.report.comparison_page import render_comparison, signed, write_comparison
from replay.report.page import render_report, write_report
from replay.report.review import observe
from replay.report.timeline import moments
from replay.report.words import number, share
from replay.score.tally import score_drill
from replay.score.tree import Figure, Score
from tests.browsers import browsing
from tests.scored import at, write_sides

EXPECT = {"recall_observable": (1.0, 1.0), "unexplained": (0.0, 0.0)}


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("evening")
    sides = write_sides(folder, EXPECT)
    modes = {("cn-8", "close"): "central", ("cn-8", "secondary"): "central"}
    return Run("evening", sides.truth, (sides.lake / "current").resolve(), sides.key, score_drill(sides), modes)


@pytest.fixture(scope="module")
def pages(evening: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    write_report(evening.score, folder / "report.html")
    write_comparison(compare(evening, replace(evening, name="again")), folder)
    return folder


class Outline(HTMLParser):
    """What a page refers to, and how it is built."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        self.addresses += [given[name] or "" for name in ("src", "href", "action", "data", "srcset") if name in given]


NAMES = ("report.html", "comparison.html")


@pytest.mark.parametrize("name", NAMES)
def test_a_page_refers_to_nothing_outside_itself(pages: Path, name: str) -> None:
    text = (pages / name).read_text("utf-8")
    outline = Outline(text)
    assert [a for a in outline.addresses if not a.startswith(("#", "data:"))] == []
    assert not {"script", "iframe", "object", "embed"} & set(outline.tags)
    assert "@import" not in text
    assert re.findall(r"url\((?!#)", text) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_browser_opens_it_without_a_request_or_a_complaint(pages: Path, name: str, tmp_path: Path) -> None:
    with browsing(tmp_path) as page:
        page.open(pages / name)
        assert page.find("document.querySelectorAll('section h2').length") >= 3
        assert page.find("[...document.querySelectorAll('section')].every(s => s.getBoundingClientRect().height > 30)")
        assert [url for url in page.requests if not url.startswith("data:")] == [(pages / name).resolve().as_uri()]
        assert page.trouble == []
        assert page.printed().startswith(b"%PDF")


def test_a_reader_chooses_a_language_and_reads_on_a_phone(pages: Path, tmp_path: Path) -> None:
    seen = "[...document.querySelectorAll('h2 .{0}')].filter(e => e.offsetParent).length"
    with browsing(tmp_path) as page:
        page.open(pages / "report.html")
        both = [page.find(seen.replace("{0}", tongue)) for tongue in ("zh", "en")]
        assert both[0] == both[1] > 0
        page.find("document.getElementById('only-zh').click()")
        assert [page.find(seen.replace("{0}", tongue)) for tongue in ("zh", "en")] == [both[0], 0]
        page.find("document.getElementById('only-en').click()")
        assert [page.find(seen.replace("{0}", tongue)) for tongue in ("zh", "en")] == [0, both[1]]
        page.resize(390, 844)
        assert page.find("document.documentElement.scrollWidth") <= 390


def test_whoever_cannot_see_is_told_what_each_plot_and_table_is(pages: Path, tmp_path: Path) -> None:
    with browsing(tmp_path) as page:
        for name in NAMES:
            page.open(pages / name)
            assert page.find("document.querySelectorAll('svg.plot').length") > 0
            named = "s.querySelector('title').textContent.length > 5 && s.querySelector('desc').textContent.length > 10"
            assert page.find(f"[...document.querySelectorAll('svg.plot')].every(s => {named})")
            assert page.find("[...document.querySelectorAll('table')].every(t => t.caption && t.caption.textContent)")
            assert page.find("[...document.querySelectorAll('table')].every(t => t.querySelector('th, td'))")
            assert page.find("document.querySelectorAll('h1').length") == 1
            assert page.find("document.documentElement.lang") == "zh"


def test_it_says_what_the_score_says(evening: Run, pages: Path) -> None:
    text = (pages / "report.html").read_text("utf-8")
    for shown in ("75 % (3/4)", "66.7 % (4/6)", "40 % (2/5)", "transport.tap/t11", "只知线路不知车辆", "1.75 h"):
        assert shown in text
    assert "有界限未达到" in text
    assert str(evening.score.lake["digest"]) in text
    assert len(text.encode()) < 1_500_000


def test_it_says_how_good_the_feeds_were_and_who_is_to_mend_what(evening: Run, pages: Path) -> None:
    text = (pages / "report.html").read_text("utf-8")
    for shown in (
        "4 / 978", "6 · 840 / 15 min ▲", "10 h, ~889 ▲", "4: identifier_form id_no … ▲", "carriage 0 % / 25 % ▲",
        "关联病例不是已知病例", "50 % (1/2)", "66.7 % (2/3)", "副本只计一次", "1 个数据问题待更正",
        "brain quality --department health",
    ):  # fmt: skip
        assert shown in text, shown
    assert 'id="feeds-by-hour-t"' in text
    assert ">None" not in text
    untroubled = replace(evening.score, figures=(), feeds=())
    assert "feeds-by-hour" not in render_report(untroubled)


def test_the_timeline_has_injects_faults_and_findings_in_order(evening: Run) -> None:
    plan = {
        "first_day": "2022-03-10", "days": 1, "injects": [{"kind": "wedding", "at_ms": at(12), "people": 40}],
        "faults": [{"kind": "lost_for_good", "sources": ["police"], "share": 1.0,
                    "options": {"since_ms": at(13), "until_ms": at(13.5)}}],
    }  # fmt: skip
    told = [(m.when[11:], m.kind) for m in moments(replace(evening.score, drill={"plan": plan}))]
    assert told == [
        ("00:00", "drill"), ("10:00", "truth"), ("12:00", "inject"), ("13:00", "fault"), ("13:30", "fault"),
        ("19:00", "truth"), ("20:30", "truth"), ("21:00", "found"), ("21:00", "truth"), ("21:15", "found"),
        ("21:15", "found"), ("22:15", "found"), ("00:00", "drill"),
    ]  # fmt: skip


def test_no_identifier_stands_on_a_page(pages: Path) -> None:
    for name in (*NAMES, "comparison.json"):
        text = (pages / name).read_text("utf-8")
        assert not re.search(r"990103\d{11}|\b100\d{8}\b|qr_[0-9a-f]{8}|9903\d{12}", text)
    assert not re.search(r"\bP[0-9a-f]{16}\b", (pages / "comparison.html").read_text("utf-8"))


def test_what_a_drill_is_called_cannot_become_markup(evening: Run) -> None:
    plan = {"title": ["<script>alert(1)</script>", "x"], "about": ["<b>", "<b>"], "name": "<i>"}
    text = render_report(replace(evening.score, drill={"plan": plan}))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_the_same_score_gives_the_same_page(evening: Run, pages: Path) -> None:
    assert render_report(evening.score) == (pages / "report.html").read_text("utf-8")


@pytest.mark.parametrize(("value", "grade"), [(1.0, "P"), (0.98, "S"), (0.979, "M"), (0.899, "U")])
def test_a_capability_is_rated_by_its_stated_thresholds(value: float, grade: str) -> None:
    score = Score({}, {}, (Figure("recall_observable", "", value, 1, 1),), (), ())
    (rated,) = rate(score)
    assert rated.grade == grade
    assert rated.marks == ("P ≥ 100 %", "S ≥ 98 %", "M ≥ 90 %")
    assert any(o.strength == (grade == "P") for o in observe(score, [rated]) if "找出密接" in o.observation.zh)


def test_of_losses_less_is_better() -> None:
    grades = {}
    for value in (0.05, 0.1, 0.3, 0.31):
        (rated,) = rate(Score({}, {}, (Figure("lost_to_follow_up", "", value, 1, 1),), (), ()))
        grades[value] = rated.grade
    assert grades == {0.05: "P", 0.1: "S", 0.3: "M", 0.31: "U"}


def test_a_share_that_is_not_whole_is_never_shown_as_whole() -> None:
    assert [share(v) for v in (1.0, 0.99999, 0.00001, 0.0, 0.5, None)] == [
        "100 %", "> 99.9 %", "< 0.1 %", "0 %", "50 %", "—",
    ]  # fmt: skip
    assert [number(v) for v in (1234567.0, 2.25, 3.0, None)] == ["1,234,567", "2.25", "3", "—"]
    assert [signed(v) for v in (2, -2.5, 0, None)] == ["+2", "−2.5", "±0", "—"]


def test_isolation_is_counted_by_day_from_its_start_to_its_end(evening: Run) -> None:
    side = compare(evening, evening).first
    # Five people up to the 25th: 1 and 2 are isolated on the 10th at 22:00, the others last exposed on the 10th.
    assert side.places["central"] == {f"2022-03-{day:02d}": 5 for day in range(10, 25)}
    assert side.person_days == {"central": 5 * 15}
    assert side.peak("central") == ("2022-03-10", 5)


def test_under_a_pack_that_keeps_them_at_home_no_bed_is_taken(evening: Run) -> None:
    at_home = replace(evening, modes={("cn-8", "close"): "home"})
    comparison = compare(evening, at_home)
    assert comparison.second.person_days == {"home": 75}
    assert comparison.second.places.get("central") is None
    assert "居家隔离" in render_comparison(comparison)


def test_people_are_matched_where_the_records_are_the_same_alone(evening: Run) -> None:
    assert compare(evening, evening).moved is None  # the evening has no files of records
    drill = {**evening.score.drill, "sha256": {"src": "0" * 64}}
    same = replace(evening, score=replace(evening.score, drill=drill))
    moved = compare(same, same).moved
    # 4 is listed under a phone that leads to nobody.
    assert moved == {("case", "case"): 1, ("close", "close"): 4, ("secondary", "secondary"): 1,
                     ("venue_exposed", "venue_exposed"): 2}  # fmt: skip
    body = orjson.loads(compare(same, same).to_json())
    assert body["figures"]["recall_true"] == [0.5, 0.5]
    assert {row["people"] for row in body["moved"]} == {1, 2, 4}
