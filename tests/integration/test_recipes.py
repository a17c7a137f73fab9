"""CONTRIBUTING's recipes, followed word by word in a copy of the tree: a source, an indicator, a figure, own maths."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from looking import ask

CHECKOUT = Path(__file__).resolve().parents[2]
SOURCE, INDICATOR = "example_drug_checking", "example_samples_checked_per_100k"
ROOMS = (
    "assets",
    "dashboards",
    "docs",
    "epi",
    "notebooks",
    "pipelines",
    "schemas",
    "tests",
    "data/evidence",
    "data/figures",
    "data/reference",
)
FILES = (
    "pyproject.toml",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "data/drop/README.md",
    "data/corrections/README.md",
)
PLACE = re.compile(r"`([\w./-]+\.\w+)`:?\s*$")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.xdist_group("recipes")


def blocks(text: str) -> list[tuple[str, str, str]]:
    """Give every block of the recipes: the file named just before it, its language, its text."""
    recipes = text[text.index("## Recipes") : text.index("## After any recipe")]
    found: list[tuple[str, str, str]] = []
    at = 0
    for match in BLOCK.finditer(recipes):
        named = PLACE.search(recipes[at : match.start()])
        assert named or found, match.group()
        found.append((named.group(1) if named else found[-1][0], match.group(1), match.group(2)))
        at = match.end()
    return found


def follow(checkout: Path, place: str, language: str, text: str) -> None:
    """Do what a block says: write a new file, change a line, or add a row of figures."""
    path = checkout / place
    if language == "diff":
        lines = text.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] in " -")
        after = "".join(line[1:] for line in lines if line[0] in " +")
        content = path.read_text(encoding="utf-8")
        assert content.count(before) == 1, f"{place}: expected the recipe's lines once: {before}"
        path.write_text(content.replace(before, after), encoding="utf-8")
    elif place.startswith("data/figures/"):
        content = path.read_text(encoding="utf-8")
        assert content.count(text) == 1, f"{place}: the recipe's row is not the one that is published"
        path.write_text(content.replace(text, "") + text, encoding="utf-8")
    else:
        assert not path.exists(), f"{place}: the recipe would overwrite a file"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def run(checkout: Path, *command: str) -> str:
    """Run a command of Python in the copy, and give what it wrote."""
    done = subprocess.run([sys.executable, *command], cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the tree in which all recipes were followed and the pages made from the code were written."""
    checkout = tmp_path_factory.mktemp("recipes") / "checkout"
    for room in ROOMS:
        shutil.copytree(CHECKOUT / room, checkout / room, ignore=shutil.ignore_patterns("__pycache__", "*_cache"))
    for name in FILES:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CHECKOUT / name, checkout / name)
    for place, language, text in blocks((checkout / "CONTRIBUTING.md").read_text(encoding="utf-8")):
        follow(checkout, place, language, text)
    run(checkout, "-m", "pipelines.dictionary")
    return checkout


def test_the_recipes_have_every_piece() -> None:
    """The recipes show a layout, a module, fixtures and a test for each thing that can be added."""
    places = {place for place, _, _ in blocks((CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8"))}
    assert {f"{room}/sources/{SOURCE}.py" for room in ("assets", "schemas")} < places
    lists = {"schemas/sources/__init__.py", "schemas/measure_cards/services.py", "assets/indicators/registry.py"}
    assert lists < places
    tests = {place for place in places if place.startswith("tests/unit/")}
    assert {Path(place).stem for place in tests} == {
        f"test_{SOURCE}",
        "test_indicators_drug_checking",
        "test_epi_growth",
    }
    assert any(Path(place).name.startswith("bad_") for place in places)


def test_what_the_recipes_add_passes_its_tests_and_the_conventions(copy: Path) -> None:
    """The tests that the recipes write pass, and layers, conventions and style still hold with what was added."""
    added = [f"tests/unit/test_{name}.py" for name in (SOURCE, "indicators_drug_checking", "epi_growth")]
    conventions = ["tests/unit/test_layers.py", "tests/unit/test_conventions.py", "tests/unit/test_figures.py"]
    said = run(copy, "-m", "pytest", "-q", "-p", "no:xdist", "epi/growth.py", *added, *conventions)
    assert re.search(r"\d+ passed", said)
    run(copy, "-m", "ruff", "check", "assets", "schemas", "epi", *added)
    run(copy, "-m", "ruff", "format", "--check", "assets", "schemas", "epi", *added)


def test_what_the_recipes_add_is_published(copy: Path, tmp_path: Path) -> None:
    """A dropped file of the new source is read, joins the population in the new indicator, and is published."""
    home = tmp_path / "home"
    drop = home / "data" / "drop" / SOURCE
    drop.mkdir(parents=True)
    shutil.copy(copy / "tests" / "fixtures" / SOURCE / "synthetic-2026-03-31.csv", drop / "samples-2026-03-31.csv")
    program = (
        "from pathlib import Path; from pipelines.refresh import refresh; from pipelines.settings import Settings; "
        f"outcome = refresh(Settings(home=Path({str(home)!r}), checkout=Path.cwd()), offline=True); "
        "assert outcome.exit_code == 0, outcome.message"
    )
    run(copy, "-c", program)
    database = home / "data" / "published" / "harm_reduction.duckdb"
    ((value, samples, people, source_ids),) = ask(
        database,
        "SELECT value, numerator, denominator, source_ids FROM marts.latest_values "
        f"WHERE indicator_id = '{INDICATOR}' AND area_id = 'US-VT'",
    )
    assert value == pytest.approx(1204 / people * 100_000)
    assert (samples, source_ids) == (1204, f"{SOURCE}+census_population")
    described = ask(
        database, f"SELECT count(*), min(length(description)) FROM meta.columns WHERE table_name = '{SOURCE}'"
    )
    assert described[0][0] == 6
    assert ask(database, f"SELECT count(*) FROM core.quarantine WHERE source_id = '{SOURCE}'") == [(2,)]
    assert ask(database, f"SELECT number FROM meta.indicators WHERE indicator_id = '{INDICATOR}'") == [("34",)]
    assert SOURCE in (copy / "docs" / "sources.md").read_text(encoding="utf-8")
    # The card is found by itself in the documentation and on the site's page of definitions.
    assert f"`{INDICATOR}`" in (copy / "docs" / "methods.md").read_text(encoding="utf-8")
    site = home / "data" / "published" / "site"
    pages = [
        page.name for page in site.glob("*.html") if "Samples checked per 100,000 people" in page.read_text("utf-8")
    ]
    assert pages, sorted(page.name for page in site.glob("*.html"))


def test_a_recipe_that_no_longer_fits_fails(copy: Path) -> None:
    """A recipe's change of a line that is not there any more is an error, not a silent skip."""
    with pytest.raises(AssertionError, match="expected the recipe's lines once"):
        follow(copy, "schemas/measure_cards/services.py", "diff", "-a line that nobody wrote\n+another\n")
