"""Web: what a worker tells over HTTP: is it alive, is it ready, what has it counted, how does it stand.

In: callables that answer at once. Out: /healthz, /readyz, /metrics, /status, and what else a role has to show.
Invariant: nothing is changed by asking; what changes something is a POST that the role has brought itself.
Deliberately absent: users and TLS. It listens on this machine alone unless BRAIN_HOST says otherwise; whoever opens it
to a network puts a gate before it.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from aiohttp import web

from streams.errors import CommandError
from streams.service.metrics import Meter
from streams.service.settings import variable

Route = Callable[[web.Request], Awaitable[web.StreamResponse]]
Verdict = Callable[[], tuple[bool, str]]
_CLOSE_S = 1.0
_NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Web:
    """The pages of one worker. `routes`: what a role has to show, by path, once it is ready: a coroutine function of a
    request, for GET; or the pair of a method and one."""

    def __init__(
        self,
        host: str,
        port: int,
        meter: Meter,
        status: Callable[[], dict[str, Any]],
        ready: Verdict,
        alive: Verdict,
        routes: Mapping[str, Route | tuple[str, Route]] | None = None,
    ) -> None:
        self._host, self._port, self._meter, self._status, self._ready = host, port, meter, status, ready
        app = web.Application(middlewares=[self._guarded])
        self._always = {
            "/healthz": _verdict(alive),
            "/readyz": _verdict(ready),
            "/metrics": self._metrics,
            "/status": self._standing,
        }
        for path, route in {**(routes or {}), **self._always}.items():
            method, handle = route if isinstance(route, tuple) else ("GET", route)
            app.router.add_route(method, path, handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_CLOSE_S)

    async def start(self) -> None:
        """Listens when this returns. Errors: CommandError that names the variable to set."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise CommandError(self._complaint(error)) from None

    async def stop(self) -> None:
        await self._runner.cleanup()

    def _complaint(self, error: OSError) -> str:
        host, port = variable("host"), variable("port")
        if error.errno == errno.EADDRINUSE:
            hint = f"stop what listens there, or set {port} so that it and the ports after it are free"
            return f"端口已被占用 port {self._port} of {self._host} is in use: {hint}"
        if error.errno in (errno.EACCES, errno.EPERM):
            return f"无权监听端口 port {self._port} may not be used by this user: set {port} to one above 1023"
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            return f"不是本机地址 {self._host} is no address of this machine: set {host} to one, such as 127.0.0.1"
        return f"无法监听 cannot listen on {self._host}:{self._port} ({error.strerror}): set {host} and {port}"

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Route) -> web.StreamResponse:
        """What a role shows is there once the role is ready; a wrong question is the caller's."""
        try:
            if request.match_info.route.resource and request.path not in self._always:
                ready, why = self._ready()
                if not ready:
                    return web.Response(status=503, text=f"{why}\n")
            answer = await handler(request)
        except CommandError as error:
            answer = web.json_response({"error": str(error)}, status=400)
        answer.headers.update(_NO_STORE)
        return answer

    async def _metrics(self, _request: web.Request) -> web.Response:
        body, kind = self._meter.render()
        return web.Response(body=body, headers={"Content-Type": kind})

    async def _standing(self, _request: web.Request) -> web.Response:
        body = orjson.dumps(self._status(), option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS)
        return web.Response(body=body, content_type="application/json")


def _verdict(judge: Verdict) -> Route:
    async def tell(_request: web.Request) -> web.Response:
        well, why = judge()
        return web.Response(status=200 if well else 503, text=f"{'ok' if well else why}\n")

    return tell
