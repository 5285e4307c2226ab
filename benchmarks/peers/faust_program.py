"""Stock Faust: the join as an agent with a table, under the transport that Faust comes with: `python -m
benchmarks.peers.faust_program`.

In: a broker, two topics. Out: the pairs in a file, what it took on standard output.
Invariant: `kept`: state is a Table with its changelog topic, from which it is recovered; `memory`: a dictionary.
Deliberately absent: Faust's own stream joins, which raise NotImplementedError, and our transport.
"""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import faust
import orjson

from benchmarks.peers.pairing import Clock, Place, Row, row, take

PARTITIONS = 8


class Entries:
    """What a table has of one place."""

    def __init__(self, table: Any, place: str) -> None:
        self._table, self._place = table, place

    def get(self, key: str) -> Any:
        return self._table.get(f"{self._place}|{key}")

    def set(self, key: str, value: Any) -> None:
        self._table[f"{self._place}|{key}"] = value


async def join(keeping: str, bootstrap: str, topics: tuple[str, str], clock: Clock, group: str, folder: Path) -> None:
    """Runs the app until all records have come."""
    app = faust.App(
        group, broker=f"kafka://{bootstrap}", store="memory://", datadir=str(folder), web_enabled=False,
        topic_disable_leader=True, topic_partitions=PARTITIONS, topic_replication_factor=1, autodiscover=False,
        consumer_auto_offset_reset="earliest", producer_acks=1, producer_linger_ms=20, stream_wait_empty=False,
        broker_max_poll_records=5_000, stream_buffer_maxsize=16_384,
    )  # fmt: skip
    table = app.Table("rows", partitions=PARTITIONS) if keeping == "kept" else None
    places: dict[str, Place] = defaultdict(Place)
    done, presences = asyncio.Event(), topics[0]

    def taken(place: str, new: Row, kind: str) -> list[str]:
        return places[place].take(new, kind) if table is None else take(Entries(table, place), new, kind)

    async def pairs(stream: Any) -> None:
        with (folder / "pairs.csv").open("w") as output:
            async for event in stream.events():
                record = orjson.loads(event.value)
                kind = "presence" if event.message.topic == presences else "interval"
                output.writelines(f"{line}\n" for line in taken(record["place"], row(record, kind), kind))
                if clock.tick():
                    output.flush()
                    done.set()

    app.agent(app.topic(*topics, value_type=bytes, value_serializer="raw"), name="pairs")(pairs)
    await app.start()
    await done.wait()
    await app.stop()


def main(keeping: str, bootstrap: str, presences: str, intervals: str, wanted: str, group: str, folder: str) -> None:
    clock = Clock(int(wanted))
    asyncio.run(join(keeping, bootstrap, (presences, intervals), clock, group, Path(folder)))
    clock.tell()


if __name__ == "__main__":
    main(*sys.argv[1:])
