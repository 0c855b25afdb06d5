"""Addresses of this machine's at which the simulated providers answer, and what came to each.

What lives here: passing requests on as they are, and noting them. What an account makes of being
asked at another address is the simulators' (``simulators/amocrm/oauth``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx

_OF_THE_WAY = {"connection", "content-length", "content-encoding", "transfer-encoding"}


@dataclass(frozen=True)
class Asked:
    """A request and how it was answered."""

    method: str
    path: str
    token: str | None
    status: int


@dataclass
class FrontDoor:
    """One address; ``passed`` is told of each request once it is answered."""

    host: str
    asked: list[Asked] = field(default_factory=list)
    passed: Callable[[Asked], None] = lambda _: None


@contextmanager
def front_door(behind: str) -> Iterator[FrontDoor]:
    """A port of its own before a server, which hears by which it was asked."""

    class PassOn(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _OF_THE_WAY}
            answer = http.request(self.command, self.path, headers=headers, content=body)
            token = self.headers.get("authorization", "").removeprefix("Bearer ") or None
            noted = Asked(self.command, self.path.partition("?")[0], token, answer.status_code)
            door.asked.append(noted)
            door.passed(noted)
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in _OF_THE_WAY:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = pass_on  # noqa: N815  # the names http.server looks for

        def log_message(self, *_: object) -> None:
            """What came is in ``asked``."""

    with (
        httpx.Client(base_url=behind, timeout=30) as http,
        ThreadingHTTPServer(("127.0.0.1", 0), PassOn) as server,
    ):
        door = FrontDoor(f"127.0.0.1:{server.server_port}")
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield door
        finally:
            server.shutdown()
