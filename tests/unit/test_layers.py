"""The house: which room may import which, and that importing a module does nothing else."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
MAY_IMPORT = {
    "pipelines": {"pipelines", "assets", "dashboards", "schemas"},
    "assets": {"assets", "schemas", "epi"},
    "dashboards": {"dashboards", "schemas"},
    "schemas": {"schemas"},
    "epi": {"epi"},
}
OUTSIDE = {
    "epi": {"numba", "numpy", "pandas", "scipy", "statsmodels"},
    "schemas": {"numpy", "pandas", "pandera", "pycountry"},
}
"""Libraries of the rooms that must stay usable on their own."""

NO_IO = """
import importlib, os, sys
import duckdb, dagster, pandas, pandera.pandas, plotly.graph_objects, scipy.special  # their own imports are not ours
checkout, found = sys.argv[1] + os.sep, []

def ours():
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib"):
            return ""
        if name.startswith(checkout) and "site-packages" not in name:
            return f"{name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""

def note(what):
    place = ours()
    if place:
        found.append(f"{place} {what}")

WATCHED = ("open", "socket.", "sqlite3.", "subprocess.", "urllib.", "os.listdir", "os.scandir", "os.mkdir", "os.system",
           "os.remove", "os.rename", "glob.", "shutil.", "tempfile.")

def hook(event, arguments):
    # Source files are read by the import itself, and by dataclass-like decorators that quote them.
    if event.startswith(WATCHED) and not (event == "open" and str(arguments[0]).endswith((".py", ".pyc"))):
        note(f"{event} {arguments[:1]}")

class Watched(type(os.environ)):
    def __getitem__(self, key):
        if not key.startswith("DAGSTER_"):  # what its decorators ask for themselves
            note(f"environment {key}")
        return super().__getitem__(key)

os.environ.__class__ = Watched
connect = duckdb.connect

def watched_connect(*arguments, **options):
    note(f"duckdb.connect {arguments[:1]}")
    return connect(*arguments, **options)

duckdb.connect = watched_connect
sys.addaudithook(hook)
for name in sys.argv[2:]:
    importlib.import_module(name)
print("\\n".join(found))
"""


def modules(*rooms: str) -> dict[str, Path]:
    """Give every module of some rooms, or of all, by its dotted name."""
    paths = [path for room in rooms or MAY_IMPORT for path in sorted((CHECKOUT / room).rglob("*.py"))]
    names = [".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return dict(zip(names, paths, strict=True))


def imports(name: str, tree: ast.AST, is_package: bool = False) -> Iterator[str]:
    """Give everything a module imports anywhere in it, by dotted name; relative and computed imports too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = name.split(".") if is_package else name.split(".")[:-1]
            base = ".".join([*parts[: len(parts) - node.level + 1], node.module or ""]) if node.level else node.module
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and "import_module" in ast.dump(node.func) and node.args:
            texts = [part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)]
            yield from (str(text) for text in texts[:1])


def imported(name: str) -> set[str]:
    """Give what one of our modules imports."""
    path = modules()[name]
    return set(imports(name, ast.parse(path.read_text(encoding="utf-8")), path.name == "__init__.py"))


def run_no_io(checkout: Path, *names: str) -> str:
    """Import modules in a process of its own that watches them, and give what they did besides."""
    program = [sys.executable, "-c", NO_IO, str(checkout), *names]
    done = subprocess.run(program, cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_go_one_way(room: str) -> None:
    """A room imports only the rooms below it: pipelines, then assets and dashboards, then schemas; epi for assets."""
    wrong = {
        f"{name} imports {target}"
        for name in modules(room)
        for target in imported(name)
        if (top := target.split(".")[0]) in {*MAY_IMPORT, "tests"} and top not in MAY_IMPORT[room]
    }
    assert not wrong


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import assets.core", {"assets.core"}),
        ("def f():\n    from assets import core", {"assets.core"}),
        ("from ..other import thing", {"dashboards.other.thing"}),
        ("import_module(f'assets.sources.{name}')", {"assets.sources."}),
    ],
)
def test_every_kind_of_import_is_seen(text: str, found: set[str]) -> None:
    """Imports inside functions, relative ones and computed ones are found too."""
    assert set(imports("dashboards.pages.overview", ast.parse(text))) == found


@pytest.mark.parametrize("room", OUTSIDE)
def test_maths_and_promises_need_few_libraries(room: str) -> None:
    """The maths rest on numerical libraries, the promises on pandera and ISO names: usable in any notebook."""
    allowed = {*OUTSIDE[room], *MAY_IMPORT[room], *sys.stdlib_module_names}
    wrong = {f"{n} imports {t}" for n in modules(room) for t in imported(n) if t.split(".")[0] not in allowed}
    assert not wrong


@pytest.mark.parametrize("room", ["dashboards", "epi", "schemas"])
def test_only_the_glue_knows_dagster(room: str) -> None:
    """Neither pages, maths nor promises import Dagster."""
    assert not {f"{n} imports {t}" for n in modules(room) for t in imported(n) if t.split(".")[0] == "dagster"}


def test_sources_and_indicators_meet_in_measures_only() -> None:
    """No source imports an indicator, no indicator a source or its layout."""
    by_source = {name: imported(name) for name in modules("assets") if name.startswith("assets.sources")}
    by_indicator = {name: imported(name) for name in modules("assets") if name.startswith("assets.indicators")}
    assert by_source
    assert by_indicator
    wrong = [f"{n} imports {t}" for n, ts in by_source.items() for t in ts if t.startswith("assets.indicators")]
    forbidden = ("assets.sources", "assets.source", "schemas.sources", "assets.ingest", "assets.snapshots")
    wrong += [f"{n} imports {t}" for n, ts in by_indicator.items() for t in ts if t.startswith(forbidden)]
    assert not wrong


def test_no_source_imports_another() -> None:
    """What two sources share is a module of its own, not one of them."""
    wrong = [
        f"{name} imports {target}"
        for name in modules("assets")
        if name.startswith("assets.sources.")
        for target in imported(name)
        if target.startswith("assets.sources.") and not target.startswith(name)
    ]
    assert not wrong


def test_no_room_for_leftovers() -> None:
    """No module is called utils, helpers, common or misc: its name says what it does."""
    assert not {name for name in modules() if name.split(".")[-1] in {"util", "utils", "helpers", "common", "misc"}}


def test_only_settings_reads_the_environment() -> None:
    """Everything that depends on the environment goes through pipelines.settings."""
    readers = {
        name
        for name, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"})
        or (isinstance(node, ast.ImportFrom) and {a.name for a in node.names} & {"environ", "getenv"})
    }
    assert readers == {"pipelines.settings"}


def test_importing_does_nothing_else() -> None:
    """Importing every module opens no file, no database and no connection, and reads no environment variable."""
    assert run_no_io(CHECKOUT, *modules()) == ""


@pytest.mark.parametrize(
    "code",
    [
        "from pathlib import Path\nTEXT = Path(__file__).with_name('notes.txt').read_text()",
        "import pandas\nFRAME = pandas.read_csv(__file__.replace('eager.py', 'notes.txt'))",
        "import os\nHOME = os.environ.get('HOME')",
        "import duckdb\nCONNECTION = duckdb.connect()",
        "import socket\nSOCKET = socket.socket()",
        "import os\nFILES = os.listdir('.')",
    ],
)
def test_work_at_import_is_noticed(tmp_path: Path, code: str) -> None:
    """A module that reads a file, the environment, a folder or a database while it is imported is named."""
    (tmp_path / "eager.py").write_text(code + "\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("a,b\n1,2\n", encoding="utf-8")
    assert "eager.py:2" in run_no_io(tmp_path, "eager")
