"""The pages of a worker, asked over real HTTP.

In: a meter, verdicts, routes. Out: pass or fail.
Invariant: every answer comes through a socket.
Deliberately absent: what a role says of itself (test_service.py).
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from streams.errors import CommandError
from streams.service.metrics import Meter
from streams.service.node import free_port
from streams.service.web import Web

HOST = "127.0.0.1"
SECRET = "13800138000"


@asynccontextmanager
async def pages(**given: Any) -> AsyncIterator[Any]:
    """A worker's pages, and a way to ask them: (status, headers, text)."""
    port = free_port()
    told: dict[str, Any] = {
        "meter": Meter("writer", 0),
        "status": lambda: {"role": "writer", "rejected": {"not_json": 2}},
        "ready": lambda: (True, "ok"),
        "alive": lambda: (True, ""),
    }
    pages = Web(HOST, port, **{**told, **given})
    await pages.start()

    async def ask(path: str, method: str = "GET") -> tuple[int, Any, str]:
        async with aiohttp.ClientSession() as session, session.request(method, f"http://{HOST}:{port}{path}") as answer:
            return answer.status, answer.headers, await answer.text()

    try:
        yield ask
    finally:
        await pages.stop()


async def show(request: web.Request) -> web.Response:
    return web.json_response({"person": request.query.get("person", "")})


def test_a_worker_that_is_well_says_so_and_one_that_is_not_says_why() -> None:
    verdict = [(True, "")]

    async def asked() -> None:
        async with pages(alive=lambda: verdict[0], ready=lambda: verdict[0]) as ask:
            assert (await ask("/healthz"))[::2] == (200, "ok\n")
            assert (await ask("/readyz"))[::2] == (200, "ok\n")
            verdict[0] = (False, "no partitions assigned yet")
            assert (await ask("/healthz"))[::2] == (503, "no partitions assigned yet\n")
            assert (await ask("/readyz"))[::2] == (503, "no partitions assigned yet\n")

    asyncio.run(asked())


def test_the_metrics_are_those_of_the_meter() -> None:
    async def asked() -> None:
        meter = Meter("writer", 0)
        meter.repeated(7)
        async with pages(meter=meter) as ask:
            status, headers, text = await ask("/metrics")
            assert status == 200
            assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
            assert "kuancheng_repeated_records_total 7.0\n" in text
            meter.repeated(1)
            assert "kuancheng_repeated_records_total 8.0\n" in (await ask("/metrics"))[2]

    asyncio.run(asked())


def test_the_status_is_json_and_is_kept_by_nobody() -> None:
    async def asked() -> None:
        async with pages() as ask:
            status, headers, text = await ask("/status")
            assert (status, json.loads(text)) == (200, {"role": "writer", "rejected": {"not_json": 2}})
            assert headers["Content-Type"] == "application/json"
            assert headers["Cache-Control"] == "no-store"

    asyncio.run(asked())


def test_nothing_is_changed_by_asking() -> None:
    async def asked() -> None:
        async with pages(routes={"/contacts": show}) as ask:
            for path in ("/healthz", "/readyz", "/metrics", "/status", "/contacts"):
                assert [(await ask(path, m))[0] for m in ("POST", "PUT", "DELETE", "PATCH")] == [405] * 4
            assert (await ask("/elsewhere"))[0] == 404

    asyncio.run(asked())


def test_a_role_brings_pages_of_its_own_and_what_changes_something_must_be_posted() -> None:
    async def asked() -> None:
        async with pages(routes={"/contacts": show, "/rejects/replay": ("POST", show)}) as ask:
            assert json.loads((await ask("/contacts?person=P1"))[2]) == {"person": "P1"}
            assert (await ask("/rejects/replay", "POST"))[0] == 200
            assert (await ask("/rejects/replay"))[0] == 405

    asyncio.run(asked())


def test_a_page_of_the_role_is_there_once_the_role_is_ready() -> None:
    verdict = [(False, "opening")]

    async def asked() -> None:
        async with pages(routes={"/contacts": show}, ready=lambda: verdict[0]) as ask:
            assert (await ask("/contacts"))[::2] == (503, "opening\n")
            assert (await ask("/status"))[0] == 200
            assert (await ask("/elsewhere"))[0] == 404
            verdict[0] = (True, "ok")
            assert (await ask("/contacts"))[0] == 200

    asyncio.run(asked())


def test_a_wrong_question_is_answered_and_an_error_of_ours_tells_nothing() -> None:
    async def refuse(_request: web.Request) -> web.Response:
        raise CommandError("no such person: P… expected")

    async def fail(_request: web.Request) -> web.Response:
        raise ValueError(SECRET)

    async def asked() -> None:
        async with pages(routes={"/refuse": refuse, "/fail": fail}) as ask:
            status, _, text = await ask("/refuse")
            assert (status, json.loads(text)) == (400, {"error": "no such person: P… expected"})
            status, _, text = await ask("/fail")
            assert status == 500
            assert SECRET not in text

    asyncio.run(asked())


def test_a_port_in_use_is_an_error_that_names_the_variable() -> None:
    async def listen() -> None:
        with socket.create_server((HOST, 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(CommandError, match=rf"{port}.*BRAIN_PORT"):
                await Web(HOST, port, Meter("writer", 0), dict, lambda: (True, ""), lambda: (True, "")).start()

    asyncio.run(listen())


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_an_error_that_names_the_variable(host: str) -> None:
    async def listen() -> None:
        with pytest.raises(CommandError, match=r"BRAIN_HOST"):
            await Web(host, 6066, Meter("writer", 0), dict, lambda: (True, ""), lambda: (True, "")).start()

    asyncio.run(listen())


def test_pages_that_were_stopped_leave_the_port_to_the_next() -> None:
    async def again() -> None:
        port = free_port()
        for _ in range(3):
            pages = Web(HOST, port, Meter("writer", 0), dict, lambda: (True, ""), lambda: (True, ""))
            await pages.start()
            async with aiohttp.ClientSession() as session, session.get(f"http://{HOST}:{port}/healthz") as answer:
                assert answer.status == 200
            await pages.stop()

    asyncio.run(again())
