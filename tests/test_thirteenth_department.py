"""A thirteenth department: one file, one line and a folder of samples, and everything that the others have it has too.

In: a copy of the rooms, to which a department is added as its author would. Out: pass or fail.
Invariant: nothing but these is added, and no other line is changed.
Deliberately absent: a broker; topics derive from the same table (schemas/topics.py), which is looked at.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.departments import DEPARTMENTS

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("schemas", "brain", "sinks", "replay", "streams")
TESTS = ("conformance.py", "sources.py", "mutations.py")
DEPARTMENT = '''"""Culture 文旅局: visits to sights.

In: `src.culture.*`. Out: presences (venues).
Invariant: a visit is to a sight, not to one of its halls.
Deliberately absent: prices.
"""

from __future__ import annotations

from typing import ClassVar

from schemas.codes import PlaceKind
from schemas.columns import Columns
from schemas.departments.forging import Expected
from schemas.facts import Columns as Rows
from schemas.stays import stay
from schemas.wire import Code, IdType, Instant, Name, Record


class SightVisit(Record):
    """景区入园: somebody enters a sight, and may be seen leaving it."""

    record: ClassVar[str] = "sight_visit"
    identifiers: ClassVar = (("id_type", "id_no"),)
    intervals: ClassVar = (("entered_at", "left_at"),)
    id_type: IdType
    id_no: Code
    sight_code: Code
    sight_name: Name | None = None
    entered_at: Instant
    left_at: Instant | None = None

    @staticmethod
    def read(c: Columns) -> dict[str, Rows]:
        ident, sight = c.ident("id_type", "id_no"), c.place("venue", "sight_code")
        return {"presences": stay(c, ident, PlaceKind.venue, sight, c.number("entered_at"), c.number("left_at"))}


RECORDS: tuple[type[Record], ...] = (SightVisit,)
EXPECTED = {
    "sight_visit": Expected(
        (10, 120), {"sight_name": 0.9, "left_at": 0.6}, {"emergency": 0, "routine": 8_000}, (8, 18),
        draft=lambda h: {"sight_code": h.code("JQ", 12)},
    ),
}  # fmt: skip
'''
FIRST = {
    "source_record_id": "JQ-1", "event_time": "2022-03-07T10:00:00", "version": 1, "operation": "upsert",
    "id_type": "resident_id", "id_no": "990103194903070010", "sight_code": "JQ-0001", "sight_name": "君子兰公园",
    "entered_at": "2022-03-07T10:00:00",
}  # fmt: skip
SAMPLES = (
    FIRST,
    FIRST | {"version": 2, "left_at": "2022-03-07T12:30:00"},
    FIRST | {"source_record_id": "JQ-2", "id_no": "990103198806151239", "left_at": "2022-03-07T11:30:00"},
    {"source_record_id": "JQ-3", "event_time": "2022-03-07T10:00:00", "version": 2, "operation": "withdraw"},
)
CASE = {
    "source_record_id": "BL-1", "event_time": "2022-03-08T13:00:00", "version": 1, "operation": "upsert",
    "id_type": "resident_id", "id_no": "990103194903070010", "classification": "confirmed", "onset_at": "2022-03-08",
}  # fmt: skip
CONFORM = """
from schemas.departments import DEPARTMENTS
from tests.conformance import CHECKS
from tests.sources import SOURCES
for check in CHECKS:
    check("culture.sight_visit", SOURCES["culture.sight_visit"])
print(len(CHECKS), *DEPARTMENTS)
"""
TOPICS = "from schemas.topics import topics; print(*(topic.name for topic in topics()))"
FORGE = """
import sys, numpy, orjson
from schemas.departments import EXPECTED, sources
from schemas.departments.forging import forge
from schemas.instants import read_instant
name = "culture.sight_visit"
made = forge(sources()[name], EXPECTED[name], numpy.random.default_rng(5), 3000, read_instant("2022-03-07"))
sys.stdout.buffer.writelines(orjson.dumps(record.body) + b"\\n" for record in made)
"""
BRAIN = "import sys; from streams.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house of thirteen departments."""
    house = tmp_path_factory.mktemp("house")
    for room in COPIED:
        shutil.copytree(ROOT / room, house / room, ignore=shutil.ignore_patterns("__pycache__"))
    (house / "tests").mkdir()
    for name in TESTS:
        shutil.copy(ROOT / "tests" / name, house / "tests" / name)
    departments = house / "schemas" / "departments"
    (departments / "culture.py").write_text(DEPARTMENT, "utf-8")
    table = departments / "__init__.py"
    last = f'    "{list(DEPARTMENTS)[-1]}",\n'
    assert table.read_text("utf-8").count(last) == 1
    table.write_text(table.read_text("utf-8").replace(last, last + '    "culture",\n'), "utf-8")
    (departments / "samples" / "culture").mkdir()
    lines = "".join(json.dumps(sample) + "\n" for sample in SAMPLES)
    (departments / "samples" / "culture" / "sight_visit.ndjson").write_text(lines, "utf-8")
    return house


def run(house: Path, program: str, *arguments: str) -> str:
    """What a program prints that runs in that house."""
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, cwd=house, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_conforms_like_the_others(house: Path) -> None:
    told = run(house, CONFORM).split()
    assert int(told[0]) >= 12
    assert told[1:] == [*DEPARTMENTS, "culture"]


def test_it_has_its_topics(house: Path) -> None:
    assert {"src.culture.sight_visit", "dead.culture"} <= set(run(house, TOPICS).split())


def test_its_records_flow_to_a_contact(house: Path, tmp_path: Path) -> None:
    records, lake = tmp_path / "records", ("--lake", str(tmp_path / "lake"))
    records.mkdir()
    (records / "src.culture.sight_visit.ndjson").write_text(run(house, FORGE), "utf-8")
    visits = [*SAMPLES[:3], {**FIRST, "sight_code": 7}]
    (records / "src.culture.sight_visit.late.ndjson").write_text("".join(json.dumps(v) + "\n" for v in visits), "utf-8")
    (records / "src.health.case_report.ndjson").write_text(json.dumps(CASE) + "\n", "utf-8")
    run(house, BRAIN, "run", str(records), *lake)
    contacts = json.loads(run(house, BRAIN, "contacts", "--json", "--limit", "0", *lake))
    met = run(house, BRAIN, "pseudonym", "resident_id", SAMPLES[2]["id_no"], "--reason", "test", "--json", *lake)
    found = {row["contact_person"]: row["overlap_ms"] for row in contacts}
    assert found[json.loads(met)["code"]] == 90 * 60_000
    assert len(found) > 10, "visitors who were made up were there, too"
    rejects = json.loads(run(house, BRAIN, "rejects", "--json", *lake))
    assert [(reject["source"], reject["field"]) for reject in rejects] == [("culture.sight_visit", "sight_code")]
