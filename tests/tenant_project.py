"""A tenant's own Supabase project: Supabase's own server of the Data API over a real PostgreSQL.

What lives here: starting ``@supabase/lite`` on a database of its own, and a gateway in front of it
that can misbehave as the hosted one does. What is asked of it is the tests' business.

It differs from the hosted service, not to be relied on: times are written with a blank, an SQLSTATE
21000 is a 400, it reads the schema once when it starts, and at its first request it grants every
table to everybody: pasting the migrations again takes that back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from synkro_assets.simulators.server import start_in_thread
from tests.compose import ROOT
from tests.databases import scratch_database
from tests.tools import LITE, NO_LITE, has_lite, not_run

LOCAL = ROOT / "supabase" / "local"
MIGRATIONS = sorted((ROOT / "supabase" / "tenant_project" / "migrations").glob("*.sql"))

SECRET_KEY = "sb_secret_planted0secret0key0of0the0tests"
PUBLISHABLE_KEY = "sb_publishable_planted0publishable0key0of0tests"
_JWT_SECRET = "4f1c6f0a9be24f52b3c39cf1a3f7d2e5c8b7a6d5"

PAUSED_PAGE = "<html><head><title>Web server is down</title></head><body>522</body></html>"

# What a hosted project has before its owner makes the first table.
_PLATFORM = [path.read_text(encoding="utf-8") for path in sorted(LOCAL.glob("*.sql"))]
_DEFAULTS = """
grant usage on schema public to anon, authenticated, service_role;
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
"""


@dataclass
class Trouble:
    """An answer the gateway gives instead of the project's, ``times`` times."""

    status: int
    body: str = PAUSED_PAGE
    times: int | None = None
    method: str = ""
    path: str = ""
    media_type: str = "text/html"

    def takes(self, method: str, path: str) -> bool:
        if self.times == 0 or not (method.startswith(self.method) and re.search(self.path, path)):
            return False
        self.times = None if self.times is None else self.times - 1
        return True


@dataclass
class Gateway:
    """What stands in front of a hosted project; remembers every request."""

    target: str = ""
    troubles: list[Trouble] = field(default_factory=list)
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def break_requests(self, status: int, **trouble: Any) -> None:
        self.troubles.append(Trouble(status, **trouble))

    def calm(self) -> None:
        self.troubles.clear()
        self.seen.clear()

    def asked(self, method: str, path: str = "") -> list[tuple[str, str, dict[str, str]]]:
        return [each for each in self.seen if each[0] == method and path in each[1]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        query = scope["query_string"].decode()
        path = scope["path"] + (f"?{query}" if query else "")
        self.seen.append((request.method, path, dict(request.headers)))
        trouble = next((t for t in self.troubles if t.takes(request.method, path)), None)
        if trouble is not None:
            answer = Response(trouble.body, trouble.status, media_type=trouble.media_type)
        else:
            answer = await self._passed_on(request, path)
        await answer(scope, receive, send)

    async def _passed_on(self, request: Request, path: str) -> Response:
        headers = {k: v for k, v in request.headers.items() if k not in ("host", "content-length")}
        # Reading the authorities costs 50 ms of each request, and nothing here is encrypted.
        async with httpx.AsyncClient(timeout=60, verify=False) as client:
            answer = await client.request(
                request.method, self.target + path, content=await request.body(), headers=headers
            )
        dropped = ("content-encoding", "content-length", "transfer-encoding", "connection")
        kept = {k: v for k, v in answer.headers.items() if k not in dropped}
        return Response(answer.content, answer.status_code, headers=kept)


@dataclass(frozen=True, slots=True)
class TenantProject:
    """A project that runs."""

    url: str
    database_url: str
    gateway: Gateway
    secret_key: str
    publishable_key: str

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """What its owner sees in the SQL editor."""
        with psycopg.connect(self.database_url, row_factory=dict_row) as connection:
            found = connection.execute(query, parameters or None)  # type: ignore[arg-type]
            return found.fetchall() if found.description else []

    def count(self, table: str) -> int:
        return int(self.rows(f"select count(*) as n from public.{table}")[0]["n"])

    def ask(
        self, method: str, path: str, key: str, bearer: str = "", **more: Any
    ) -> httpx.Response:
        """A request of somebody else's, with a key of their own."""
        headers = {"apikey": key} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
        return httpx.request(method, f"{self.url}/rest/v1/{path}", headers=headers, **more)

    def integration(self, **changes: Any) -> dict[str, Any]:
        keys = {"anon_key": self.publishable_key, "service_role_key": self.secret_key}
        return {"base_url": self.url, **keys, **changes}


def token(role: str, secret: str = _JWT_SECRET) -> str:
    """A key of the old kind."""

    def encoded(part: bytes) -> str:
        return base64.urlsafe_b64encode(part).rstrip(b"=").decode()

    header, claims = {"alg": "HS256", "typ": "JWT"}, {"role": role, "exp": 4102444800}
    body = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    signature = hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest()
    return f"{body}.{encoded(signature)}"


@contextmanager
def running_project(
    server_url: str,
    folder: Path,
    *,
    migrations: Sequence[Path] = tuple(MIGRATIONS),
    then: str = "",
    grants: str = "",
    old_keys: bool = False,
) -> Iterator[TenantProject]:
    """A project whose owner pasted ``migrations``, then changed tables or grants."""
    if not has_lite():
        not_run(NO_LITE)
    keys = (token("service_role"), token("anon")) if old_keys else (SECRET_KEY, PUBLISHABLE_KEY)
    with scratch_database(server_url) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            texts = [path.read_text(encoding="utf-8") for path in migrations]
            for text in (*_PLATFORM, _DEFAULTS, *texts, then):
                connection.execute(text.encode())
        gateway = Gateway()
        with _lite(url, folder, with_keys=not old_keys) as gateway.target:
            httpx.get(f"{gateway.target}/rest/v1/leads", headers={"apikey": keys[0]})
            with psycopg.connect(url, autocommit=True) as connection:
                for text in (*([] if then else texts), grants):
                    connection.execute(text.encode())
            with start_in_thread(gateway) as front:
                yield TenantProject(front.url, url, gateway, *keys)


@contextmanager
def asked_anew(project: TenantProject, folder: Path) -> Iterator[None]:
    """The project after its owner changed tables: the server reads the schema when it starts."""
    before = project.gateway.target
    with _lite(project.database_url, folder, with_keys=True) as project.gateway.target:
        yield
    project.gateway.target = before


@contextmanager
def _lite(database_url: str, folder: Path, *, with_keys: bool) -> Iterator[str]:
    port = _free_port()
    keys = f'publishable_key = "{PUBLISHABLE_KEY}"\nsecret_key = "{SECRET_KEY}"\n'
    (folder / "supabase").mkdir(parents=True)
    (folder / "supabase" / "config.toml").write_text(
        f'[api]\nport = {port}\nschemas = ["public"]\nmax_rows = 1000\n\n'
        f'[db]\ndriver = "postgres"\nurl = "{database_url}"\n\n'
        f'[auth]\njwt_secret = "{_JWT_SECRET}"\n{keys if with_keys else ""}'
    )
    quiet = {"LITE_TELEMETRY": "0", "DO_NOT_TRACK": "1", "HOME": str(folder)}
    log = folder / "lite.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(LITE), "--no-telemetry", "start", "--no-admin"],
            cwd=folder,
            env={"PATH": os.environ["PATH"], **quiet},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until(lambda: _answers(url), lambda: process.poll() is not None, log)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until(is_ready: Callable[[], bool], has_ended: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + 60
    while not is_ready():
        assert not has_ended() and time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/auth/v1/health", verify=False).status_code < 500
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
