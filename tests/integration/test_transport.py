"""The transport against a server on this machine that replays and misbehaves."""

import contextlib
import gzip
import hashlib
import http.server
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assets.transport import Transport, TransportError, Validators

TOKEN = "canary+token/5f1c"
TABLE = b"State,Year\n" + b"US,2021\n" * 500
Handler = http.server.BaseHTTPRequestHandler


class Server(http.server.ThreadingHTTPServer):
    """A server whose answers a test gives by path; it remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), _Replay)
        self.routes: dict[str, Callable[[Handler], None]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        """Address of the server."""
        return f"http://127.0.0.1:{self.server_port}"


class _Replay(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        route = self.server.routes.get(self.path.split("?")[0])
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if route is None:
                self.send_error(404)
            else:
                route(self)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def answer(
    handler: Handler, body: bytes = TABLE, status: int = 200, kind: str = "text/csv", length: int = -1, **more: str
) -> None:
    """Send one answer; a length below 0 is the true one."""
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body) if length < 0 else length))
    for name, value in more.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def in_turn(*steps: Callable[[Handler], None]) -> Callable[[Handler], None]:
    """Give the steps one after the other, and the last one for ever."""
    left = list(steps)
    return lambda handler: (left.pop(0) if len(left) > 1 else left[0])(handler)


@pytest.fixture
def server() -> Iterator[Server]:
    """Run a misbehaving server on a free port."""
    running = Server()
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture
def transport() -> Transport:
    """A transport that may talk to this machine, holds a token for it, and does not pause long."""
    tokens = {"127.0.0.1": ("X-App-Token", TOKEN)}
    return Transport(deadline_seconds=20, allow_http_loopback=True, token_for=tokens, backoff_seconds=0.01)


def refused(transport: Transport, url: str, folder: Path, match: str, **rules: int) -> None:
    """Check that a download is refused with a message, without a file and without the token."""
    with pytest.raises(TransportError, match=match) as caught:
        transport.download(url, folder, "table.csv", **rules)
    assert "canary" not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert list(folder.iterdir()) == []


def test_download_is_kept_whole_with_its_hash_and_validators(
    server: Server, transport: Transport, tmp_path: Path
) -> None:
    """A file is saved under our name with its SHA-256 and what the server marked it with."""
    server.routes["/t.csv"] = lambda h: answer(h, ETag='"v1"', Last_Modified="Wed, 16 Jul 2025 13:56:32 GMT")
    download = transport.download(f"{server.url}/t.csv", tmp_path / "new", "table.csv")
    assert download is not None
    assert download.path.read_bytes() == TABLE
    assert download.sha256 == hashlib.sha256(TABLE).hexdigest()
    assert (download.size, download.content_type) == (len(TABLE), "text/csv")
    assert download.validators == Validators('"v1"', "Wed, 16 Jul 2025 13:56:32 GMT")
    assert server.asked[0][1]["X-App-Token"] == TOKEN
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["table.csv"]


def test_unchanged_file_is_not_downloaded_again(server: Server, transport: Transport, tmp_path: Path) -> None:
    """The server is asked with the known validators, and 304 gives None and no file."""

    def conditional(handler: Handler) -> None:
        status = 304 if handler.headers["If-None-Match"] == '"v1"' else 200
        answer(handler, b"" if status == 304 else TABLE, status)

    server.routes["/t.csv"] = conditional
    assert transport.download(f"{server.url}/t.csv", tmp_path, "table.csv", Validators(etag='"v1"')) is None
    assert list(tmp_path.iterdir()) == []
    assert transport.download(f"{server.url}/t.csv", tmp_path, "table.csv", Validators(etag='"v0"')) is not None


def test_file_without_a_mark_is_asked_for_by_its_day(server: Server, transport: Transport, tmp_path: Path) -> None:
    """Where a server gives only the day of change, the next question is whether the file changed since."""
    day = "Wed, 16 Jul 2025 13:56:32 GMT"

    def conditional(handler: Handler) -> None:
        known = handler.headers["If-Modified-Since"] == day
        answer(handler, b"" if known else TABLE, 304 if known else 200, Last_Modified=day)

    server.routes["/t.csv"] = conditional
    first = transport.download(f"{server.url}/t.csv", tmp_path, "table.csv")
    assert first is not None
    assert transport.download(f"{server.url}/t.csv", tmp_path, "again.csv", first.validators) is None
    assert "If-None-Match" not in server.asked[1][1]


def test_certificates_are_checked() -> None:
    """A server whose certificate does not fit its name is not talked to."""
    context = Transport()._client._transport._pool._ssl_context  # type: ignore[attr-defined]
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_faults_are_tried_again(server: Server, transport: Transport, tmp_path: Path, status: int) -> None:
    """A busy or broken answer is followed by another attempt."""
    fault = lambda h: answer(h, b"busy", status, Retry_After="0")  # noqa: E731
    server.routes["/t.csv"] = in_turn(fault, fault, answer)
    assert transport.download(f"{server.url}/t.csv", tmp_path, "table.csv") is not None
    assert len(server.asked) == 3


def test_lasting_faults_end_after_the_attempts(server: Server, transport: Transport, tmp_path: Path) -> None:
    """A server that stays broken is asked four times, and the message says so with the status."""
    server.routes["/t.csv"] = lambda h: answer(h, TOKEN.encode(), 500)
    refused(transport, f"{server.url}/t.csv", tmp_path, "HTTP 500")
    assert len(server.asked) == 4


@pytest.mark.parametrize("status", [204, 206, 400, 401, 403, 404, 410])
def test_other_statuses_are_refused_at_once(server: Server, transport: Transport, tmp_path: Path, status: int) -> None:
    """A status that no repetition mends is refused after one attempt."""
    server.routes["/t.csv"] = lambda h: answer(h, b"", status)
    refused(transport, f"{server.url}/t.csv", tmp_path, f"HTTP {status}")
    assert len(server.asked) == 1


def test_retry_after_beyond_the_deadline_is_not_waited_for(
    server: Server, transport: Transport, tmp_path: Path
) -> None:
    """A pause that does not fit into the deadline ends the operation at once."""
    server.routes["/t.csv"] = lambda h: answer(h, b"", 429, Retry_After="3600")
    started = time.monotonic()
    refused(transport, f"{server.url}/t.csv", tmp_path, "HTTP 429")
    assert time.monotonic() - started < transport.deadline_seconds / 2
    assert len(server.asked) == 1


def slow_body(handler: Handler) -> None:
    """Send one byte at a time, each well inside any read timeout."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/csv")
    handler.end_headers()
    for _ in range(2000):
        handler.wfile.write(b"a")
        time.sleep(0.02)


def slow_headers(handler: Handler) -> None:
    """Send the status line and headers one byte at a time."""
    for byte in b"HTTP/1.1 200 OK\r\nX-Filler: " + b"a" * 2000:
        handler.wfile.write(bytes([byte]))
        time.sleep(0.02)


def silence(handler: Handler) -> None:
    """Send nothing."""
    time.sleep(15)


@pytest.mark.parametrize("misbehave", [slow_body, slow_headers, silence])
def test_slow_server_is_cut_at_the_deadline(server: Server, tmp_path: Path, misbehave: Callable) -> None:
    """A server that never quite stops sending, in the body or in the headers, is left at the deadline."""
    server.routes["/t.csv"] = misbehave
    hurried = Transport(deadline_seconds=0.5, allow_http_loopback=True, backoff_seconds=0.01)
    started = time.monotonic()
    refused(hurried, f"{server.url}/t.csv", tmp_path, r"within 0\.5 seconds")
    assert time.monotonic() - started < 10, "the slow answer would have lasted much longer"


@pytest.mark.parametrize(
    "cut",
    [
        lambda h: answer(h, TABLE[:1000], length=len(TABLE)),
        lambda h: answer(h, gzip.compress(TABLE)[:-12], Content_Encoding="gzip"),
        lambda h: answer(h, gzip.compress(TABLE)[:20] + b"damage" * 9, Content_Encoding="gzip"),
    ],
    ids=["content length", "gzip end", "gzip damage"],
)
def test_truncated_body_is_refused(server: Server, transport: Transport, tmp_path: Path, cut: Callable) -> None:
    """A body shorter than declared, or gzip content without its end, is never kept."""
    server.routes["/t.csv"] = cut
    refused(transport, f"{server.url}/t.csv", tmp_path, "expected .*(complete|gzip)")
    assert len(server.asked) == 4


def test_truncated_body_is_tried_again(server: Server, transport: Transport, tmp_path: Path) -> None:
    """The part of a first attempt leaves no bytes in the file of the second."""
    server.routes["/t.csv"] = in_turn(lambda h: answer(h, TABLE * 200, length=len(TABLE) * 300), answer)
    download = transport.download(f"{server.url}/t.csv", tmp_path, "table.csv")
    assert download is not None
    assert download.path.read_bytes() == TABLE


def test_gzip_content_is_unpacked(server: Server, transport: Transport, tmp_path: Path) -> None:
    """Packed content is unpacked, also in several members, and its hash is of the plain bytes."""
    packed = gzip.compress(TABLE[:900]) + gzip.compress(TABLE[900:])
    server.routes["/t.csv"] = lambda h: answer(h, packed, Content_Encoding="gzip")
    download = transport.download(f"{server.url}/t.csv", tmp_path, "table.csv")
    assert download is not None
    assert download.sha256 == hashlib.sha256(TABLE).hexdigest()


def test_decompression_bomb_is_refused(server: Server, transport: Transport, tmp_path: Path) -> None:
    """Content is counted as it is unpacked, so that a small answer cannot become a huge file."""
    server.routes["/t.csv"] = lambda h: answer(h, gzip.compress(bytes(20_000_000)), Content_Encoding="gzip")
    refused(transport, f"{server.url}/t.csv", tmp_path, "at most 1,000,000 bytes", most_bytes=1_000_000)


def test_endless_body_is_refused(server: Server, transport: Transport, tmp_path: Path) -> None:
    """A body that never ends is left at the byte cap."""

    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/csv")
        handler.end_headers()
        while True:
            handler.wfile.write(TABLE)

    server.routes["/t.csv"] = endless
    refused(transport, f"{server.url}/t.csv", tmp_path, "at most 500,000 bytes", most_bytes=500_000)


def test_too_small_body_is_refused(server: Server, transport: Transport, tmp_path: Path) -> None:
    """An empty answer with status 200 is not a table."""
    server.routes["/t.csv"] = lambda h: answer(h, b"")
    refused(transport, f"{server.url}/t.csv", tmp_path, "at least 1 bytes")


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "text/csv", "application/octet-stream"])
def test_web_page_with_status_200_is_refused(server: Server, transport: Transport, tmp_path: Path, kind: str) -> None:
    """A web page is refused by its type, or by its content where the type is a lie."""
    server.routes["/t.csv"] = lambda h: answer(h, b"\xef\xbb\xbf\n<!DOCTYPE html><html>Sorry</html>", kind=kind)
    refused(transport, f"{server.url}/t.csv", tmp_path, "web page|text/html")


def test_wrong_content_type_is_refused(server: Server, transport: Transport, tmp_path: Path) -> None:
    """An error message in JSON with status 200 is not a table."""
    server.routes["/t.csv"] = lambda h: answer(h, b'{"error": true}', kind="application/json")
    refused(transport, f"{server.url}/t.csv", tmp_path, "found 'application/json'")


@pytest.mark.parametrize(
    "place",
    [
        "file:///etc/passwd",
        "http://localhost:{port}/t2.csv",
        "https://127.0.0.1:{port}/t2.csv",
        "http://127.0.0.1:1/t2.csv",
        "//example.org/t2.csv",
        "http://user:" + TOKEN + "@127.0.0.1:{port}/t2.csv",
        "",
    ],
)
def test_redirect_to_another_place_is_refused(server: Server, transport: Transport, tmp_path: Path, place: str) -> None:
    """Another scheme, host or port is not followed, so that neither files nor tokens leave with it."""
    location = place.format(port=server.server_port)
    server.routes["/t.csv"] = lambda h: answer(h, b"", 302, Location=location)
    refused(transport, f"{server.url}/t.csv", tmp_path, "another place|broken one")
    assert {path for path, _ in server.asked} == {"/t.csv"}


def test_redirect_inside_the_origin_is_followed(server: Server, transport: Transport, tmp_path: Path) -> None:
    """A file that moved on its server is found, and a circle of redirects ends."""
    server.routes["/old"] = lambda h: answer(h, b"", 301, Location="/t.csv")
    server.routes["/t.csv"] = answer
    server.routes["/circle"] = lambda h: answer(h, b"", 307, Location="/circle")
    download = transport.download(f"{server.url}/old", tmp_path, "table.csv")
    assert download is not None
    assert download.url.endswith("/t.csv")
    download.path.unlink()
    refused(transport, f"{server.url}/circle", tmp_path, "chain of redirects")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/t.csv", "http://example.org/t.csv", "ftp://example.org/t", "https://u:p@example.org/t", "t"],
)
def test_only_https_addresses_are_asked(url: str, tmp_path: Path) -> None:
    """Without the permission for tests, nothing but https without a login is asked."""
    refused(Transport(), url, tmp_path, "https address")


def test_token_goes_to_its_host_only_and_is_shown_nowhere(server: Server, transport: Transport, tmp_path: Path) -> None:
    """A token is sent to the host it is for, and a server that sends it back does not bring it into a message."""
    assert "canary" not in repr(transport)
    server.routes["/t.csv"] = lambda h: answer(h, b"", 302, Location=f"https://elsewhere.org/?t={TOKEN}")
    refused(transport, f"{server.url}/t.csv", tmp_path, r"\[token\]")
    server.routes["/echo.csv"] = lambda h: answer(h, ETag=f'"{TOKEN}"', Last_Modified=TOKEN)
    echoed = transport.download(f"{server.url}/echo.csv", tmp_path, "echo.csv")
    assert "canary" not in repr(echoed)
    elsewhere = Transport(allow_http_loopback=True, token_for={"data.cdc.gov": ("X-App-Token", TOKEN)})
    server.routes["/plain.csv"] = answer
    elsewhere.download(f"{server.url}/plain.csv", tmp_path, "table.csv")
    assert "X-App-Token" not in server.asked[-1][1]


def test_unreachable_host_fails_after_two_attempts(transport: Transport, tmp_path: Path) -> None:
    """A port where nobody listens, and a name without an address, end well before the deadline."""
    started = time.monotonic()
    refused(transport, "http://127.0.0.1:9/t.csv", tmp_path, "could not connect")
    refused(transport, "https://no-such-host.invalid/t.csv", tmp_path, "no address")
    assert time.monotonic() - started < 2 * transport.deadline_seconds


@pytest.mark.parametrize("name", ["../t.csv", "/t.csv", "a/b.csv", ".hidden", "", "a\x00b"])
def test_only_plain_names_are_saved_under(transport: Transport, tmp_path: Path, name: str) -> None:
    """No name can lead out of the folder."""
    with pytest.raises(ValueError, match="plain file name"):
        transport.download("https://example.org/t.csv", tmp_path, name)


def test_json_and_text_are_read_or_refused(server: Server, transport: Transport) -> None:
    """JSON is parsed, parameters are escaped, and text that is not JSON or not UTF-8 is refused."""
    server.routes["/j"] = lambda h: answer(h, b'[{"a": 1}]', kind="application/json")
    assert transport.json(f"{server.url}/j", {"$select": "count(*)", "q": "a&b"}) == [{"a": 1}]
    assert server.asked[0][0] == "/j?$select=count%28%2A%29&q=a%26b"
    server.routes["/bad"] = lambda h: answer(h, b"[1, 2", kind="application/json")
    with pytest.raises(TransportError, match="expected JSON"):
        transport.json(f"{server.url}/bad")
    server.routes["/latin"] = lambda h: answer(h, "é".encode("latin-1"), kind="text/plain")
    with pytest.raises(TransportError, match="UTF-8"):
        transport.text(f"{server.url}/latin")


def portal(server: Server, table: bytes = TABLE, rows: int = 500, updated: tuple[int, ...] = (1752674192,)) -> None:
    """Make the server a data portal with one table; its time of change goes through ``updated``."""
    metadata = [{"rowsUpdatedAt": time, "columns": [{"name": "State"}, {"name": "Year"}]} for time in updated]
    replies = [lambda h, m=m: answer(h, json.dumps(m).encode(), kind="application/json") for m in metadata]
    server.routes["/api/views/abcd-1234.json"] = in_turn(*replies)
    server.routes["/api/views/abcd-1234/rows.csv"] = lambda h: answer(h, table)
    count = json.dumps([{"count": str(rows)}]).encode()
    server.routes["/resource/abcd-1234.json"] = lambda h: answer(h, count, kind="application/json")


def test_portal_table_is_downloaded_once_per_change(server: Server, transport: Transport, tmp_path: Path) -> None:
    """A whole table comes with its time of change, and is not asked for again until that time changes."""
    portal(server)
    download = transport.socrata_csv("abcd-1234", tmp_path, "table.csv", host=server.url)
    assert download is not None
    assert download.validators.rows_updated_at == "1752674192"
    assert transport.socrata_csv("abcd-1234", tmp_path, "t2.csv", download.validators, host=server.url) is None
    assert [path for path, _ in server.asked].count("/api/views/abcd-1234/rows.csv?accessType=DOWNLOAD") == 1


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"table": TABLE[:-8]}, "expected 500 rows by the portal's count, found 499"),
        ({"table": b"state,year\n" + TABLE[11:]}, "expected the columns"),
        ({"updated": (1, 2)}, "changed meanwhile"),
        ({"table": TABLE + b'"US,2021\n'}, "expected a CSV table"),
    ],
)
def test_portal_table_that_does_not_fit_its_metadata_is_refused(
    server: Server, transport: Transport, tmp_path: Path, change: dict, match: str
) -> None:
    """Missing rows, other columns or a change during the download leave no file."""
    portal(server, **change)
    with pytest.raises(TransportError, match=match):
        transport.socrata_csv("abcd-1234", tmp_path, "table.csv", host=server.url)
    assert list(tmp_path.iterdir()) == []
