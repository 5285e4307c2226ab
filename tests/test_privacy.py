"""Privacy: of all identifiers that go in, none can be found in anything that comes out.

In: a drill with identifiers also where none belongs. Out: pass or fail.
Invariant: facts, rejects, labels, record ids, the lake's every byte, and whatever the command line prints.
Deliberately absent: the sealed store's contents, which only the key opens (tests/test_lake.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest

from replay.scenes.drill import write_drill
from schemas.intake import Intake
from streams.cli import main
from tests.drill_texts import drill_file
from tests.privacy import Grep, identifiers_of
from tests.sources import KEY, samples

PHONE, RESIDENT, CARD, PLATE = "10012345678", "990103194903070010", "9903100000731984", "吉ZC7319"

MISPLACED = {PHONE, RESIDENT, CARD, PLATE, "吉Z·C7319"}


def misplaced() -> dict[str, list[bytes]]:
    """Records that hold identifiers where none belongs: in names, codes, record ids, unknown fields, wrong kinds."""
    hotel, tap, ticket, sample, leg = (
        orjson.loads(samples(source)[0])
        for source in (
            "police.hotel_stay", "transport.tap", "transport.ticket", "health.nat_sample", "health.survey_leg",
        )
    )  # fmt: skip
    rows = {
        "police.hotel_stay": [
            hotel | {"hotel_name": f"宽城旅馆 {PHONE}", "room": RESIDENT, "hotel_code": f"HT-{PHONE}"},
            hotel | {"id_no": RESIDENT[:-1] + "1"}, hotel | {"id_type": RESIDENT}, hotel | {"check_in_at": PHONE},
        ],
        "transport.tap": [
            tap | {"vehicle": PLATE, "line": PHONE}, tap | {"carriage": PHONE}, tap | {"operation": CARD},
            tap | {"vehicle": None, "line": f"{PLATE[:2]}·{PLATE[2:]}"}, tap | {PHONE: 1, f"card{CARD}": "x"},
            tap | {"remark": RESIDENT}, tap | {"version": RESIDENT}, tap | {"mode": RESIDENT},
        ],
        "transport.ticket": [
            ticket | {"board": PHONE, "alight": RESIDENT}, ticket | {"seat": PHONE}, ticket | {"vehicle": PLATE},
            ticket | {"service_date": PHONE}, ticket | {"berth": PHONE},
        ],
        "health.nat_sample": [sample | {"tube_code": RESIDENT, "site_code": PHONE}, sample | {"pool_size": int(PHONE)}],
        "health.survey_leg": [
            leg | {"place_kind": "venue", "place_code": None, "place_name": f"{PLATE} 旁"}, leg | {"place_kind": PHONE},
            leg | {"place_kind": "restaurant", "place_code": RESIDENT}, leg | {"row": int(PHONE)},
        ],
    }  # fmt: skip
    for source, bodies in rows.items():
        bodies += [bodies[0] | {"source_record_id": f"{source[0]}-{number}"} for number in (PHONE, RESIDENT, CARD)]
    return {source: [orjson.dumps(body) for body in bodies] for source, bodies in rows.items()}


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("privacy") / "records"
    write_drill(folder, seed=2, people=220)
    for source, lines in misplaced().items():
        with (folder / f"src.{source}.ndjson").open("ab") as file:
            file.writelines(line + b"\n" for line in lines)
    return folder


@pytest.fixture(scope="module")
def grep(records: Path) -> Grep:
    return Grep(identifiers_of(records) | MISPLACED)


def test_the_search_finds_what_is_there(records: Path, grep: Grep) -> None:
    identifiers = identifiers_of(records)
    kinds = (r"990103\d{11}[\dX]", r"100\d{8}", r"9903\d{12}", r"吉ZC\d{4}", r"吉Z·C\d{4}", r"Z[EF]99\d{6}", r"qr_\w+")
    assert all(any(re.fullmatch(kind, text) for text in identifiers) for kind in kinds)
    assert len(identifiers) > 500
    for at in range(9):
        assert grep.blob(b"x" * at + PLATE.encode() + b"y") == {PLATE}
    assert grep.text(f"P{RESIDENT}") == {RESIDENT}
    assert grep.table(pa.table({"n": [1, int(PHONE), None], "t": ["a", f"({CARD})", None]})) == {PHONE, CARD}
    assert grep.table(pa.table({"l": [["a", PHONE]]})) == {PHONE}
    assert grep.folder(records)
    assert not grep.text("P0123456789abcdef", "2022-03-08 12:05", "transport.tap/TT-000123", "602B")


def test_nothing_that_intake_gives_holds_an_identifier(records: Path, grep: Grep) -> None:
    for fast in (True, False):
        intake = Intake(KEY, fast)
        for path in sorted(records.iterdir()):
            lines = path.read_bytes().splitlines()
            batch, rejects = intake.read(path.name[4:-7], lines, path.name, np.arange(len(lines)))
            assert not grep.table(batch.records), path.name
            assert not grep.table(batch.places), path.name
            for table, columns in batch.facts.items():
                assert not grep.table(pa.table(columns)), table
            assert not grep.text(*(f"{r.source} {r.part} {r.reason} {r.field} {r.hint} {r!r}" for r in rejects))
        assert not grep.text(*(f"{name} {found}" for name, found in intake.unknown_fields.items()))


def test_a_label_is_shown_for_public_places_alone() -> None:
    intake, shown = Intake(KEY), set()
    for source, lines in misplaced().items():
        batch, _ = intake.read(source, lines, "part", np.arange(len(lines)))
        shown |= {(row["kind"], row["label"]) for row in batch.places.to_pylist()}
    assert {label for kind, label in shown if kind in ("household", "hotel_room", "room", "taxi")} <= {""}
    assert {label for _, label in shown} == {"", "G8127", "602B", "line 6"}


def commands(records: Path, lake: Path) -> Iterator[list[str]]:
    """Every command that shows something of a lake; the people asked for are taken from its own lists."""
    at = ["--lake", str(lake)]
    yield ["run", str(records), *at]
    yield ["run", str(records), *at, "--json"]
    for name in ("cases", "contacts", "reviews", "rejects", "digest", "audit"):
        yield [name, *at]
        yield [name, *at, "--json"]
    yield ["contacts", *at, "--limit", "0"]
    yield ["contacts", *at, "--limit", "0", "--json"]
    yield ["oracle", str(records), *at]
    yield ["run", str(records / PHONE), *at]
    yield ["explain", RESIDENT[:3], *at]


def test_nothing_in_the_lake_and_nothing_that_is_printed_holds_an_identifier(
    records: Path, grep: Grep, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lake, printed = tmp_path / "lake", []
    for arguments in commands(records, lake):
        code = main(arguments)
        assert code in ((2,) if arguments[1] in (str(records / PHONE), RESIDENT[:3]) else (0,)), arguments
        out, err = capfd.readouterr()
        typed = [word for word in arguments if PHONE in word]
        printed.append((arguments, "".join((out + err).replace(word, "") for word in typed or [""])))
    main(["contacts", "--json", "--limit", "6", "--lake", str(lake)])
    for row in orjson.loads(capfd.readouterr().out):
        for language in ("zh", "en"):
            main(["explain", row["contact_id"], "--lang", language, "--lake", str(lake)])
            printed.append((["explain"], "".join(capfd.readouterr())))
    assert len(printed) > 25
    leaks = [(arguments, found) for arguments, text in printed if (found := grep.text(text))]
    assert not leaks
    assert grep.folder(lake) == {}


def test_the_rehearsal_shows_no_identifier(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["drill", "run", str(drill_file(tmp_path)), "--out", str(tmp_path)]) == 0
    out, err = capfd.readouterr()
    grep, run = Grep(identifiers_of(tmp_path / "short" / "records")), tmp_path / "short"
    assert len(out) > 1000
    assert not grep.text(out, err)
    for path in (run / "report.html", run / "score.json"):
        assert not grep.text(path.read_text("utf-8"))
    assert grep.folder(run / "lake") == {}
