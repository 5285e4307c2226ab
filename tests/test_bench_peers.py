"""The comparison with peers runs, tiny, with the peers themselves; a side that comes to other pairs is void.

In: the tiny size, a broker, Bytewax and Quix Streams in an environment of their own. Out: reports.
Invariant: no time is asserted.
Deliberately absent: figures.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import peers
from benchmarks.bench import Bench
from benchmarks.peers import comparison
from benchmarks.peers.comparison import Side
from benchmarks.peers.pairing import Place, take
from streams.service.broker import LocalBroker
from tests.brokers import fresh_prefix

_OURS = (sys.executable, "-m", "benchmarks.peers.ours_program")
_DAMAGED = """
import sys
from pathlib import Path
from benchmarks.peers.ours_program import main
main(*sys.argv[1:])
pairs = Path(sys.argv[-1]) / "pairs.csv"
first, *rest = pairs.read_text().splitlines(keepends=True)
pairs.write_text("".join({}))
"""


@pytest.mark.slow
def test_every_peer_comes_to_the_pairs_that_plain_sql_comes_to(broker: LocalBroker, tmp_path: Path) -> None:
    said: list[str] = []
    report = peers.measure("tiny", Bench(tmp_path, said.append, fresh_prefix(), broker))
    assert report["void"] == ""
    assert report["pairs"] > 0
    assert len(report["sides"]) == 7
    assert {side["records"] for side in report["sides"].values()} == {report["records"]}
    assert report["budget"]["peers_per_core"]["measured"] > 0
    assert report["fastest_peer"] in report["sides"]
    assert any("Bytewax" in line for line in said), "progress is told"
    (told,) = peers.figures(report)
    assert len(told.rows) == 7
    assert "VOID" not in told.title
    assert all(name in peers.plot(report) for name in report["sides"])


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["rest", "[first, first, *rest]", "[first.replace(',', ',x', 1), *rest]"])
def test_a_side_that_loses_doubles_or_alters_a_pair_makes_the_report_void(
    broker: LocalBroker, tmp_path: Path, damage: str
) -> None:
    damaged = Side("damaged", (sys.executable, "-c", _DAMAGED.format(damage)), "memory")
    bench = Bench(tmp_path, prefix=fresh_prefix(), _broker=broker)
    report = comparison.compare("tiny", bench, [Side("ours", _OURS, "memory"), damaged])
    assert "damaged" in report["void"]
    assert report["sides"]["ours"]["same_hash"]
    assert "budget" not in report, "nobody is left to be held against"
    (told,) = peers.figures(report)
    assert "VOID" in told.title
    assert "void" in told.rows[1]
    assert "damaged" not in peers.plot(report)


def test_state_by_key_and_state_in_memory_tell_the_same_pairs_whichever_comes_first() -> None:
    hour = 3_600_000
    rows = [(at * hour // 4, at * hour // 4 + hour, f"p{at % 3}", f"id{at}") for at in range(40)]
    kinds = ["interval" if at % 5 == 0 else "presence" for at in range(40)]
    told = []
    for order in (range(40), reversed(range(40))):
        place, kept = Place(), _Dictionary()
        chosen = [at for at in order for _ in range(2)]
        told.append([line for at in chosen for line in place.take(rows[at], kinds[at])])
        told.append([line for at in chosen for line in take(kept, rows[at], kinds[at])])
    assert len(set(told[0])) == len(told[0]) > 0, "a pair is told once"
    assert all(sorted(lines) == sorted(told[0]) for lines in told)


class _Dictionary(dict[str, object]):
    def set(self, key: str, value: object) -> None:
        self[key] = value
