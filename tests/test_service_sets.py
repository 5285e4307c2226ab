"""Published sets through Kafka: each comes to the digest that the embedded run comes to.

In: the published sets where they are at hand, a broker. Out: pass or fail.
Invariant: what the sets hold of oddities makes no difference between the two ways.
Deliberately absent: what follows from the sets (test_published_sets.py and its neighbours).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from replay.importers import IMPORTERS
from streams.service.broker import LocalBroker
from tests.engines import run
from tests.imported import DATA, needs
from tests.services import installation, publish_folder

SETS = {
    "ds4c": "ds4c_korea_2020",
    "invs15": "workplace_invs15",
    "itineraries": "official_itineraries",
    "taiwan": "taiwan_2020",
    "tianjin-singapore": "tianjin_singapore_2020",
}


def test_every_set_that_has_records_is_here() -> None:
    assert set(SETS) == set(IMPORTERS) - {"rail"}, "a timetable alone is no record of anybody"


@pytest.mark.parametrize("name", [pytest.param(name, marks=needs(SETS[name])) for name in SETS])
def test_a_published_set_through_kafka_has_the_embedded_digest(broker: LocalBroker, tmp_path: Path, name: str) -> None:
    records = tmp_path / "records"
    IMPORTERS[name](DATA / SETS[name], records)
    expected = run(records, tmp_path / "embedded" / "lake")
    with installation(broker, tmp_path / "service", partitions=3) as service:
        service.start("writer", "intake-1", "intake-2")
        sent = publish_folder(service, records).total()
        status = service.until_processed(sent, 180)
        assert status["digest"] == expected.digest
        assert sent == expected.read.total()
