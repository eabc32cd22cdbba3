"""A proxy before a store that fails as networks and stores do, where and how often a test says."""

import http.client
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Kind = Literal["503", "403", "reset upload", "reset download", "slow", "hang"]
_ERRORS = {"503": (503, "SlowDown"), "403": (403, "AccessDenied")}
_DROPPED = {"transfer-encoding", "connection", "content-length", "date", "server"}


@dataclass
class Proxy:
    """Where it listens, and what goes wrong there now."""

    endpoint: str = ""
    fault: "Fault | None" = None
    released: threading.Event = field(default_factory=threading.Event)  # of what hangs


@dataclass
class Fault:
    """What happens to the first ``times`` requests of ``method`` whose path holds ``part``."""

    kind: Kind
    method: str
    part: str = ""
    times: int = 1_000_000
    seen: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def strikes(self, method: str, path: str) -> bool:
        if method != self.method or self.part not in path:
            return False
        with self.lock:
            self.seen += 1
            return self.seen <= self.times


@contextmanager
def proxied(store: str) -> Iterator[Proxy]:
    """A proxy before ``store``, an ``http://HOST:PORT``."""
    proxy = Proxy()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            fault = proxy.fault
            struck = fault.kind if fault is not None and fault.strikes(self.command, self.path) else None
            if struck == "reset upload":
                self.rfile.read(length // 2)
                return self._reset()
            body = self.rfile.read(length)
            if struck == "hang":
                proxy.released.wait(60)
                return self._reset()
            if struck in _ERRORS:
                code, name = _ERRORS[struck]
                return self._answer(code, {}, f"<Error><Code>{name}</Code><Message>{name}</Message></Error>".encode())
            if struck == "slow":
                time.sleep(0.3)
            upstream = http.client.HTTPConnection(store.removeprefix("http://"), timeout=30)
            try:
                upstream.request(self.command, self.path, body, dict(self.headers))
                response = upstream.getresponse()
                content = response.read()
                self._answer(response.status, dict(response.headers), content, broken=struck == "reset download")
            finally:
                upstream.close()

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _serve  # noqa: N815

        def _answer(self, code: int, headers: dict[str, str], content: bytes, *, broken: bool = False) -> None:
            self.send_response(code)
            for name, value in headers.items():
                if name.lower() not in _DROPPED:
                    self.send_header(name, value)
            length = headers.get("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", length or str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if broken else content)
            if broken:
                self._reset()

        def _reset(self) -> None:
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

        def finish(self) -> None:
            with suppress(OSError, ValueError):  # the connection was reset
                super().finish()

        def log_message(self, *arguments: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *arguments: object) -> None:
            pass  # who was killed does not read the answer

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        proxy.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
