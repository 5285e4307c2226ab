"""DS4C, Taiwan, Tianjin and Singapore: every published oddity is met, counted and named, and pairs stay apart.

In: the published sets where they are at hand. Out: pass or fail.
Invariant: the figures are those of the sets, exactly; brain and oracle see the same in them.
Deliberately absent: InVS15, itineraries, rail and one's own files (test files of their own).
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from replay.importers import IMPORTERS, Report
from streams.packs import load_series
from tests.imported import DATA, JUDGES, needs, records_of, taken_in, token, views

DS4C, TAIWAN, TJSG = "ds4c_korea_2020", "taiwan_2020", "tianjin_singapore_2020"
Imported = tuple[Path, Report]


def side_table(out: Path, name: str) -> list[dict[str, str]]:
    with (out / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def ds4c(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    out = tmp_path_factory.mktemp("ds4c")
    return out, IMPORTERS["ds4c"](DATA / DS4C, out)


@pytest.fixture(scope="module")
def taiwan(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    out = tmp_path_factory.mktemp("taiwan")
    return out, IMPORTERS["taiwan"](DATA / TAIWAN, out)


@pytest.fixture(scope="module")
def tjsg(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    out = tmp_path_factory.mktemp("tjsg")
    return out, IMPORTERS["tianjin-singapore"](DATA / TJSG, out)


@needs(DS4C)
def test_ds4c_pairs_are_the_published_ones(ds4c: Imported) -> None:
    out, report = ds4c
    assert {name: count for name, count in report.counts.items() if name.startswith("pairs")} == {
        "pairs": 899,
        "pairs_by_patient_id": 881,
        "pairs_by_global_num": 13,
        "pairs_resolved": 869,
        "pairs_self": 2,
        "pairs_inverted": 23,
        "pairs_unresolved": 5,
        "pairs_with_routes_on_both_sides": 329,
        "pairs_that_share_place_and_date": 83,
        "pairs_that_share_kind_of_place_and_date": 81,
    }
    truth = side_table(out, "truth.csv")
    assert Counter(row["status"] for row in truth) == {"resolved": 869, "inverted": 23, "unresolved": 5, "self": 2}
    by_id = [row for row in truth if row["resolved_by"] == "patient_id"]
    both = [row for row in by_id if row["routes"] == "2"]
    assert (len(by_id), len(both), sum(row["shared_place_days"] != "0" for row in both)) == (881, 329, 83)
    assert len(report.rows("infector_by_global_num")) == 13
    assert len(report.rows("self_infection")) == 2
    assert len(report.rows("infector_confirmed_later")) == 23
    assert report.rows("infector_unresolved") == [4, 63, 3903, 3904, 3905]
    assert len(report.rows("global_num_shared")) == 19


@pytest.mark.slow
@needs(DS4C)
def test_ds4c_visits_are_whole_vague_days_and_duplicates_have_no_effect(ds4c: Imported) -> None:
    out, report = ds4c
    assert report.read == {"PatientInfo.csv": 4_004, "PatientRoute.csv": 8_092}
    assert report.counts["people_with_visits"] == 1_472
    assert (len(report.rows("duplicate")), len(report.rows("province"))) == (645, 14)
    legs = records_of(out, "health.survey_leg")
    assert len(legs) == 8_092 - 14
    distinct = {leg["source_record_id"]: tuple(sorted(leg.items())) for leg in legs}
    assert len(set(map(str, legs))) == len(distinct) == len(set(distinct.values()))
    assert {leg["confidence"] for leg in legs} == {"vague"}
    assert {leg["since_at"][10:] for leg in legs} == {leg["until_at"][10:] for leg in legs} == {"T00:00:00+08:00"}
    batches, _ = taken_in(out)
    presences = sum(len(b.facts["presences"]["row"]) for b in batches if "presences" in b.facts)
    seen = views("brain", batches, load_series())
    again = views("brain", [*batches, *batches], load_series())
    assert presences == len(legs)
    assert all(seen[name].equals(again[name]) for name in seen)
    assert "version_conflict" not in seen["reviews"].column("kind").to_pylist()


@pytest.mark.slow
@needs(DS4C)
def test_ds4c_days_of_cases_are_read_strictly(ds4c: Imported, tmp_path: Path) -> None:
    out, report = ds4c
    assert report.rows("not_confirmed") == [3590, 3591, 3592]
    assert report.rows("undated") == [3590, 3591]
    assert report.rows("onset_after_confirmation") == [927, 1110, 3964]
    assert report.rows("blank") == [1092]
    assert report.rows("release_too_early") == [1523, 1570]
    assert len(report.rows("after_confirmation")) == 99
    first = records_of(out, "health.isolation_admission")[0]
    assert (first["id_no"], first["admitted_at"]) == ("DS4C-1000000001", "2020-01-24T00:00:00+08:00")
    unsampled = IMPORTERS["ds4c"](DATA / DS4C, tmp_path, confirmed_as_sampled=False)
    assert unsampled.written["health.nat_sample"] == 0
    batches, _ = taken_in(tmp_path)
    reviews = views("brain", batches, load_series())["reviews"].column("kind").to_pylist()
    with_onset = sum("onset_at" in report for report in records_of(tmp_path, "health.case_report"))
    assert Counter(reviews) == {"case_without_dates": 4_004 - with_onset}


@needs(TAIWAN)
def test_taiwan_keeps_every_edge_and_draws_in_nobody_else(taiwan: Imported) -> None:
    out, report = taiwan
    edges = side_table(out, "edges.csv")
    assert len(edges) == report.read["edge_list.csv.gz"] == 46_010
    codes = Counter(edge["interaction"] for edge in edges)
    assert (codes["7"], codes["8"], codes["11"], codes["16"], codes["19"]) == (5_406, 868, 562, 12_907, 7_583)
    assert Counter(edge["status"] for edge in edges) == {
        "represented": 19_891, "no_place": 18_518, "unknown_code": 7_583, "no_span": 17, "self": 1,
    }  # fmt: skip
    assert len(report.rows("code_unknown")) == 7_583
    named = {row for what in ("code_unknown", "no_place", "no_span", "self_edge") for row in report.rows(what)}
    assert len(named) == 46_010 - 19_891
    joined = {frozenset((token(e["source"]), token(e["target"]))) for e in edges if e["status"] == "represented"}
    for judge in JUDGES:
        exposures = views(judge, taken_in(out)[0], load_series())["exposures"]
        met = zip(*(exposures.column(n).to_pylist() for n in ("case_person", "contact_person")), strict=True)
        assert {frozenset(pair) for pair in met} <= joined
        assert exposures.num_rows > 0


@needs(TAIWAN)
def test_taiwan_kinds_of_contact_become_kinds_of_place(taiwan: Imported) -> None:
    out, report = taiwan
    edges = side_table(out, "edges.csv")
    kinds = Counter((e["interaction"], e["place_kind"]) for e in edges if e["status"] == "represented")
    by_code = dict(iter(kinds))
    grounded = dict.fromkeys(("0", "1", "2", "3", "4", "6"), "household") | {"12": "hotel", "13": "hotel"}
    assert by_code == grounded | {"7": "aircraft", "8": "aircraft", "11": "taxi", "16": "ship"}
    legs = records_of(out, "health.survey_leg")
    assert {leg["confidence"] for leg in legs} == {"vague"}
    aboard = [leg for leg in legs if leg["place_kind"] == "ship"]
    assert len(aboard) == report.counts["people_aboard_the_ship"] == 377
    assert {(leg["since_at"][:10], leg["until_at"][:10]) for leg in aboard} == {("2020-03-15", "2020-04-16")}
    nearby = [leg for leg in legs if leg.get("row") == 1]
    assert len(nearby) == 2 * kinds["8", "aircraft"]
    assert len(report.rows("family")) == sum(kinds[code, "household"] for code in "01234")


@needs(TAIWAN)
def test_taiwan_numbers_are_one_notation(taiwan: Imported) -> None:
    out, report = taiwan
    assert report.counts["cases"] == report.written["health.case_report"] == 578
    assert report.rows("id_530_missing") == [0]
    assert "TW20-I530" not in {record["id_no"] for record in records_of(out, "health.case_report")}
    candidates = side_table(out, "candidates.csv")
    assert {row["status"] for row in candidates} == {"resolved"}
    of_477 = [row["infector"] for row in candidates if row["infectee"] == "TW20-I477"]
    assert of_477 == ["TW20-I460", "TW20-I461"]
    assert len(report.rows("id_spelling")) == 27
    assert len(report.rows("date_form")) == 19
    assert len(report.rows("daily_total")) == report.read["specimen.csv"]
    negatives = [r for r in records_of(out, "health.nat_result") if r["result"] == "negative"]
    assert len(negatives) == 53
    text = "".join(file.read_text(encoding="utf-8") for file in out.glob("src.*"))
    assert "指揮中心" not in text


@needs(TJSG)
def test_tianjin_and_singapore_keep_every_candidate_with_its_window(tjsg: Imported) -> None:
    out, report = tjsg
    assert report.written["health.case_report"] == 135 + 93
    rows = {(row["case"], row["candidate"]): row for row in side_table(out, "candidates.csv")}
    of_113 = sorted(candidate for case, candidate in rows if case == "TJSG-TJ113")
    assert of_113 == ["TJSG-TJ100", "TJSG-TJ103", "TJSG-TJ108"]
    family = rows["TJSG-TJ21", "TJSG-TJ9"]
    assert (family["exposed_since"], family["exposed_until"]) == ("2020-01-17", "2020-01-24")  # day first
    assert family["named_by"] == "text edges"
    assert rows["TJSG-TJ112", "TJSG-TJ51"]["named_by"] == "text"
    assert rows["TJSG-TJ112", "TJSG-TJ7"]["named_by"] == "edges"
    assert (rows["TJSG-SG71", "TJSG-SG71"]["status"], len(report.rows("self_candidate"))) == ("self", 1)
    assert report.counts == {"candidates": 227, "cases_with_several_candidates": 52}
    assert len(report.rows("edges_differ")) == 5


@needs(TJSG)
def test_tianjin_and_singapore_files_are_read_as_they_are(tjsg: Imported) -> None:
    out, report = tjsg
    oddities = {(f.file, f.what) for f in report.findings if f.row == 1}
    assert oddities == {("Tianjin135cases_revised.csv", what) for what in ("byte_order_mark", "column_name_spaces")}
    assert report.rows("date_form") == []
    onsets = [r for r in records_of(out, "health.case_report") if "onset_at" in r]
    assert len(onsets) == 228 - 20  # ten NA in each city
    places = Counter(leg["place_name"] for leg in records_of(out, "health.survey_leg"))
    assert places["Grace Assembly of God"] == 22
    assert set(places) >= {"Tianjin department store", "Life Church", "Grand Hyatt Singapore"}
    assert "Wuhan" not in places
    assert len(report.rows("train_without_number")) == 5


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ds4c", "taiwan", "tjsg"])
@needs(DS4C)
@needs(TAIWAN)
@needs(TJSG)
def test_brain_and_oracle_agree_on_published_sets(name: str, request: pytest.FixtureRequest) -> None:
    batches, _ = taken_in(request.getfixturevalue(name)[0])
    seen, expected = (views(judge, batches, load_series()) for judge in ("brain", "oracle"))
    for view in expected:
        assert seen[view].equals(expected[view]), view
