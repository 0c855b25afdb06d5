"""Running the simulators: in a thread for tests and demos, or blocking for the command line.

Lives here: binding the port, starting and stopping uvicorn. Not here: what is served (``app``).
"""

import asyncio
import errno
import gc
import socket
import threading
from types import TracebackType
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.auto import AutoHTTPProtocol


class PortInUse(RuntimeError):
    """Another program listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is in use by another program")
        self.port = port


class _ClosableProtocol(AutoHTTPProtocol):  # type: ignore[valid-type,misc]
    """HTTP as uvicorn speaks it, with the transport in reach of the request's ``state``."""

    app_state: dict[str, Any]

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def bind(host: str, port: int) -> socket.socket:
    """A listening socket, or ``PortInUse``."""
    # Without the protocol's number asyncio leaves Nagle on, and every answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(256)
    except OSError as error:
        listener.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortInUse(port) from error
        raise
    listener.setblocking(False)
    return listener


class _Server(uvicorn.Server):
    """uvicorn that drops open connections when it stops, long polls among them."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.close()
        await super().shutdown(sockets)


def _uvicorn(app: ASGIApp) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        http=_ClosableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=30,
    )
    return _Server(config)


class SimulatorServer:
    """The simulators on a port of this machine, in a thread of their own."""

    def __init__(self, app: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> None:
        self._socket = bind(host, port)
        self.host, self.port = self._socket.getsockname()[:2]
        self._server = _uvicorn(app)
        self._thread = threading.Thread(target=self._run, name="simulators", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    @property
    def url(self) -> str:
        """The address without a trailing slash."""
        return f"http://{self.host}:{self.port}"

    def stop(self) -> None:
        """Stop serving, drop what is still open and wait for the thread."""
        self._server.should_exit = True
        self._thread.join(timeout=5)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(timeout=5)
        self._socket.close()

    def __enter__(self) -> "SimulatorServer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_in_thread(app: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> SimulatorServer:
    """Serve in a background thread; the port accepts connections when this returns."""
    return SimulatorServer(app, host, port)


def serve(app: ASGIApp, host: str = "127.0.0.1", port: int = 8900) -> None:
    """Serve until interrupted; raises ``PortInUse`` when the port is taken.

    For a process of its own: its garbage collector looks through what is young only.
    """
    # A look through a planted company stalls every answer for a fifth of a second, and requests
    # that kept their distance are then counted as if they had come together.
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, 2**31 - 1)
    listener = bind(host, port)
    sockets: Any = [listener]
    try:
        _uvicorn(app).run(sockets=sockets)
    finally:
        listener.close()
