"""The command line: ``hre refresh``, ``serve``, ``sql``, ``status``, ``sources``, ``indicators`` and others.

Only Typer is imported here; what a command needs it imports itself, so that help and short questions start at once.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TextIO

import typer

if TYPE_CHECKING:
    from pipelines.settings import Settings

PUBLISHED, REFUSED, WITHOUT_A_SOURCE, BUSY, INTERRUPTED = 0, 1, 3, 75, 130

app = typer.Typer(
    name="hre",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


class Format(StrEnum):
    """Forms in which an answer is given."""

    table = "table"
    csv = "csv"
    parquet = "parquet"


def main() -> None:
    """Run the command line; the exit code is what ``hre --help`` says."""
    app(prog_name="hre")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"hre {version('hre')}")
        except PackageNotFoundError:
            typer.echo("hre (run from a checkout that is not installed)")
        raise typer.Exit


@app.callback()
def about(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Harm Reduction Evidence: public data on overdose, HIV, hepatitis C and services, as checked indicators.

    A refresh reads the sources, checks them, computes the indicators and publishes one DuckDB file and one site of
    dashboards, together or not at all. Everything else here reads what was published.

    \b
    Examples:
      hre refresh --offline            publish from what is at hand, no network
      hre serve                        open the dashboards in a browser
      hre indicators hiv_prevalence_pwid
      hre sql "SELECT area_id, value FROM marts.latest_values
               WHERE indicator_id = 'hiv_prevalence_pwid'"

    \b
    Exit codes:
      0   published, or nothing had changed; the question was answered
      1   publication refused, the last one stays; or no answer
      2   wrong usage
      3   published without a source that was refused (it is named, with the
          reason; its last good data stay)
      75  another refresh is running
      130 interrupted

    The folder of data is that of the checkout; the environment variable HRE_HOME moves it.
    """


@app.command(short_help="Bring in new releases, check and publish.")
def refresh(
    offline: Annotated[bool, typer.Option("--offline", help="Use no network: dropped, kept and figures only.")] = False,
    source: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="ID", help="Look for news of this source only; repeat for several."),
    ] = None,
) -> None:
    """Bring in new releases, check everything, and publish the database and the site.

    For each source this takes files from its drop folder (data/drop/ID/), then the live release where a script may
    fetch it, else the newest release kept from before, else the transcribed figures that come with the project.

    A source that fails its checks is refused: the run says which row and why, its last good data stay, and the exit
    code is 3. If the publication itself fails its audit, yesterday's stays (exit code 1). Stopping a refresh at any
    moment leaves the last publication whole.

    \b
    Examples:
      hre refresh
      hre refresh --offline
      hre refresh --source cdc_vsrr --source cdc_wonder
    """
    wanted = _known_sources(source or [])
    settings = _settings()
    from pipelines import refresh as machinery
    from pipelines import show

    try:
        with _progress() as report:
            outcome = machinery.refresh(settings, offline=offline, source_ids=wanted, report=report)
    except machinery.AnotherRefreshIsRunning as busy:
        typer.echo(str(busy) or "Another refresh is running; wait for it to end, then try again.", err=True)
        raise typer.Exit(BUSY) from busy
    except KeyboardInterrupt as interrupt:
        typer.echo("Interrupted; the last publication stays as it was.", err=True)
        raise typer.Exit(INTERRUPTED) from interrupt
    except OSError as error:
        typer.echo(f"Publication refused: {error}. The last publication stays as it was.", err=True)
        raise typer.Exit(REFUSED) from error
    show.summary(show.console(), outcome, settings)
    raise typer.Exit(outcome.exit_code)


def _known_sources(asked: list[str]) -> tuple[str, ...]:
    if not asked:
        return ()
    from assets.sources import SOURCE_IDS

    for source_id in asked:
        if source_id not in SOURCE_IDS:
            raise typer.BadParameter(_no_such("source", source_id, SOURCE_IDS), param_hint="--source")
    return tuple(dict.fromkeys(asked))


def _no_such(what: str, found: str, known: "tuple[str, ...] | list[str]") -> str:
    from difflib import get_close_matches

    near = get_close_matches(found, known, n=1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"no {what} {found!r}.{meant} There are: {', '.join(known)}."


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Give what a refresh calls after each step: a bar on a terminal, a line elsewhere; on stderr."""
    with _own_stderr() as stream:
        if not stream.isatty():
            yield lambda step, done, total: print(f"[{done}/{total}] {step}", file=stream, flush=True)
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        shape = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
        with Progress(*shape, console=Console(file=stream), transient=True) as bar:
            task = bar.add_task("starting", total=None)
            yield lambda step, done, total: bar.update(task, description=step, completed=done, total=total)


@contextmanager
def _own_stderr() -> Iterator[TextIO]:
    """Give stderr under a number of its own: while steps run, Dagster leads the usual one into its log files."""
    try:
        descriptor = os.dup(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):
        yield sys.stderr
        return
    with open(descriptor, "w", encoding="utf-8", errors="replace") as stream:
        yield stream


@app.command(short_help="Show the published site in a browser.")
def serve(
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Port; the next free one if taken.")] = 8000,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
) -> None:
    """Show the published site in a browser, to this computer only, until Ctrl-C.

    A release that is published meanwhile shows when a page is loaded again.

    \b
    Examples:
      hre serve
      hre serve --port 8123 --no-browser
    """
    settings = _settings()
    if not settings.site.is_file():
        _give_up(f"No site is published yet: expected {settings.site}. Run 'hre refresh --offline' first.")
    from pipelines.serve import serve as serve_site

    try:
        serve_site(settings.site.parent, port, not no_browser, lambda text: typer.echo(text, err=True))
    except OSError as error:
        _give_up(f"Cannot serve: {error}. Try another port, such as hre serve --port 8123.")


@app.command(short_help="Ask the published database in SQL.")
def sql(
    question: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT; - reads it from standard input.")],
    format: Annotated[
        Format | None, typer.Option("--format", "-f", help="Form of the answer; else the output's ending says.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Rows of a table; 0 for all.")] = 50,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, max=86_400, help="Seconds to give it.")] = 15.0,
) -> None:
    """Ask the published database one question in SQL, and get a table, CSV or Parquet.

    The question reads the published tables only: no files, no network, no changes, at most 1 GiB of memory. Refreshes
    may go on meanwhile. In CSV, text that a spreadsheet would run as a formula gets an apostrophe in front. Nulls
    are empty in CSV; the column status says why there is no value.

    \b
    Examples:
      hre sql "SHOW ALL TABLES"
      hre sql "DESCRIBE marts.indicator_values"
      hre sql "FROM marts.target_summary" --format csv > targets.csv
      hre sql "FROM core.observations" --output observations.parquet
      hre sql - < question.sql

    \b
    Start with marts.indicator_values (every value, with its interval, status
    and sources) or marts.latest_values (the newest of each); meta.columns says
    what each column means.
    """
    form = _form(format, output)
    settings = _settings()
    if output is not None:
        _require_writable(output, settings)
    from pipelines import answers, query

    text = sys.stdin.read() if question == "-" else question
    with _refusals():
        connection = query.connect(settings.database)
        try:
            query.require_question(connection, text)
            answers.give(connection, text, str(form), output, limit, timeout)
        except OSError as error:
            if output is None:
                raise
            _give_up(f"Cannot write {output}: {error.strerror or error}.")
        finally:
            connection.close()


def _form(asked: Format | None, output: Path | None) -> Format:
    if asked is None:
        known = {"": Format.table, ".txt": Format.table, ".csv": Format.csv, ".parquet": Format.parquet}
        ending = output.suffix.lower() if output is not None else ""
        if ending not in known:
            words = f"expected a name ending in .csv, .parquet or .txt, or --format; found {ending}"
            raise typer.BadParameter(words, param_hint="--output")
        return known[ending]
    if asked is Format.parquet and output is None:
        raise typer.BadParameter("parquet needs a file to go to: add --output FILE.parquet", param_hint="--format")
    return asked


def _require_writable(output: Path, settings: "Settings") -> None:
    target = output.resolve()
    if target.is_relative_to(settings.published.resolve()):
        words = "expected a file outside the publication, which only a refresh writes"
        raise typer.BadParameter(words, param_hint="--output")
    if target.is_dir() or not target.parent.is_dir():
        raise typer.BadParameter(f"expected a file in an existing folder, found {output}", param_hint="--output")


@app.command(short_help="Show what is published and what waits.")
def status() -> None:
    """Show what is published, each source's newest release, failed checks, and what waits for the next refresh."""
    settings = _settings()
    from pipelines import catalogue, show

    running = catalogue.is_locked(settings.lock)
    out = show.console()
    if not settings.database.is_file():
        show.waiting(out, settings, running)
        _nothing_published(settings)
    asked = {"publication": catalogue.PUBLICATION, "sources": catalogue.SOURCES, "checks": catalogue.CHECKS}
    with _refusals():
        show.status(out, settings, catalogue.read(settings, **asked, counts=catalogue.COUNTS), running)


@app.command(short_help="List the sources, or show one's card.")
def sources(
    source_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Show one source's card.")] = None,
) -> None:
    """List the sources, or show one: terms, citation, caveats, and how to drop in its file.

    \b
    Examples:
      hre sources
      hre sources cdc_wonder
    """
    from assets.sources import SOURCE_IDS
    from assets.sources import cards as source_cards

    if source_id is not None and source_id not in SOURCE_IDS:
        raise typer.BadParameter(_no_such("source", source_id, SOURCE_IDS), param_hint="ID")
    settings = _settings()
    from pipelines import cards, catalogue, show

    published = settings.database.is_file()
    facts: dict[str, list[dict[str, Any]]] = {"sources": [], "snapshots": []}
    if published:
        with _refusals():
            facts = catalogue.read(settings, sources=catalogue.SOURCES, snapshots=catalogue.SNAPSHOTS)
    rows = {str(row["source_id"]): row for row in facts["sources"]}
    known = source_cards()
    out = show.console()
    if source_id is None:
        cards.sources(out, known, rows)
    else:
        kept = [row for row in facts["snapshots"] if row["source_id"] == source_id]
        folder = settings.drop / (known[source_id].drop_folder or source_id)
        cards.source(out, known[source_id], rows.get(source_id, {}), kept, folder)
    if not published:
        typer.echo("Nothing is published yet, so no releases and rows. Run 'hre refresh --offline'.", err=True)


@app.command(short_help="List the indicators, or show one's card.")
def indicators(
    indicator_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Show one indicator's card.")] = None,
) -> None:
    """List the published indicators, or show one: question, definition, interval, target, caveats, references.

    \b
    Examples:
      hre indicators
      hre indicators oat_coverage
    """
    settings = _settings()
    if not settings.database.is_file():
        _nothing_published(settings)
    from pipelines import cards, catalogue, show

    with _refusals():
        rows = catalogue.read(settings, indicators=catalogue.INDICATORS)["indicators"]
    known = [str(row["indicator_id"]) for row in rows]
    if indicator_id is None:
        cards.indicators(show.console(), rows)
    elif indicator_id in known:
        cards.indicator(show.console(), rows[known.index(indicator_id)])
    else:
        raise typer.BadParameter(_no_such("indicator", indicator_id, known), param_hint="ID")


@app.command(short_help="Ask the model: what would more of a service do in a place?")
def model(
    place: Annotated[str, typer.Argument(metavar="PLACE", help="Id or name, such as AUS or Australia.")],
    intervention: Annotated[
        list[str] | None,
        typer.Option("--intervention", "-i", metavar="NAME=LEVEL", help="Level to reach; + joins; repeat to compare."),
    ] = None,
    years: Annotated[int, typer.Option("--years", min=1, max=50, help="Years the model runs.")] = 10,
    draws: Annotated[int, typer.Option("--draws", min=2, max=100_000, help="Draws of all uncertain figures.")] = 1_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same numbers.")] = 20240101,
    choose: Annotated[
        list[str] | None, typer.Option("--choose", metavar="PARAMETER=SOURCE", help="Take another source's figure.")
    ] = None,
    own: Annotated[list[str] | None, typer.Option("--set", metavar="PARAMETER=NUMBER", help="Your own figure.")] = None,
    currency: Annotated[str, typer.Option("--currency", help="Currency of costs.")] = "AUD",
    prices: Annotated[
        Path | None, typer.Option("--prices", metavar="FILE", help="CSV to convert costs by: see docs/economics.md.")
    ] = None,
    price_year: Annotated[
        int | None, typer.Option("--price-year", help="Year of costs; else the file's newest.")
    ] = None,
    discount: Annotated[float, typer.Option("--discount", min=0, max=0.5, help="Rate a year; 0.03 is 3 %.")] = 0.03,
    worth: Annotated[
        float, typer.Option("--willingness-to-pay", min=0.01, help="Amount for a QALY, for net benefit and returns.")
    ] = 50_000,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Fit rates to the deaths, prevalence and coverage of the place.")
    ] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write rows as CSV.")] = None,
) -> None:
    """Ask the transmission model what levels of services do in a place, what they cost and how sure that is.

    It reads the published indicators of the place and the cited evidence, and says which figures it used, what it
    assumed and what is lacking. Without --intervention it compares what a refresh does.

    \b
    Interventions: oat, nsp, naloxone, consumption_room, drug_checking,
    safer_supply, hcv_treatment, hiv_testing, art, prep, prison_oat, release_link.
    Shares are proportions: oat=0.5 is 50 %; a plus joins levels into one strategy.
    naloxone=1 is as many kits as bring its use to 80 % of witnessed overdoses.

    \b
    Examples:
      hre model AUS --intervention oat=0.5 --draws 10000
      hre model AUS -i oat=0.5 -i oat=0.5+nsp=0.75 --choose oat_hcv_rr=act_databook
      hre model EST -i oat=0.4 --calibrate
      hre model Kenya -i oat=0.4 --set cost_oat=585 --years 20 -o kenya.csv
    """
    settings = _settings()
    if output is not None:
        _require_writable(output, settings)
    from assets.economics.asking import QuestionRefused, analysis
    from pipelines import calibration, show
    from pipelines import model as machinery

    with _refusals():
        try:
            how = analysis(
                intervention or [],
                choose or [],
                own or [],
                years,
                draws,
                seed,
                currency,
                discount,
                worth,
                prices,
                price_year,
            )
            if calibrate:
                answer, name, fitted = calibration.ask(settings, place, how)
            else:
                (answer, name), fitted = machinery.ask(settings, place, how), None
        except QuestionRefused as refusal:
            _give_up(str(refusal))
    machinery.tell(show.console(), answer, name, how)
    if fitted is not None:
        calibration.tell(show.console(), fitted)
    if output is not None:
        try:
            machinery.write_csv(answer, output)
        except OSError as error:
            _give_up(f"Cannot write {output}: {error.strerror or error}.")


@app.command(short_help="Write a template for own programme data.")
def template(
    name: Annotated[str, typer.Argument(metavar="NAME", help="nsp, oat, naloxone, consumption-site, …")],
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Else NAME.csv.")] = None,
) -> None:
    """Write a template for own programme data: a header, its units, and one example line to delete.

    Fill it in, check it (hre check FILE), put it in data/drop/programme/ and refresh. Small counts are hidden before
    anything is stored, and the name of a service is never stored.

    \b
    Templates: nsp, oat, naloxone, consumption-site, drug-checking, hcv-cascade,
    population-size

    \b
    Examples:
      hre template nsp
      hre template hcv-cascade --output 2026.csv
    """
    from pipelines import programme

    if name not in programme.TEMPLATES:
        raise typer.BadParameter(_no_such("template", name, list(programme.TEMPLATES)), param_hint="NAME")
    path = output or Path(f"{name}.csv")
    try:
        with path.open("x", encoding="utf-8", newline="") as stream:
            stream.write(programme.template_text(programme.TEMPLATES[name]))
    except OSError as error:
        _give_up(f"Cannot write {path}: {error.strerror}. Name another file with --output.")
    typer.echo("\n".join([f"{path}: {programme.TEMPLATES[name].title}", *programme.explain(programme.TEMPLATES[name])]))


@app.command(short_help="Tell what is wrong in filled-in templates.")
def check(files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="csv or xlsx.")]) -> None:
    """Tell every fault of filled-in templates: line, column, what was expected and found, and what to do.

    Nothing is stored. The exit code is 1 where there is a fault.

    \b
    Examples:
      hre check nsp.csv
      hre check data/drop/programme/*
    """
    from datetime import UTC, datetime

    from pipelines import programme

    report = programme.check(files, datetime.now(UTC).date())
    typer.echo("\n".join(report.lines))
    raise typer.Exit(REFUSED if report.faults else PUBLISHED)


def _settings() -> "Settings":
    from pipelines.settings import load

    return load()


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn a refused question into its message and exit code 1."""
    from pipelines.query import QueryRefused

    try:
        yield
    except QueryRefused as refusal:
        _give_up(str(refusal))


def _nothing_published(settings: "Settings") -> NoReturn:
    from pipelines.query import shown

    _give_up(f"Nothing is published yet: expected {shown(settings.database)}. Run 'hre refresh --offline'.")


def _give_up(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(REFUSED)
