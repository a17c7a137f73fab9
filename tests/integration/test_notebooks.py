"""Notebooks run from top to bottom against a real publication, and are kept without outputs."""

import ast
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from looking import ask
from nbclient import NotebookClient

from pipelines.settings import Settings

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))


class ThisPython(AsyncKernelManager):
    """A kernel of the Python that runs the tests, whatever kernels are installed."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """Start this interpreter."""
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], language="python"
        )


def read(path: Path) -> Any:
    """Read a notebook as it is kept."""
    return nbformat.read(path, as_version=4)


def code(notebook: Any) -> list[Any]:
    """Give the cells of code."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def executed(name: str, published_home: Settings) -> Any:
    """Run a notebook from top to bottom against a publication."""
    notebook = read(NOTEBOOKS / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HRE_HOME", str(published_home.home))
        client = NotebookClient(
            notebook, timeout=120, kernel_manager_class=ThisPython, resources={"metadata": {"path": str(NOTEBOOKS)}}
        )
        client.execute()
    return notebook


@pytest.fixture(scope="module")
def quick_start(published_home: Settings) -> Any:
    """Give the quick start as run against a publication."""
    return executed("quick_start.ipynb", published_home)


@pytest.fixture(scope="module")
def place_model(published_home: Settings) -> Any:
    """Give the model of a place as run against a publication."""
    return executed("model_a_place.ipynb", published_home)


def charts(notebook: Any) -> list[Any]:
    """Give the Plotly charts that a notebook shows."""
    kind = "application/vnd.plotly.v1+json"
    outputs = [output.get("data", {}) for cell in code(notebook) for output in cell.outputs]
    return [data[kind] for data in outputs if kind in data]


def shown(notebook: Any) -> str:
    """Give everything a notebook shows as text."""
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    return "\n".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_notebooks_are_kept_without_outputs(path: Path) -> None:
    """No notebook is kept with outputs, counts or anything of the machine it was written on."""
    notebook = read(path)
    nbformat.validate(notebook)
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code(notebook))
    assert all(not cell.metadata for cell in notebook.cells)
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_notebooks_read_only(path: Path) -> None:
    """Every database is opened read-only; only the model of a place imports our packages, and no pipeline."""
    calls, imported = [], set()
    for cell in code(read(path)):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "duckdb.connect":
                calls.append({word.arg: ast.unparse(word.value) for word in node.keywords}.get("read_only"))
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
                imported |= {name.split(".")[0] for name in names}
    assert set(calls) == {"True"}
    modelling = {"assets", "epi"} if path.name == "model_a_place.ipynb" else set()
    assert imported & {"assets", "dashboards", "epi", "pipelines", "schemas"} == modelling


def test_quick_start_runs_and_draws_a_chart(quick_start: Any) -> None:
    """Every cell runs, and one of them shows a Plotly chart with places and intervals."""
    assert all(cell.execution_count for cell in code(quick_start))
    (chart,) = charts(quick_start)
    (trace,) = chart["data"]
    assert len(trace["y"]) == 15
    assert trace["error_x"]["symmetric"] is False


def test_quick_start_answers_from_the_publication(quick_start: Any, published_home: Settings) -> None:
    """The answers are those of the publication: places falling, countries at the target, and where a number stands."""
    text = shown(quick_start)
    places = ask(
        published_home.database,
        "SELECT count(*) FILTER (upper_95 < 0), count(*), max(period) FROM marts.indicator_values WHERE indicator_id = "
        "'overdose_deaths_12_month_change_pct' AND strata = 'all' AND status = 'reported' AND period = "
        "'12 months to 2024-12'",
    )
    falling, every, period = places[0]
    assert f"{period}: {falling} of {every} places are falling beyond chance" in text
    met = ask(published_home.database, "SELECT met FROM marts.target_summary WHERE target = 200 AND places = 73")
    reached = next(cell for cell in code(quick_start) if "target_status = 'met'" in cell.source)
    assert len(reached.outputs[-1].data["text/html"].split("<tr")) - 2 == met[0][0] == 12
    assert "figures/cdc_wonder/2024-09-24" in text
    assert "cdc_wonder.csv" in text
    traced = next(cell for cell in code(quick_start) if cell.source.startswith("number ="))
    ((rate,),) = ask(
        published_home.database,
        "SELECT value FROM core.observations WHERE measure_id = 'overdose_death_rate_age_adjusted_per_100k' "
        "AND area_id = 'USA' AND drug = 'all' AND period_start = '2021-01-01'",
    )
    assert f"{rate:.6f}" in traced.outputs[-1].data["text/plain"]


def test_the_model_of_a_place_says_what_it_claims(place_model: Any) -> None:
    """Two sources give two answers, the calibrated place is predicted, the step is small enough, nobody is lost."""
    text = shown(place_model)
    assert all(cell.execution_count for cell in code(place_model))
    sources, evidence_sets = (
        re.findall(r"^\d +(all regions|Europe) +([\d.]+)", text, re.M),
        re.findall(r"evidence-\w+", text),
    )
    assert [(source, float(ratio)) for source, ratio in sources] == [("all regions", 0.79), ("Europe", 0.44)]
    assert len(set(evidence_sets)) == 2
    (chart,) = charts(place_model)
    assert chart["layout"]["title"]["text"] == "Estonia: 4 of 4 observed figures lie inside their predictive interval"
    assert float(re.findall(r"error with 12 steps a year: (\S+)", text)[0]) < 1e-6
    assert float(re.findall(r"largest imbalance: (\S+)", text)[0]) < 1e-12


def test_calibration_narrows_what_treatment_averts(place_model: Any) -> None:
    """Deaths averted by treatment in the calibrated place have less than half the width that evidence alone leaves."""
    found = re.findall(r"(evidence alone|calibrated) +([\d.]+) +([\d.]+) +([\d.]+)", shown(place_model))
    widths = {label: float(upper) - float(lower) for label, _, lower, upper in found}
    assert widths["calibrated"] < widths["evidence alone"] / 2
