"""``hre serve``: the published site over HTTP, to this computer only."""

import gzip
import http.client
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import serve


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Make a published folder with one release, led to by a link, and a secret outside the site."""
    for number in ("1", "2"):
        site = tmp_path / "releases" / number / "site"
        (site / "assets").mkdir(parents=True)
        (site / "empty").mkdir()
        (site / "index.html").write_text(f"<!doctype html><p>release {number}</p>", encoding="utf-8")
        (site / "assets" / "site.js").write_text("let x = 1;\n" * 500, encoding="utf-8")
        (site / "assets" / "index.html").write_text("<p>assets</p>", encoding="utf-8")
        (site / "values.csv").write_text("a,b\n1,é\n", encoding="utf-8")
        (site / ".hidden").write_text("hidden", encoding="utf-8")
        (site / "out").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "secret.txt").write_text("canary", encoding="utf-8")
    (tmp_path / "site").symlink_to("releases/1/site")
    return tmp_path


@pytest.fixture
def server(published: Path) -> Iterator[serve.Server]:
    """Serve it on a free port."""
    server = serve.listen(published / "site", 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


def get(
    server: serve.Server, target: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    """Ask for a target, sent exactly as it is written."""
    connection = http.client.HTTPConnection(serve.HOST, server.server_port, timeout=5)
    connection.putrequest(method, target, skip_host="Host" in headers, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_first_page_is_served(server: serve.Server) -> None:
    """The address alone gives the first page, as HTML in UTF-8."""
    answer, body = get(server, "/")
    assert (answer.status, body) == (200, b"<!doctype html><p>release 1</p>")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("/values.csv", "text/csv; charset=utf-8"),
        ("/assets/site.js?v=1", "text/javascript; charset=utf-8"),
        ("/assets/", "text/html; charset=utf-8"),
    ],
)
def test_content_types(server: serve.Server, target: str, kind: str) -> None:
    """Each kind of file is named for what it is, whatever the system's own list says."""
    answer, _ = get(server, target)
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)


def test_headers_protect(server: serve.Server) -> None:
    """Every answer, errors included, says not to guess types, leak addresses or keep copies unasked."""
    for target in ("/", "/nothing"):
        answer, _ = get(server, target)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "Python" not in answer.headers["Server"]


def test_gzip_when_accepted(server: serve.Server) -> None:
    """Text is compressed for those who accept it, and only for them."""
    plain, text = get(server, "/assets/site.js")
    assert plain.headers["Content-Encoding"] is None
    squeezed, body = get(server, "/assets/site.js", Accept_Encoding="br, gzip;q=0.5")
    assert squeezed.headers["Content-Encoding"] == "gzip"
    assert int(squeezed.headers["Content-Length"]) == len(body) < len(text)
    assert gzip.decompress(body) == text
    refused, _ = get(server, "/assets/site.js", Accept_Encoding="gzip;q=0")
    assert refused.headers["Content-Encoding"] is None


def test_unchanged_file_is_not_sent_again(server: serve.Server) -> None:
    """A browser that has the file is told so."""
    first, _ = get(server, "/values.csv")
    again, body = get(server, "/values.csv", If_None_Match=first.headers["ETag"])
    assert (again.status, body) == (304, b"")


def test_head_has_no_body(server: serve.Server) -> None:
    """HEAD gives the headers of GET."""
    answer, body = get(server, "/values.csv", method="HEAD")
    assert (answer.status, answer.headers["Content-Length"], body) == (200, "9", b"")


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/../../secret.txt",
        "/..%2fsecret.txt",
        "/..\\secret.txt",
        "/%00",
        "//secret.txt/../..",
        "/./index.html",
        "/out",
        "/.hidden",
        "/empty/",
        "/empty",
        "/assets//site.js",
        "/index.html/x",
        "/" + "a" * 2000,
        "/etc/passwd",
        "//etc/passwd",
    ],
)
def test_nothing_outside_the_site(server: serve.Server, target: str) -> None:
    """No path, link or odd character leads out of the site, and no folder is listed."""
    answer, body = get(server, target)
    assert answer.status == 404
    assert b"canary" not in body
    assert b"hidden" not in body


def test_folder_gets_its_slash(server: serve.Server) -> None:
    """A folder with a first page is redirected within this server."""
    answer, _ = get(server, "//assets")
    assert (answer.status, answer.headers["Location"]) == (301, "/assets/")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_reading_only(server: serve.Server, method: str) -> None:
    """Nothing but GET and HEAD is answered."""
    answer, _ = get(server, "/", method=method)
    assert answer.status == 501


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "localhost.evil.example", ""])
def test_foreign_name_is_refused(server: serve.Server, host: str) -> None:
    """A page elsewhere that points its own name at this computer gets nothing."""
    answer, body = get(server, "/", Host=host)
    assert (answer.status, b"release" in body) == (403, False)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9000", "127.0.0.1:8000", "[::1]:8000", "[::1]"])
def test_own_names_are_answered(server: serve.Server, host: str) -> None:
    """Every name of this computer itself is good."""
    assert get(server, "/", Host=host)[0].status == 200


def test_new_release_appears(server: serve.Server, published: Path) -> None:
    """When the link is swapped, the next request gets the new release."""
    assert b"release 1" in get(server, "/")[1]
    (published / "next").symlink_to("releases/2/site")
    os.replace(published / "next", published / "site")
    assert b"release 2" in get(server, "/")[1]


def test_missing_publication_is_not_found(server: serve.Server, published: Path) -> None:
    """Where the site is gone, the server says so and stays up."""
    (published / "site").unlink()
    assert get(server, "/")[0].status == 404


def test_loopback_only(server: serve.Server) -> None:
    """No other computer can reach it."""
    assert server.server_address[0] == "127.0.0.1"


def test_busy_port_gives_another(published: Path) -> None:
    """A taken port is passed over, and said."""
    said: list[str] = []
    with socket.socket() as taken:
        taken.bind((serve.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = serve.listen(published / "site", port)
        assert server.server_port != port
        server.server_close()

        def interrupted(self: serve.Server, poll_interval: float = 0.5) -> None:
            raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(serve.Server, "serve_forever", interrupted)
            serve.serve(published / "site", port, browser=False, say=said.append)
    assert said[0].startswith(f"Port {port} is taken; using ")
    assert said[1].startswith("Serving ")
    assert said[-1] == "Stopped."


def test_browser_opens_when_asked(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser gets the address that is served."""
    opened: list[str] = []

    def interrupted(self: serve.Server, poll_interval: float = 0.5) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr(serve.Server, "serve_forever", interrupted)
    serve.serve(published / "site", 0, browser=True, say=opened.append)
    assert opened[1].startswith("http://127.0.0.1:")
