"""Downloads that end: one deadline for each operation, same origin only, nothing half-received is kept."""

import contextlib
import functools
import io
import json
import logging
import os
import random
import socket
import tempfile
import threading
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urljoin, urlsplit

import httpx
import tenacity

from assets.receiving import Answer, Clock, PassingFault, Rules, TransportError, Validators, check_status, receive

__all__ = ["FILE_TYPES", "JSON_TYPES", "MOST_BYTES", "Download", "Transport", "TransportError", "Validators"]

FILE_TYPES = (
    "text/csv",
    "text/plain",
    "text/tab-separated-values",
    "application/csv",
    "application/octet-stream",
    "application/zip",
    "application/x-zip-compressed",
    "application/gzip",
    "application/x-gzip",
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
JSON_TYPES = ("application/json", "text/json", "application/vnd.geo+json")
MOST_BYTES = 300_000_000
_REDIRECTS = (301, 302, 303, 307, 308)
_LONGEST_REDIRECT_CHAIN = 5
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Download:
    """A complete file that was received and checked."""

    path: Path
    url: str
    sha256: str
    size: int
    content_type: str
    validators: Validators


@dataclass
class Transport:
    """Client for published files.

    Attributes:
        deadline_seconds: Longest time one operation may take, all its attempts together.
        connect_timeout: Longest time to resolve a host's name, and to connect to it.
        read_timeout: Longest silence of a server.
        attempts: Most attempts at a passing fault (429, 5xx, a broken connection); an unreachable host gets two.
        allow_http_loopback: Allow http to this machine, for tests.
        token_for: Header name and token by host name; sent in the header only and shown nowhere.
        backoff_seconds: Base of the pauses between attempts, which double and are jittered.
    """

    deadline_seconds: float = 120
    connect_timeout: float = 5
    read_timeout: float = 30
    attempts: int = 4
    allow_http_loopback: bool = False
    token_for: Mapping[str, tuple[str, str]] | None = field(default=None, repr=False)
    backoff_seconds: float = 0.5

    def download(
        self,
        url: str,
        into: Path,
        name: str,
        known: Validators | None = None,
        content_types: Sequence[str] = FILE_TYPES,
        least_bytes: int = 1,
        most_bytes: int = MOST_BYTES,
        form: Mapping[str, str] | None = None,
    ) -> Download | None:
        """Download a file into a folder under a name of ours, or give None where the server says it is unchanged.

        Args:
            url: https address.
            into: Folder; made where absent.
            name: File name to give it; never the server's.
            known: Validators of the version at hand.
            content_types: Media types that the file may have. HTML is refused whatever its declared type.
            least_bytes: Size under which the file cannot be whole.
            most_bytes: Size, unpacked, over which it is refused.
            form: Fields to post; the question is put once, and the answer is waited for until the deadline.

        Raises:
            TransportError: Nothing complete and plausible was received in time; no file is left behind.
        """
        if not name or Path(name).name != name or name.startswith(".") or "\x00" in name:
            raise ValueError(f"Expected a plain file name to save under; found {name!r}. Give a generated name.")
        into.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(prefix=".part-", dir=into)
        try:
            with os.fdopen(handle, "wb") as sink:
                rules = Rules(content_types, least_bytes, most_bytes, form)
                answer = self._get(url, sink, rules, _conditions(known))
                sink.flush()
                os.fsync(sink.fileno())
            if answer is None:
                return None
            os.replace(part, into / name)
        finally:
            Path(part).unlink(missing_ok=True)
        marks = answer.validators
        if any(mark != self._redact(mark) for mark in (marks.etag, marks.last_modified)):
            # Marks are kept with the file; a server that sends a token back must not bring it there.
            marks = Validators()
        return Download(into / name, answer.url, answer.sha256, answer.size, answer.content_type, marks)

    def text(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        content_types: Sequence[str] = ("text/plain", "text/csv"),
        most_bytes: int = 20_000_000,
    ) -> str:
        """Give an answer as UTF-8 text."""
        sink = io.BytesIO()
        # The query is made here rather than by merging, so that "$" in Socrata's parameter names is sent as such.
        query = "&".join(f"{quote(key, safe='$')}={quote(value, safe='')}" for key, value in (params or {}).items())
        full = url + ("&" if "?" in url else "?") + query if query else url
        self._get(full, sink, Rules(content_types, 1, most_bytes), {})
        try:
            return sink.getvalue().decode("utf-8-sig")
        except UnicodeDecodeError:
            message = f"{full}: expected UTF-8 text, found other bytes. Try again later."
            raise TransportError(self._redact(message)) from None

    def json(self, url: str, params: Mapping[str, str] | None = None, most_bytes: int = 50_000_000) -> Any:
        """Give an answer read as JSON."""
        text = self.text(url, params, JSON_TYPES, most_bytes)
        try:
            return json.loads(text)
        except ValueError as fault:
            message = f"{url}: expected JSON, found text that is not ({fault}). Try again later."
            raise TransportError(self._redact(message)) from None

    def socrata_csv(
        self, dataset: str, into: Path, name: str, known: Validators | None = None, host: str = "https://data.cdc.gov"
    ) -> Download | None:
        """Download a Socrata data set whole, or give None where its rows are those at hand; see `assets.socrata`."""
        from assets.socrata import download_table

        return download_table(self, dataset, into, name, known, host)

    @functools.cached_property
    def _client(self) -> httpx.Client:
        for name in ("httpx", "httpcore"):
            # Their finer lines repeat headers, a token that a server sends back among them.
            logging.getLogger(name).setLevel(logging.WARNING)
        # Redirects are followed by hand. No connection is kept, so that each one passes the clock's trace hook.
        return httpx.Client(
            follow_redirects=False,
            trust_env=not self.allow_http_loopback,
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={"Accept-Encoding": "gzip", "User-Agent": "harm-reduction-evidence"},
        )

    def _get(self, url: str, sink: BinaryIO, rules: Rules, headers: dict[str, str]) -> Answer | None:
        clock = Clock(self.deadline_seconds)

        def stop(state: tenacity.RetryCallState) -> bool:
            fault = state.outcome.exception() if state.outcome else None
            most = 1 if rules.form else getattr(fault, "attempts", None) or self.attempts
            return state.attempt_number >= min(most, self.attempts) or clock.remaining() <= state.upcoming_sleep

        def pause(state: tenacity.RetryCallState) -> float:
            fault = state.outcome.exception() if state.outcome else None
            asked = getattr(fault, "retry_after", None)
            doubled: float = self.backoff_seconds * 2 ** (state.attempt_number - 1)
            # Jitter spreads clients that failed together; it only ever lengthens what the server asked for.
            return (doubled if asked is None else asked) + random.uniform(0, doubled)

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(PassingFault), stop=stop, wait=pause, reraise=True
        )
        try:
            return retrying(self._attempt, url, sink, rules, headers, clock)
        except TransportError as fault:
            raise TransportError(self._redact(str(fault))) from None

    def _attempt(self, url: str, sink: BinaryIO, rules: Rules, headers: dict[str, str], clock: Clock) -> Answer | None:
        current = url
        for _ in range(_LONGEST_REDIRECT_CHAIN + 1):
            outcome = self._request(current, sink, rules, headers, clock)
            if not isinstance(outcome, str):
                return outcome
            current = self._same_origin(current, outcome)
        raise TransportError(f"{url}: expected a file, found a chain of redirects. Check the address.")

    def _request(
        self, url: str, sink: BinaryIO, rules: Rules, headers: dict[str, str], clock: Clock
    ) -> Answer | str | None:
        """Give what was received, the place it was redirected to, or None where unchanged."""
        host = self._check_address(url)
        timeout = self._timeout(host, url, clock, patient=rules.form is not None)
        method = "GET" if rules.form is None else "POST"
        sent = {**headers, **self._token_header(host)}
        try:
            with (
                clock.cutting() as trace,
                self._client.stream(
                    method, url, headers=sent, data=rules.form, timeout=timeout, extensions={"trace": trace}
                ) as response,
            ):
                if response.status_code == 304 and headers:
                    return None
                if response.status_code in _REDIRECTS and rules.form is None:
                    return str(response.headers.get("location", ""))
                check_status(url, response)
                return receive(url, response, sink, rules, clock)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, ValueError) as fault:
            if clock.remaining() <= 0.05:
                raise self._too_late(url) from None
            if isinstance(fault, httpx.ConnectError | httpx.ConnectTimeout):
                raise PassingFault(
                    f"{host}: could not connect ({fault}). Check the network, or use a kept or dropped-in file.",
                    attempts=2,
                ) from None
            # The fault's own words may repeat bytes that the server sent, a token's fragment among them.
            found = type(fault).__name__
            raise PassingFault(
                f"{url}: expected a complete answer, found a broken one ({found}). Try again later."
            ) from None

    def _too_late(self, url: str) -> TransportError:
        return TransportError(
            f"{url}: expected an answer within {self.deadline_seconds:g} seconds, found it unfinished. Try again later."
        )

    def _check_address(self, url: str) -> str:
        parts = urlsplit(url)
        host = parts.hostname or ""
        loopback = self.allow_http_loopback and parts.scheme == "http" and host in _LOOPBACK
        if not host or "@" in parts.netloc or (parts.scheme != "https" and not loopback):
            raise TransportError(f"Expected an https address without a login, found {url!r}. Correct the address.")
        return host

    def _same_origin(self, url: str, location: str) -> str:
        target = urljoin(url, location)
        if not location or urlsplit(target)[:2] != urlsplit(url)[:2]:
            raise TransportError(
                f"{url}: expected the file there, found a redirect to {target[:200]!r}, another place. "
                "If the publisher moved the file, change the source's address."
            )
        return target

    def _token_header(self, host: str) -> dict[str, str]:
        header = (self.token_for or {}).get(host)
        return {header[0]: header[1]} if header and header[1] else {}

    def _timeout(self, host: str, url: str, clock: Clock, patient: bool = False) -> httpx.Timeout:
        remaining = clock.remaining()
        if remaining <= 0:
            raise self._too_late(url)
        # Each address of a host is tried in turn with the whole connect timeout: share it out among them.
        connect = min(self.connect_timeout, remaining) / self._addresses(host)
        read = remaining if patient else min(self.read_timeout, remaining)
        return httpx.Timeout(connect=connect, read=read, write=read, pool=read)

    def _addresses(self, host: str) -> int:
        """Count a host's addresses; a name server that does not answer is given up on after the connect timeout."""
        if not self.allow_http_loopback and urllib.request.getproxies() and not urllib.request.proxy_bypass(host):
            return 1  # The proxy resolves names; this machine may not be able to.
        found: list[Any] = []

        def resolve() -> None:
            with contextlib.suppress(OSError, UnicodeError):
                found.extend(socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM))

        thread = threading.Thread(target=resolve, daemon=True)
        thread.start()
        thread.join(self.connect_timeout)
        if not found:
            raise PassingFault(
                f"{host}: expected a host that can be reached, found no address for its name. Check the network, "
                "or use a kept or dropped-in file.",
                attempts=2,
            )
        return len(found)

    def _redact(self, message: str) -> str:
        for _, token in (self.token_for or {}).values():
            for spelling in {token, quote(token, safe="")} - {""}:
                message = message.replace(spelling, "[token]")
        return message


def _conditions(known: Validators | None) -> dict[str, str]:
    if known is None:
        return {}
    conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {header: value for header, value in conditions.items() if value}


def with_rows_updated_at(download: Download, rows_updated_at: str) -> Download:
    """Give the download with the publisher's own time of the last change of its rows."""
    return replace(download, validators=replace(download.validators, rows_updated_at=rows_updated_at))
