"""Fetches: what a consumer asks brokers for, in sessions (KIP-227) and not more often than is of use.

In: an aiokafka client, whose fetch requests name every partition that it reads. Out: requests that name those alone
whose position has moved, and answers with those alone that have something new.
Invariant: what the session of a broker holds is what the last request that it answered named; whatever else may have
become of a request ends the session, and the next one begins with all partitions.
Deliberately absent: what is done with the answers, which is aiokafka's.
Rests on the inside of aiokafka 0.14: tests/test_fetches.py fails when that changes.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from typing import Any

from aiokafka.protocol.fetch import FetchRequest

_FIRST_WITH_SESSIONS = 7
_EPOCH_MAX = 2**31 - 1
_PACE_S, _MUCH_BYTES = 0.015, 1 << 16
"""After an answer of less than so much the next fetch of that broker waits. What comes of it costs every stage the same
for one record as for many: one by one, 231 records a second took all of two cores; so, half of them."""
Partition = tuple[str, int]


class _Fetch(FetchRequest):  # type: ignore[misc]
    """A fetch of a session: `topics` has the partitions that are to be changed or added, `gone` those to be left."""

    def __init__(self, whole: FetchRequest, session: _Session, topics: Any, gone: list[tuple[str, list[int]]]) -> None:
        super().__init__(
            whole._max_wait_ms, whole._min_bytes, whole._max_bytes, whole._isolation_level, topics, whole._rack_id
        )
        self._whole, self._session, self._gone = whole, session, gone

    def build(self, request_struct_class: Any) -> Any:
        if request_struct_class.API_VERSION < _FIRST_WITH_SESSIONS:
            return self._whole.build(request_struct_class)
        made: Any = super().build(request_struct_class)
        made.session_id, made.session_epoch = self._session.number, self._session.epoch
        made.forgotten_topics_data = self._gone
        return made


class _Session:
    """What one broker knows of what we want. `epoch` 0: it has to be told everything."""

    def __init__(self) -> None:
        self.number = self.epoch = 0
        self._held: dict[Partition, tuple[int, int]] = {}

    def asked(self, whole: FetchRequest) -> tuple[_Fetch, dict[Partition, tuple[int, int]]]:
        """The request in which only what is new is named, and what the session holds with it."""
        wanted = {(topic, number): rest for topic, parts in whole.topics for number, *rest in parts}
        held = {} if self.epoch == 0 else self._held
        changed: dict[str, list[tuple[int, ...]]] = defaultdict(list)
        gone: dict[str, list[int]] = defaultdict(list)
        for (topic, number), rest in wanted.items():
            if held.get((topic, number)) != rest:
                changed[topic].append((number, *rest))
        for topic, number in held.keys() - wanted.keys():
            gone[topic].append(number)
        return _Fetch(whole, self, list(changed.items()), list(gone.items())), wanted

    def answered(self, answer: Any, held: dict[Partition, tuple[int, int]]) -> None:
        number = getattr(answer, "session_id", 0)
        if number == 0 or answer.error_code != 0:
            self.end()
            return
        self.number, self._held = number, held
        self.epoch = self.epoch + 1 if self.epoch < _EPOCH_MAX else 1

    def end(self) -> None:
        self.number = self.epoch = 0


class Fetches:
    """Stands in for `client.send`."""

    def __init__(self, client: Any) -> None:
        self._send = client.send
        self._sessions: dict[int, _Session] = defaultdict(_Session)
        self._not_before_s: dict[int, float] = defaultdict(float)

    async def send(self, node_id: int, request: Any, **options: Any) -> Any:
        """As the client's own. Errors: the client's own."""
        if not isinstance(request, FetchRequest):
            return await self._send(node_id, request, **options)
        await asyncio.sleep(max(0.0, self._not_before_s[node_id] - time.monotonic()))
        session = self._sessions[node_id]
        fetch, held = session.asked(request)
        try:
            answer = await self._send(node_id, fetch, **options)
        except BaseException:  # also when cancelled: the broker may have taken it in
            session.end()
            raise
        session.answered(answer, held)
        if sum(len(part[-1]) for _, parts in answer.topics for part in parts) < _MUCH_BYTES:
            self._not_before_s[node_id] = time.monotonic() + _PACE_S
        return answer
