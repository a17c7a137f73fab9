"""A server on this machine whose answers a test gives by path, and the ways in which publishers' servers misbehave."""

import contextlib
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assets.transport import Transport

Handler = http.server.BaseHTTPRequestHandler
Route = Callable[[Handler], None]
PAGE = b"<!DOCTYPE html><html><body>Sorry, too many requests</body></html>"


class Server(http.server.ThreadingHTTPServer):
    """Answers by path, with the query where a route names one, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), _Replay)
        self.routes: dict[str, Route] = {}
        self.otherwise: Route | None = None
        self.asked: list[str] = []
        self.sent: list[bytes] = []

    @property
    def url(self) -> str:
        """Address of the server."""
        return f"http://127.0.0.1:{self.server_port}"


class _Replay(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        routes = self.server.routes
        route = routes.get(self.path) or routes.get(self.path.split("?")[0]) or self.server.otherwise
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if route is None:
                self.send_error(404)
            else:
                route(self)

    def do_POST(self) -> None:
        self.server.sent.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.do_GET()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def gives(body: bytes, kind: str = "application/json", status: int = 200, **headers: str) -> Route:
    """Make a route that sends one answer."""

    def answer(handler: Handler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


MISBEHAVIOUR = {
    "web page with status 200": gives(PAGE, "text/html"),
    "web page that says it is the file": gives(PAGE, "application/octet-stream"),
    "web page that says it is JSON": gives(PAGE),
    "empty body": gives(b"", "application/octet-stream"),
    "empty JSON body": gives(b""),
    "error array": gives(b'[{"message": [{"id": "120", "value": "The provided parameter value is not valid"}]}]'),
    "error array as a file": gives(b'[{"message": []}]', "application/octet-stream"),
    "XML": gives(b'<?xml version="1.0"?><error>busy</error>', "application/xml"),
    "truncated zip": gives(b"PK\x03\x04" + bytes(300), "application/zip"),
    "redirect to a file of this machine": gives(b"", status=302, Location="file:///etc/hostname"),
    "redirect to another host": gives(b"", status=302, Location="https://sorry.example.org/"),
    "busy": gives(b"busy", status=503, Retry_After="0"),
}


@contextmanager
def running() -> Iterator[Server]:
    """Run a server on a free port."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def transport() -> Transport:
    """Make a transport that may talk to this machine and does not pause long."""
    return Transport(deadline_seconds=20, allow_http_loopback=True, backoff_seconds=0.005)
