"""A small HTTP server that gives hand-written answers (``tests/shapes/samples``).

What lives here: serving them. Which request gets which is said by the tests.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests import shapes

# The path and the query's parameters; the answer is a sample's name.
Script = Callable[[str, dict[str, list[str]]], str]


class Stand:
    """The server, in a thread; ``asked`` holds every target in order."""

    def __init__(self, script: Script) -> None:
        self.script, self.asked = script, list[str]()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def sample(self, name: str) -> dict[str, Any]:
        """The sample as it is served here."""
        return shapes.sample(name, self.url)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stand = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stand.asked.append(self.path)
                target = urlsplit(self.path)
                answer = stand.sample(stand.script(target.path, parse_qs(target.query)))
                body = answer["body"]
                text = body if isinstance(body, str | None) else json.dumps(body)
                content = (text or "").encode()
                self.send_response(answer["status"])
                if answer["content_type"]:
                    self.send_header("Content-Type", answer["content_type"])
                if answer["status"] != 204:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
                """Tests say what they asked for."""

        return Handler

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join(timeout=5)
        self._server.server_close()
