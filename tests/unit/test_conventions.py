"""Conventions that make the project one: names, cards, words, sizes, and pages that match the code."""

import ast
import dataclasses
import inspect
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from assets.indicators import registry
from assets.source import Snapshot, SourceRefused
from assets.sources import SOURCE_IDS, source
from assets.sources import cards as source_cards
from epi.intervals import poisson_interval
from pipelines.dictionary import pages
from schemas.indicators import IndicatorCard
from schemas.measures import MEASURES, MeasureCard
from schemas.source_card import SourceCard
from schemas.sources import CONNECTED
from schemas.tables import MODELS, UNDESCRIBED, column_descriptions, describe, raw_models

CHECKOUT = Path(__file__).resolve().parents[2]
FIXTURES = CHECKOUT / "tests" / "fixtures"
ROOMS = ("assets", "dashboards", "epi", "pipelines", "schemas")
TRACKED = (
    *ROOMS,
    ".ci",
    "benchmarks",
    "data/drop/README.md",
    "data/corrections",
    "data/figures",
    "data/reference",
    "docs",
    "notebooks",
)
TEXT = {".py", ".md", ".csv", ".txt", ".toml", ".html", ".css", ".js", ".mjs", ".json", ".ipynb", ".lock", ".sh", ""}
LONGEST_MODULE = 350
LONGER = {
    "pipelines/cli.py": "half of it is what --help says",
}
PUBLISHERS_WORDS = {
    "data/figures/README.md": ("European Monitoring Centre for Drugs and Drug Addiction",),
    "data/figures/emcdda_bulletin.csv": ("European Monitoring Centre for Drugs and Drug Addiction",),
    "docs/methods.md": ("Territory. Addiction 2026",),
    "docs/sources.md": (
        "European Monitoring Centre for Drugs and Drug Addiction",
        "Substance Abuse and Mental Health Services Administration",
    ),
    "assets/sources/emcdda_bulletin.py": ("European Monitoring Centre for Drugs and Drug Addiction",),
    "assets/sources/samhsa_nsduh.py": ("Substance Abuse and Mental Health Services Administration",),
    "schemas/sources/unaids_gam.py": ("clean_needles_distributed_to_prisoners",),
    "tests/fixtures/unaids_gam/GAM_2025_en_synthetic.csv": ("Clean needles distributed to prisoners",),
    "tests/fixtures/unaids_gam/reshaped_2019_synthetic/ddf--datapoints--clean_needles_distributed_to_prisoners_total"
    "--by--area--year.csv": ("clean_needles_distributed_to_prisoners_total",),
    "tests/integration/test_figures_agree.py": ("Psychostimulants with abuse potential (T43.6)",),
}
"""Names that publishers gave their files, columns and themselves; nothing of ours says it so."""

STIGMA = re.compile(
    r"\baddict(s|ed|ion|ions)?\b|\babus(e|es|ed|er|ers|ing|ive)\b|\bjunk(ie|y)s?\b|\bdrug[ _-]users?\b|"
    r"\bIDUs?\b|\bclean(er)?[ _-](needle|syringe|equipment)s?|\bshooting gallery\b|\bsubstance misus|"
    r"\bdrug habit\b|\bstay(ed|ing)? clean\b|\bpipehead\b|\balcoholics?\b|\bdirty (needle|urine)",
    re.IGNORECASE,
)
MACHINE = re.compile(
    r"(?<![\w.~$}])/(work|tmp/v|home/\w+|root|Users/\w+)/\w|\bpypi\.org|files\.pythonhosted|artifactory|--index-url|"
    r"--extra-index-url|--find-links \S|\bghp_\w{20}|\bAKIA[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY"
)
HERE = Path(__file__).relative_to(CHECKOUT).as_posix()


def texts() -> dict[str, str]:
    """Give every text file that is ours, by its path in the checkout."""
    folders = [CHECKOUT / name for name in (*TRACKED, "tests")]
    found = [path for folder in folders for path in (folder.rglob("*") if folder.is_dir() else [folder])]
    found += list(CHECKOUT.glob("*"))
    return {
        path.relative_to(CHECKOUT).as_posix(): path.read_text(encoding="utf-8", errors="ignore")
        for path in sorted(set(found))
        if path.is_file() and path.suffix in TEXT and "__pycache__" not in path.parts
    }


def load(source_id: str, path: Path) -> None:
    """Do with a dropped file what a refresh does."""
    recognised = source(source_id).recognise(path)
    source(source_id).tidy(
        Snapshot(source_id, recognised.release, path.parent, recognised.files, "", "", "", "drop-in")
    )


def public_functions(module: ModuleType) -> dict[str, object]:
    """Give the functions that a module offers."""
    return {
        name: function
        for name, function in vars(module).items()
        if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
    }


MATHS = [
    name
    for name in re.findall(r"`epi\.(\w+)`", (CHECKOUT / "epi" / "__init__.py").read_text(encoding="utf-8"))
    if (CHECKOUT / "epi" / f"{name}.py").is_file()
]
"""Modules that the package offers; what they share among themselves stands in others."""

FUNCTIONS = [f"{module}.{name}" for module in MATHS for name in public_functions(import_module(f"epi.{module}"))]
SHARED = {"as_floats", "broadcast", "common_index", "first_position", "interval_frame"}
"""Functions of those modules that serve the others; their arguments are checked where they come in."""


@pytest.mark.parametrize("source_id", CONNECTED)
def test_one_name_for_a_source_everywhere(source_id: str) -> None:
    """Module, layout, test, fixtures and card of a source carry one name, as does every message about it."""
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", source_id)
    places = (
        f"assets/sources/{source_id}.py",
        f"schemas/sources/{source_id}.py",
        f"tests/unit/test_{source_id}.py",
        f"tests/fixtures/{source_id}",
    )
    assert [place for place in places if not (CHECKOUT / place).exists()] == []
    assert source(source_id).CARD.id == source_id


def test_no_source_is_outside_the_list() -> None:
    """A module, a layout, a folder of fixtures or a file of figures belongs to a source that is listed."""
    for room in ("assets", "schemas"):
        assert {path.stem for path in (CHECKOUT / room / "sources").glob("[a-z]*.py")} == set(CONNECTED)
    assert {path.name for path in FIXTURES.iterdir() if path.is_dir() and path.name != "__pycache__"} >= set(CONNECTED)
    assert {path.stem for path in (CHECKOUT / "data" / "figures").glob("*.csv")} <= set(SOURCE_IDS)
    assert set(source_cards()) == set(SOURCE_IDS)


@pytest.mark.parametrize("source_id", CONNECTED)
def test_a_source_gives_what_the_steps_call(source_id: str) -> None:
    """Every source has a card and the functions fetch, recognise and tidy, with the arguments they are called with."""
    module = source(source_id)
    assert isinstance(module.CARD, SourceCard)
    wanted = {"fetch": ["transport", "known", "into"], "recognise": ["path"], "tidy": ["snapshot"]}
    assert {name: list(inspect.signature(getattr(module, name)).parameters) for name in wanted} == wanted


@pytest.mark.parametrize("source_id", CONNECTED)
def test_every_source_refuses_its_bad_files(source_id: str) -> None:
    """Each bad file is refused by name, saying what was expected and what was found; nothing of it is loaded."""
    bad = sorted((FIXTURES / source_id).glob("bad_*"))
    assert bad
    for path in bad:
        with pytest.raises(SourceRefused) as refusal:
            load(source_id, path)
        message = str(refusal.value)
        assert path.name in message
        assert "expected" in message, message
        assert "found" in message, message


def test_fixtures_say_that_they_are_synthetic() -> None:
    """Every file of fixtures is named synthetic, or lies in a folder that is."""
    files = [path for name in CONNECTED for path in (FIXTURES / name).rglob("*") if path.is_file()]
    assert files
    assert [str(path) for path in files if "synthetic" not in str(path.relative_to(FIXTURES))] == []


def test_nothing_synthetic_among_the_data() -> None:
    """No file under data/ is called synthetic, invented or an example, and no publisher there is."""
    named = re.compile(r"(?<![a-z])synthetic(?![ _]opioid)|invented|example|dummy|lorem", re.IGNORECASE)
    data = {name: text for name, text in texts().items() if name.startswith("data/") and name.endswith(".csv")}
    assert len(data) >= 10
    assert [name for name in data if named.search(name)] == []
    assert [f"{name}: {found.group()}" for name, text in data.items() if (found := named.search(text))] == []


@pytest.mark.parametrize("name", sorted(MODELS | {f"raw.{name}": model for name, model in raw_models().items()}))
def test_every_table_and_column_is_described(name: str) -> None:
    """A table says what it holds and, where it is ours, its grain; each column says what it means."""
    model = (MODELS | {f"raw.{name}": model for name, model in raw_models().items()})[name]
    assert len(describe(model)) > 30
    assert name.startswith("raw.") or "Grain: " in describe(model)
    for column, (description, _) in column_descriptions(model).items():
        assert description != UNDESCRIBED, column
        assert len(description) >= 5, column


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_published_table_has_its_columns_and_no_other(name: str) -> None:
    """Each model is strict and ordered itself: pandera ignores settings that a Config inherits from a plain class."""
    contract = MODELS[name].to_schema()
    assert (contract.strict, contract.ordered) == (True, True)


def test_a_check_keeps_its_name() -> None:
    """A rule that two tables share has one name in both, whichever is checked first: messages name it."""
    for parent, child in (
        ("core.observations", "core.observation_releases"),
        ("marts.indicator_values", "marts.latest_values"),
    ):
        names = [{check.name for check in MODELS[name].to_schema().checks} for name in (child, parent)]
        assert names[0] == names[1]
        assert "value_null_exactly_when_not_reported" in names[0]


@pytest.mark.parametrize("card", MEASURES.values(), ids=lambda card: card.id)
def test_measure_cards_are_complete(card: MeasureCard) -> None:
    """A measure says what it means, its unit, kind and basis; what is a rate, share or index never adds."""
    assert MEASURES[card.id] is card
    assert all(len(text) > 3 for text in (card.title, card.meaning, card.unit))
    assert card.meaning.endswith(".")
    assert card.kind in {"flow", "stock", "rate", "share", "index"}
    assert card.basis in {"residence", "occurrence", "registration", "by_source", "not_applicable"}
    assert not (card.adds_over_time and card.kind != "flow")
    assert not (card.adds_over_area and card.kind not in {"flow", "stock"})
    assert not (card.id.endswith("_pct") and card.unit != "percent")


@pytest.mark.parametrize("card", registry.cards(), ids=lambda card: card.id)
def test_indicator_cards_are_complete(card: IndicatorCard) -> None:
    """An indicator says question, formula, unit, interval, suppression, caveats and references; targets name a text."""
    plain = (card.title, card.numerator, card.denominator, card.unit, card.interval_method, card.suppression_rule)
    assert all(len(text) > 3 for text in plain)
    assert card.question.endswith("?")
    assert card.caveats
    assert card.references
    assert all(caveat.endswith(".") for caveat in card.caveats)
    assert card.polarity in {"lower", "higher", "none"}
    people = {"population", "programme", "reached", "opioid_dependent", "tested", "deaths"}
    assert card.denominator_type in {*people, "events", "time", "laws", "value", "none"}
    assert (card.denominator == "none") == (card.denominator_type == "none")
    assert not card.number or 1 <= int(card.number) <= 46
    assert all(target.source for target in card.targets)


def test_an_indicator_has_one_card() -> None:
    """Ids of indicators are unique, and none is also a measure with another meaning of unit."""
    ids = [card.id for card in registry.cards()]
    assert len(ids) == len(set(ids))
    both = {card.id: (card.unit, MEASURES[card.id].unit) for card in registry.cards() if card.id in MEASURES}
    assert {name: units for name, units in both.items() if units[0].split()[0] != units[1].split()[0]} == {}


@pytest.mark.parametrize("card", source_cards().values(), ids=lambda card: card.id)
def test_source_cards_are_complete(card: SourceCard) -> None:
    """A source says publisher, terms, coverage, cadence, basis, citation, caveats, and how its file is dropped in."""
    free = {"licence_url", "download_url", "drop_in_help", "caveats", "automated", "figures_only"}
    free |= {"drop_folder", "confidential", *(("homepage",) if card.confidential else ())}
    for field in dataclasses.fields(card):
        assert field.name in free or len(getattr(card, field.name)) > 3, field.name
    assert card.caveats
    assert card.homepage.startswith("https://") or card.confidential
    assert card.drop_in_help or card.figures_only


@pytest.mark.parametrize("name", FUNCTIONS)
def test_public_maths_is_documented_and_tried(name: str) -> None:
    """Each public function of epi says its arguments and what it gives, cites a reference, and has an example."""
    module, _, function = name.partition(".")
    text = inspect.getdoc(getattr(import_module(f"epi.{module}"), function)) or ""
    assert text.split("\n\n")[0].endswith(".")
    if function not in SHARED and not function.startswith("check_"):
        missing = [part for part in ("Args:", "Returns:", "References:", ">>> ") if part not in text]
        assert missing == []


def test_maths_that_others_use_is_offered() -> None:
    """A module of epi that the assets use is one that the package's docstring lists."""
    used = {
        target
        for path in (CHECKOUT / "assets").rglob("*.py")
        for target in re.findall(r"from epi\.(\w+) import", path.read_text(encoding="utf-8"))
    }
    assert used
    assert used <= set(MATHS)


@pytest.mark.parametrize("name", sorted(name for name in texts() if not name.endswith(".lock")))
def test_words_are_person_first(name: str) -> None:
    """Nothing of ours calls a person or an object by a stigmatising word; publishers' own names are listed."""
    if name == HERE:
        return
    text = texts()[name]
    for words in PUBLISHERS_WORDS.get(name, ()):
        text = text.replace(words, "")
    assert [match.group() for match in STIGMA.finditer(text)] == []


def test_nothing_names_a_machine_or_a_secret() -> None:
    """No file names a folder of one machine, a package index, a token or a key."""
    found = {name: match.group() for name, text in texts().items() if (match := MACHINE.search(text)) and name != HERE}
    assert not found


def test_locks_hold_hashes_and_no_addresses() -> None:
    """Every pinned package has hashes, and no lock file holds an address."""
    locks = {name: text for name, text in texts().items() if name.endswith(".lock")}
    for name, text in locks.items():
        assert "://" not in text, name
        pinned = re.findall(r"^[a-z0-9][\w.\[\],-]*==\S+ \\\n +--hash=sha256:[0-9a-f]{64}", text, re.MULTILINE | re.I)
        assert len(pinned) == len(re.findall(r"^[A-Za-z0-9].*==", text, re.MULTILINE)) > 0, name


@pytest.mark.parametrize("path", sorted(path for room in ROOMS for path in (CHECKOUT / room).rglob("*.py")), ids=str)
def test_modules_stay_short(path: Path) -> None:
    """A module is read in one sitting; the few longer ones are listed with the reason."""
    name = path.relative_to(CHECKOUT).as_posix()
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_MODULE or name in LONGER, f"{lines} lines: split it, or say why not"


@pytest.mark.parametrize("path", sorted(path for room in ROOMS for path in (CHECKOUT / room).rglob("*.py")), ids=str)
def test_modules_and_functions_say_what_they_are(path: Path) -> None:
    """Modules and public functions begin with a full sentence."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    public = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    first = [(ast.get_docstring(node) or "") for node in [tree, *public] if ast.get_docstring(node)]
    assert ast.get_docstring(tree)
    assert [text.split("\n\n")[0] for text in first if not re.search(r"[.:?]$", text.split("\n\n")[0].strip())] == []


@pytest.mark.parametrize("name", ["data_dictionary.md", "sources.md", "methods.md"])
def test_pages_match_the_code(name: str) -> None:
    """The pages under docs/ are what the models and cards give; make docs writes them."""
    written = (CHECKOUT / "docs" / name).read_text(encoding="utf-8")
    made = pages(CHECKOUT / "data" / "figures")[name]
    assert written == made, "run make docs"


def test_every_source_indicator_and_table_has_its_place_in_the_pages() -> None:
    """No source, indicator or table is left out of the pages, and every link inside them leads somewhere."""
    made = pages(CHECKOUT / "data" / "figures")
    assert all(f"| Short name | `{source_id}` |" in made["sources.md"] for source_id in SOURCE_IDS)
    assert all(f"| Short name | `{card.id}`, version" in made["methods.md"] for card in registry.cards())
    assert all(f"\n### {name}\n" in made["data_dictionary.md"] for name in MODELS)
    for text in made.values():
        headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors


def test_numbers_told_in_the_methods_are_true() -> None:
    """The limits for five events that the methods page tells are those the code gives."""
    text = pages(CHECKOUT / "data" / "figures")["methods.md"].replace("\n", " ")
    exact, byar = (poisson_interval([5], method=method) for method in ("exact", "byar"))
    told = f"exact limits are {exact[0][0]:.3f} and {exact[1][0]:.3f}, Byar's {byar[0][0]:.3f} and {byar[1][0]:.3f}"
    assert told in text


def test_links_between_pages_lead_somewhere() -> None:
    """Every relative link of a page leads to a file of the checkout; pictures are made when the site is shown."""
    broken = [
        f"{name}: {target}"
        for name, text in texts().items()
        if name.endswith(".md")
        for target in re.findall(r"(?<!!)\[[^\]]*\]\((?!https?:|#|mailto:)([^)#\s]+)", text)
        if not target.endswith(".png") and not ((CHECKOUT / name).parent / target).exists()
    ]
    assert not broken


def test_changelog_tells_code_and_numbers_apart() -> None:
    """Each version of the changelog says what the code does differently and which numbers change."""
    versions = re.split(r"^## ", (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert versions
    for version in versions:
        assert re.findall(r"^### (.+)$", version, re.MULTILINE) == ["Code", "Numbers"], version.split("\n")[0]
