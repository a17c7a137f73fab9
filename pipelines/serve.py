"""The published site over HTTP, to this computer only."""

import errno
import functools
import gzip
import http.server
import os
import re
import socket
import urllib.parse
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path

HOST = "127.0.0.1"
TRIES = 20
GZIP_FROM = 1024
NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Names this server answers to; any other Host header is a page elsewhere that points its name here."""

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
}
_COMPRESSIBLE = ("text/", "application/json", "image/svg")


class Server(http.server.ThreadingHTTPServer):
    """Serves one folder; the folder may be a link that leads to another release from one request to the next."""

    daemon_threads = True

    def __init__(self, root: Path, port: int) -> None:
        """Listen on the loopback address.

        Args:
            root: Folder of the site; a link is followed at each request.
            port: Port to listen on; 0 takes any free one.
        """
        self.root = root
        super().__init__((HOST, port), Handler)

    @property
    def url(self) -> str:
        """Address of the first page."""
        return f"http://{HOST}:{self.server_address[1]}/"

    def server_bind(self) -> None:
        """Bind without asking the name service who we are; it may be slow or absent."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a browser that went away in the middle of an answer."""


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers GET and HEAD with files of the site, and nothing else."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "hre"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        """Send a file."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Send a file's headers."""
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the terminal quiet: each page asks for many files."""

    def end_headers(self) -> None:
        """Add what every answer carries; the policy for content is in the pages themselves."""
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def _answer(self, with_body: bool) -> None:
        host = re.sub(r":\d+$", "", self.headers.get("Host", "")).lower()
        if host not in NAMES:
            self._fail(HTTPStatus.FORBIDDEN, "This server answers to localhost only.", with_body)
            return
        path = locate(self.server.root, self.path)
        if path is None:
            self._fail(HTTPStatus.NOT_FOUND, "There is no such page.", with_body)
            return
        if path.is_dir():
            self._redirect_to_folder()
            return
        try:
            self._send(path, with_body)
        except FileNotFoundError:
            self._fail(HTTPStatus.NOT_FOUND, "A new release took this page away; open the first page again.", with_body)

    def _send(self, path: Path, with_body: bool) -> None:
        facts = path.stat()
        tag = f'"{facts.st_ino:x}-{facts.st_mtime_ns:x}-{facts.st_size:x}"'
        kind = TYPES.get(path.suffix.lower(), "application/octet-stream")
        squeeze = facts.st_size >= GZIP_FROM and kind.startswith(_COMPRESSIBLE) and self._takes_gzip()
        if self.headers.get("If-None-Match") == tag:
            self.send_response(HTTPStatus.NOT_MODIFIED)
            self.send_header("ETag", tag)
            self.end_headers()
            return
        body = _squeezed(path, tag) if squeeze else path.read_bytes()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", formatdate(facts.st_mtime, usegmt=True))
        self.send_header("ETag", tag)
        self.send_header("Vary", "Accept-Encoding")
        if squeeze:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _takes_gzip(self) -> bool:
        offers = [offer.replace(" ", "").lower() for offer in self.headers.get("Accept-Encoding", "").split(",")]
        return any(offer.split(";")[0] == "gzip" and not offer.endswith((";q=0", ";q=0.0")) for offer in offers)

    def _redirect_to_folder(self) -> None:
        # Resolved paths only: "//elsewhere" in the request must not become another site's address.
        target = urllib.parse.urlsplit(self.path).path.lstrip("/")
        self.send_response(HTTPStatus.MOVED_PERMANENTLY)
        self.send_header("Location", f"/{target}/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _fail(self, status: HTTPStatus, text: str, with_body: bool) -> None:
        page = f"<!doctype html><html lang=en><title>{status.phrase}</title><p>{text} <a href=/>First page</a></p>\n"
        body = page.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)


@functools.lru_cache(maxsize=64)
def _squeezed(path: Path, tag: str) -> bytes:  # noqa: ARG001 - the tag is part of the cache's key
    """Compress a file once; its tag tells a changed file of the same name apart."""
    return gzip.compress(path.read_bytes(), compresslevel=6, mtime=0)


def locate(root: Path, target: str) -> Path | None:
    """Find the file of a request inside the site as it is now.

    Args:
        root: Folder of the site; a link is followed now.
        target: The request's target, still percent-encoded.

    Returns:
        The file; the folder itself where a folder was asked for without its closing slash and has a first page; None
        where there is nothing, or where the path would leave the site, by dots, links or odd characters.
    """
    asked = urllib.parse.unquote(target.split("?", 1)[0].split("#", 1)[0], errors="replace")
    parts = asked.strip("/").split("/") if asked.strip("/") else []
    odd = any(part in ("", ".", "..") or part.startswith(".") or "\\" in part or "\0" in part for part in parts)
    if odd or len(asked) > 1000:
        return None
    try:
        home = root.resolve(strict=True)
        path = home.joinpath(*parts).resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    if not path.is_relative_to(home):
        return None
    if path.is_dir():
        page = path / "index.html"
        if not page.is_file():
            return None
        return page if asked.endswith("/") or not parts else path
    return path if path.is_file() else None


def listen(root: Path, port: int) -> Server:
    """Open the server on a port, or on the next free one.

    Raises:
        OSError: No port could be had.
    """
    for candidate in (*range(port, min(port + TRIES, 65_536)), 0):
        try:
            return Server(root, candidate)
        except PermissionError:
            continue
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL):
                raise
    raise OSError(f"no free port from {port} on")


def serve(root: Path, port: int, browser: bool, say: Callable[[str], None]) -> None:
    """Serve the site until Ctrl-C.

    Args:
        root: Folder of the site.
        port: Port wished for.
        browser: Open a browser at the first page.
        say: How to tell where it is.
    """
    server = listen(root, port)
    if port and server.server_port != port:
        say(f"Port {port} is taken; using {server.server_port}.")
    say(f"Serving {os.fspath(root)} at {server.url} to this computer only. Ctrl-C ends it.")
    if browser:
        import webbrowser

        webbrowser.open(server.url)
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        say("Stopped.")
    finally:
        server.server_close()
