"""Receiving one answer: its status, type, size and end are checked while it is written, and it ends in time."""

import contextlib
import email.utils
import hashlib
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import httpx

_PASSING_STATUSES = (429, 500, 502, 503, 504)
_CHUNK = 1 << 18


class TransportError(Exception):
    """A download that gave nothing to keep; the message says what was expected, what was found, what to do."""


class PassingFault(TransportError):
    """A fault that may be gone at the next attempt."""

    def __init__(self, message: str, attempts: int | None = None, retry_after: float | None = None) -> None:
        """Keep how many attempts this fault is worth, and the pause that the server asked for."""
        super().__init__(message)
        self.attempts = attempts
        self.retry_after = retry_after


@dataclass(frozen=True)
class Validators:
    """What a server said of the version it gave, kept to ask later whether anything changed."""

    etag: str = ""
    last_modified: str = ""
    rows_updated_at: str = ""


@dataclass(frozen=True)
class Rules:
    """What an answer must be to be kept."""

    content_types: Sequence[str]
    least_bytes: int
    most_bytes: int
    form: Mapping[str, str] | None = None
    """Fields to send; the question is then put once, because a service that is asked by form is asked sparingly."""


@dataclass(frozen=True)
class Answer:
    """What is known of an answer that was received whole."""

    url: str
    sha256: str
    size: int
    content_type: str
    validators: Validators


class Clock:
    """The time left for one operation; at its end it cuts the open connection, whatever the server is doing."""

    def __init__(self, seconds: float) -> None:
        """Start the clock."""
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Give the seconds left; negative when the time is over."""
        return self._end - time.monotonic()

    @contextlib.contextmanager
    def cutting(self) -> Iterator[Callable[[str, dict[str, Any]], None]]:
        """Give an httpcore trace hook; a socket that it sees is shut down when the time is over.

        Read timeouts alone never fire against a server that sends one byte at a time.
        """
        sockets: list[socket.socket] = []

        def seen(event: str, info: dict[str, Any]) -> None:
            if event.endswith(("connect_tcp.complete", "start_tls.complete")):
                sockets.append(info["return_value"].get_extra_info("socket"))

        def cut() -> None:
            for opened in sockets:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(opened, socket.SHUT_RDWR)

        timer = threading.Timer(max(self.remaining(), 0.0), cut)
        timer.daemon = True
        timer.start()
        try:
            yield seen
        finally:
            timer.cancel()


def check_status(url: str, response: httpx.Response) -> None:
    """Refuse any status but 200; a busy or broken server is a passing fault."""
    status = response.status_code
    if status in _PASSING_STATUSES:
        raise PassingFault(
            f"{url}: expected the file, found HTTP {status}. The server is busy or broken: try again later.",
            retry_after=_retry_after(response.headers.get("retry-after", "")),
        )
    if status != 200:
        raise TransportError(f"{url}: expected the file, found HTTP {status}. Check the address and the access rules.")


def _retry_after(text: str) -> float | None:
    if text.strip().isdigit():
        return float(text)
    with contextlib.suppress(ValueError, TypeError):
        return max(email.utils.parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    return None


def receive(url: str, response: httpx.Response, sink: BinaryIO, rules: Rules, clock: Clock) -> Answer:
    """Write the answer's content, checked as it comes, and return what is known of it."""
    content_type = response.headers.get("content-type", "application/octet-stream").split(";")[0].strip().lower()
    if content_type not in rules.content_types:
        raise TransportError(
            f"{url}: expected {' or '.join(rules.content_types[:3])}, found {content_type[:80]!r}. "
            "The address may now lead to a page: check it."
        )
    sink.seek(0)
    sink.truncate()
    digest, size, start = hashlib.sha256(), 0, b""
    for chunk in _plain_chunks(url, response):
        if len(start) < 512:
            start += chunk[:512]
            _refuse_page(url, start)
        size += len(chunk)
        if size > rules.most_bytes:
            raise TransportError(f"{url}: expected at most {rules.most_bytes:,} bytes, found more. Check the address.")
        digest.update(chunk)
        sink.write(chunk)
        if clock.remaining() <= 0:
            break
    if clock.remaining() <= 0:
        # A connection that was cut at the deadline can look like the end of a body without a declared length.
        raise httpx.ReadTimeout("the deadline passed")
    if size < rules.least_bytes:
        raise PassingFault(f"{url}: expected at least {rules.least_bytes:,} bytes, found {size:,}. Try again later.")
    validators = Validators(response.headers.get("etag", ""), response.headers.get("last-modified", ""))
    return Answer(url, digest.hexdigest(), size, content_type, validators)


def _refuse_page(url: str, start: bytes) -> None:
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html")):
        raise TransportError(f"{url}: expected data, found a web page. Check the address, or download it by hand.")


def _plain_chunks(url: str, response: httpx.Response) -> Iterator[bytes]:
    """Give the content unpacked in bounded pieces; a body that ends too early is a passing fault."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", ""):
        raise TransportError(f"{url}: expected gzip or no packing, found {encoding[:40]!r}. Report it to us.")
    received, unpacker = 0, None
    for packed in response.iter_raw(_CHUNK):
        received += len(packed)
        if encoding != "gzip":
            yield packed
            continue
        while packed:
            # A new unpacker after each end: gzip content may be several members in a row.
            unpacker = zlib.decompressobj(wbits=31) if unpacker is None or unpacker.eof else unpacker
            try:
                yield unpacker.decompress(packed, _CHUNK)
            except zlib.error as fault:
                raise PassingFault(f"{url}: expected gzip content, found damage ({fault}). Try again.") from None
            packed = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    while unpacker is not None and not unpacker.eof and (rest := unpacker.decompress(b"", _CHUNK)):
        yield rest
    declared = response.headers.get("content-length", "")
    incomplete = declared.isdigit() and int(declared) != received
    if incomplete or (encoding == "gzip" and (unpacker is None or not unpacker.eof)):
        raise PassingFault(
            f"{url}: expected a complete file{f' of {declared} bytes' if declared else ''}, found its first "
            f"{received:,} bytes. Try again later."
        )
