"""Ours: the join as the engine does it, the batch transport in Faust and the brain's own tracing: `python -m
benchmarks.peers.ours_program`.

In: a broker, two topics. Out: the pairs in a file, what it took on standard output.
Invariant: versions and duplicates are the brain's Ledger's, the join in both directions is the brain's Tracing's, on
the brain's Identity and Tables; none of it is written again here.
Deliberately absent: what rests on the join and is no part of it: strict checks and keyed pseudonyms at the intake, who
was near enough (brain/circle.py), contacts, the lake. State is in memory alone.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import faust
import numpy as np
import pyarrow as pa
import pyarrow.json as pj

from benchmarks.peers.pairing import Clock
from brain.identity import Identity
from brain.ledger import Ledger
from brain.runs import Table, take
from brain.tracing import PRESENCE, Change, Source, Tracing
from schemas.facts import Columns
from schemas.instants import BEGIN_MS, OPEN_MS
from schemas.keys import RANK_SHIFT, Ints, mix, record_tokens
from streams.service.spans import Reading
from streams.service.transport import Fetched, Transport

CHUNK, STEP = 5_000, 50_000
"""Records in a chunk of a partition, as the service's default; records in a step: of what waits the service's writer
takes up to 100,000 into one."""
_INFECTIOUS = 1 << 40
"""A flag that no record carries: this row is an interval of a case."""
_ALWAYS = Source(BEGIN_MS, OPEN_MS, 0, 0)


class Join:
    """The brain as far as the join goes. Every interval is a presence of a source, whose window is all of time."""

    def __init__(self) -> None:
        self._ledger, self._presences, identity = Ledger(), Table(*PRESENCE), Identity()
        self._tracing = Tracing(identity, self._presences, _judge, lambda rows, _: rows["flags"] & _INFECTIOUS != 0)
        self._named: list[tuple[Ints, pa.Array]] = []
        self._known: dict[str, dict[str, int]] = {"person": {}, "place": {}}

    def step(self, lines: list[bytes], kind: str) -> None:
        """Takes in records of one topic."""
        if not lines:
            return
        schema = pa.schema([
            (f"{kind}_id", pa.string()), ("person", pa.string()), ("place", pa.string()),
            ("since_ms", pa.int64()), ("until_ms", pa.int64()),
        ])  # fmt: skip
        whole = b"\n".join(lines)
        parse = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
        blocks = pj.ReadOptions(use_threads=False, block_size=len(whole) + 1)
        table = pj.read_json(pa.BufferReader(whole), blocks, parse).combine_chunks()
        ids, person, place, since, until = (column.chunk(0) for column in table.columns)
        since, until = since.to_numpy(), until.to_numpy()
        rec, zero = record_tokens(kind, ids.to_pylist()), np.zeros(len(ids), np.int64)
        stands = self._ledger.judge(rec, zero + 1, zero, mix(since, until), since).stands
        flags = zero + (_INFECTIOUS if kind == "interval" else 0)
        person = self._tokens("person", person) & ((1 << RANK_SHIFT) - 1)
        place = self._tokens("place", place)
        rows = {
            "uid": mix(rec, place, person, since), "rec": rec, "ident": person, "place": place, "kind": zero,
            "since": since, "until": until, "flags": flags, "seat": zero,
        }  # fmt: skip
        rows = take(rows, stands)
        self._named.append((rec, ids))
        self._presences.add(rows)
        new = set(rows["ident"].tolist()) - self._tracing.sources.keys() if kind == "interval" else ()
        self._tracing.step(Change(rows, zero[:0], zero[:0]), dict.fromkeys(new, _ALWAYS))

    def _tokens(self, label: str, texts: pa.Array) -> Ints:
        """Tokens of texts; remembered, as the intake remembers them, so that each is hashed once."""
        encoded, known = texts.dictionary_encode(), self._known[label]
        words = encoded.dictionary.to_pylist()
        tokens = np.array([known.get(word, 0) for word in words], np.int64)
        new = np.flatnonzero(tokens == 0)
        unknown = [words[at] for at in new.tolist()]
        tokens[new] = record_tokens(label, unknown)
        known.update(zip(unknown, tokens[new].tolist(), strict=True))
        every: Ints = tokens[encoded.indices.to_numpy()]
        return every

    def pairs(self) -> list[str]:
        """Every pair, as a line."""
        rows = self._tracing.exposed()
        rows = take(rows, rows["inside"] == 1)
        rec = np.concatenate([tokens for tokens, _ in self._named])
        ids, order = pa.chunked_array([ids for _, ids in self._named]), np.argsort(rec)
        presence, interval = (
            ids.take(pa.array(order[np.searchsorted(rec, rows[side], sorter=order)])).to_pylist()
            for side in ("contact_rec", "source_rec")
        )
        overlaps = (rows["until"] - rows["since"]).tolist()
        return [f"{p},{i},{ms}\n" for p, i, ms in zip(presence, interval, overlaps, strict=True)]


def _judge(hot: Columns, other: Columns) -> Columns:
    zero = np.zeros(len(hot["uid"]), np.int64)
    presence = (other["flags"] & _INFECTIOUS == 0).astype(np.int64)
    return {"rule": zero, "result": zero, "inside": presence, "certainty": zero}


async def join(bootstrap: str, topics: tuple[str, str], clock: Clock, group: str, folder: Path) -> None:
    """Runs the app until all records have come."""
    app = faust.App(
        group, broker=f"kafka://{bootstrap}", store="memory://", datadir=str(folder), web_enabled=False,
        topic_disable_leader=True, topic_allow_declare=False, autodiscover=False,
        consumer_auto_offset_reset="earliest", stream_buffer_maxsize=16, broker_max_poll_records=CHUNK,
    )  # fmt: skip

    async def as_committed(committed: Any) -> Any:
        return committed

    app.transport = Transport(app, Reading(20, CHUNK), as_committed)
    brain, presences = Join(), topics[0]
    waiting: dict[str, list[bytes]] = {"presence": [], "interval": []}
    unacknowledged: list[Fetched] = []
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def pairs(stream: Any) -> None:
        try:
            async for fetched in stream:
                kind = "presence" if fetched.tp.topic == presences else "interval"
                waiting[kind] += [record.value for record in fetched.records]
                unacknowledged.append(fetched)
                over = clock.tick(len(fetched.records))
                if over or sum(map(len, waiting.values())) >= STEP:
                    for each, lines in waiting.items():
                        brain.step(lines, each)
                        lines.clear()
                    while unacknowledged:
                        unacknowledged.pop(0).acknowledge()
                if over:
                    with (folder / "pairs.csv").open("w") as output:
                        output.writelines(brain.pairs())
                    done.set_result(None)
        except BaseException as error:  # Faust would start the agent again
            if not done.done():
                done.set_exception(error)
            raise

    app.agent(app.topic(*topics, value_type=bytes, value_serializer="raw"), name="pairs")(pairs)
    await app.start()
    await done
    await app.stop()


def main(_keeping: str, bootstrap: str, presences: str, intervals: str, wanted: str, group: str, folder: str) -> None:
    clock = Clock(int(wanted))
    asyncio.run(join(bootstrap, (presences, intervals), clock, group, Path(folder)))
    clock.tell()


if __name__ == "__main__":
    main(*sys.argv[1:])
