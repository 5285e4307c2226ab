"""Quix Streams: the join as a StreamingDataFrame, in the peers' own environment: `python -m
benchmarks.peers.quix_program`.

In: a broker, two topics. Out: the pairs in a file, what it took on standard output.
Invariant: `kept`: state lies in RocksDB and its changelog topics, as its documentation asks for to survive a kill;
`memory`: in its memory store, without a changelog.
Deliberately absent: `join_interval`. It looks back from the record that comes last, so one that comes late does not
meet what began after it; and it joins instants within a distance, not intervals that overlap (README.md).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from quixstreams import Application, State, message_context
from quixstreams.state.memory import MemoryStore

from benchmarks.peers.pairing import Clock, row, take


def main(keeping: str, bootstrap: str, presences: str, intervals: str, wanted: str, group: str, folder: str) -> None:
    clock = Clock(int(wanted))
    app = Application(
        broker_address=bootstrap, consumer_group=group, auto_offset_reset="earliest", commit_interval=5.0,
        use_changelog_topics=keeping == "kept", state_dir=Path(folder) / "state", loglevel="WARNING",
        consumer_extra_config={"fetch.message.max.bytes": 8 << 20}, consumer_poll_timeout=0.1,
    )  # fmt: skip
    both = app.dataframe(app.topic(presences)).concat(app.dataframe(app.topic(intervals)))
    if keeping == "memory":
        both.register_store(store_type=MemoryStore)
    output = (Path(folder) / "pairs.csv").open("w")

    def pairs(record: dict[str, Any], state: State) -> list[str]:
        clock.tick()
        kind = "presence" if message_context().topic == presences else "interval"
        return take(state, row(record, kind), kind)

    def stop_when_over(_topic: str, _partition: int, _offset: int) -> None:
        if clock.over:
            app.stop()

    app._on_message_processed = stop_when_over
    both.apply(pairs, stateful=True, expand=True).update(lambda line: output.write(f"{line}\n"))
    app.run(collect=False)
    output.close()
    clock.tell()


if __name__ == "__main__":
    main(*sys.argv[1:])
