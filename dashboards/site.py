"""The static site: every page, its data and its downloads, from one published file."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dashboards import formats, plotly_bundle
from dashboards.charts import Chart, data_script
from dashboards.downloads import write_downloads
from dashboards.page import NAVIGATION, Page
from dashboards.pages import (
    cost_effectiveness,
    coverage,
    data,
    equity,
    evidence,
    hiv_hcv,
    overdose,
    overview,
    place,
    policy,
)
from dashboards.published import Published
from dashboards.sketch import sketch

HERE = Path(__file__).resolve().parent
STATIC_FILES = ("site.css", "on.js", "site.js", "PLOTLY_LICENSE")


def build_site(database: Path, out: Path) -> list[Path]:
    """Build the whole site from a published DuckDB file.

    The same file gives the same site, byte for byte. Nothing is fetched, at build time or by the pages. A table without
    rows becomes a section that says so.

    Args:
        database: The published DuckDB file; opened read-only.
        out: Folder to write the site into; made where absent. Open ``index.html`` in it.

    Returns:
        Every file written, sorted.
    """
    out = Path(out)
    with Published(Path(database)) as published:
        environment = make_environment()
        written = _write_static(out)
        downloads = write_downloads(published, out / "downloads")
        written += [row["path"] for row in downloads]
        pages = [
            overview.page(published),
            overdose.page(published),
            hiv_hcv.page(published),
            coverage.page(published),
            cost_effectiveness.page(published),
            evidence.page(published),
            policy.page(published),
            equity.page(published),
            place.page(published, environment),
            data.page(published, downloads),
        ]
        for page in pages:
            written += _write_page(environment, published, page, out)
    return sorted(written)


def make_environment() -> Environment:
    """Give the template environment: everything is escaped, and a misspelt name is an error."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=formats.number, web=formats.url, slug=formats.slug, sketch=sketch)
    return environment


def _write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def _write_static(out: Path) -> list[Path]:
    written = [_write(out / "static" / name, (HERE / "static" / name).read_bytes()) for name in STATIC_FILES]
    written.append(_write(out / "static" / "plotly.min.js", plotly_bundle.plotly_script()))
    for name in plotly_bundle.MAPS:
        written.append(_write(out / "static" / f"topojson-{name}.js", plotly_bundle.map_script(name)))
    return written


def _write_page(environment: Environment, published: Published, page: Page, out: Path) -> list[Path]:
    files: dict[str, str] = {}
    for chart in page.charts:
        files.update(chart.files())
    files.update(page.files)
    stem = page.file.removesuffix(".html")
    drawn = [chart for chart in page.charts if chart.views]
    files[f"page.{stem}"] = data_script({"charts": {chart.id: chart.settings() for chart in drawn}})
    context: dict[str, Any] = {
        **page.context,
        "page": page,
        "charts": {chart.id: chart for chart in page.charts},
        "navigation": NAVIGATION,
        "publication": published.publication,
        "scripts": [f"data/page.{stem}.js", *(f"data/{_first_file(chart)}.js" for chart in drawn)],
    }
    html = environment.get_template(page.template).render(context)
    written = [_write(out / page.file, html)]
    written += [_write(out / "data" / f"{name}.js", content) for name, content in files.items()]
    return written


def _first_file(chart: Chart) -> str:
    """Give the data file that holds the view shown first."""
    part = chart.default_key.split("|")[0]
    return f"{chart.id}.{formats.slug(part)}" if chart.split else chart.id
