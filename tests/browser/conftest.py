"""Fixtures of the browser tests: a synthetic site, a loopback server, and Debian's Chromium."""

import functools
import http.server
import runpy
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the tests' output is for failures."""


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the site built from the synthetic file, which is ``published.duckdb`` beside it."""
    return _build(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def hostile_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a site whose sources write payloads everywhere."""
    return _build(tmp_path_factory.mktemp("hostile"), hostile=True)


def _build(folder: Path, **options: bool) -> Path:
    from dashboards.site import build_site

    write_published = runpy.run_path(str(ROOT / "tests" / "fixtures" / "published.py"))["write_published"]
    build_site(write_published(folder / "published.duckdb", **options), folder / "site")
    return folder / "site"


@pytest.fixture(scope="session")
def served(site_folder: Path) -> Iterator[str]:
    """Give the address of the synthetic site on a loopback server."""
    handler = functools.partial(_Quiet, directory=str(site_folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Give a headless Chromium, or skip where there is none."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed (it is in the extra dev)"
    )
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on the path: install the package chromium to run the browser tests")
    with playwright.sync_playwright() as driver:
        options = [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ]
        started = driver.chromium.launch(executable_path=path, args=options)
        yield started
        started.close()


@pytest.fixture
def opened(browser: Any) -> Iterator[Any]:
    """Give a function that opens an address at a width, draws every chart, and notes faults and requests."""
    contexts = []

    def go(address: str, width: int = 1280, draw: bool = True) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.faults, page.asked = [], []
        page.on("console", lambda message: page.faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(address)
        if draw:
            draw_all(page)
        return page

    yield go
    for context in contexts:
        context.close()


def draw_all(page: Any) -> None:
    """Scroll through the page until every chart is drawn."""
    for handle in page.query_selector_all(".plot"):
        handle.scroll_into_view_if_needed()
        page.wait_for_timeout(30)
    # Waiting for a function would need eval, which the pages' security policy forbids.
    for handle in page.query_selector_all(".plot"):
        page.wait_for_selector(f"#{handle.get_attribute('id')}[data-drawn]", timeout=15_000)
