"""Bytewax: the join as a dataflow, run in the peers' own environment: `python -m benchmarks.peers.bytewax_program`.

In: a broker, two topics. Out: the pairs in a file, what it took on standard output.
Invariant: `kept`: state and offsets are in recovery stores, as its documentation asks for to survive a kill;
`memory`: they are not.
Deliberately absent: `op.join` and `join_window`, which pair the values of a key or of a window, and not intervals.
"""

from __future__ import annotations

import pickle
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from benchmarks.peers.pairing import Clock, Place, Row

EPOCH_S = 10
"""Bytewax's own default: state is snapshotted this often."""
BATCH = 5_000
Keyed = tuple[str, tuple[str, Row]]


class Pairs(StatefulBatchLogic):  # type: ignore[misc]
    """One place. A snapshot is pickled at once, which is cheaper than the deep copy it would have to be."""

    def __init__(self, snapshot: bytes | None) -> None:
        self._place = Place() if snapshot is None else pickle.loads(snapshot)

    def on_batch(self, values: list[tuple[str, Row]]) -> tuple[list[str], bool]:
        found: list[str] = []
        for kind, new in values:
            found += self._place.take(new, kind)
        return found, StatefulBatchLogic.RETAIN

    def snapshot(self) -> bytes:
        return pickle.dumps(self._place)


class Lines(StatelessSinkPartition):  # type: ignore[misc]
    def __init__(self, path: Path) -> None:
        self._file = path.open("w")

    def write_batch(self, items: list[tuple[str, str]]) -> None:
        self._file.writelines(f"{line}\n" for _, line in items)

    def close(self) -> None:
        self._file.close()


class LinesSink(DynamicSink):  # type: ignore[misc]
    def __init__(self, path: Path) -> None:
        self._path = path

    def build(self, _step_id: str, _worker_index: int, _worker_count: int) -> Lines:
        return Lines(self._path)


def dataflow(bootstrap: str, presences: str, intervals: str, output: Path, clock: Clock) -> Dataflow:
    """The dataflow; `clock` counts the records that it takes in."""
    flow = Dataflow("peers")

    def keyed(kind: str, topic: str) -> Any:
        known_as = f"{kind}_id"

        def read(messages: list[KafkaSourceMessage[Any, Any]]) -> list[Keyed]:
            clock.tick(len(messages))
            records = [orjson.loads(message.value) for message in messages]
            return [(r["place"], (kind, (r["since_ms"], r["until_ms"], r["person"], r[known_as]))) for r in records]

        source = KafkaSource([bootstrap], [topic], tail=False, batch_size=BATCH)
        return op.flat_map_batch(f"{kind}_keyed", op.input(kind, flow, source), read)

    places = op.merge("places", keyed("presence", presences), keyed("interval", intervals))
    op.output("pairs", op.stateful_batch("join", places, Pairs), LinesSink(output))
    return flow


def main(keeping: str, bootstrap: str, presences: str, intervals: str, wanted: str, _group: str, folder: str) -> None:
    clock = Clock(int(wanted))
    flow = dataflow(bootstrap, presences, intervals, Path(folder) / "pairs.csv", clock)
    recovery = None
    if keeping == "kept":
        stores = Path(folder) / "recovery"
        stores.mkdir()
        init_db_dir(stores, 1)
        recovery = RecoveryConfig(stores)
    cli_main(flow, workers_per_process=1, epoch_interval=timedelta(seconds=EPOCH_S), recovery_config=recovery)
    clock.tell()


if __name__ == "__main__":
    main(*sys.argv[1:])
