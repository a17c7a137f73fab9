"""The part of docs/methods.md that says which method gives which number: complete, and true where it tells numbers."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from assets.indicators import registry
from assets.standards import weights
from epi.intervals import binomial_interval, poisson_interval
from epi.standardise import direct_rate
from pipelines.dictionary import pages
from pipelines.methods import RATIONALE, TITLE, documented_functions, which_method

CHECKOUT = Path(__file__).resolve().parents[2]
TEXT = " ".join(RATIONALE.split())


def section() -> str:
    """Give the section as it stands in the page."""
    page = pages(CHECKOUT / "data" / "figures")["methods.md"]
    return page.partition(f"\n## {TITLE}\n")[2].partition("\n## ")[0]


def test_the_page_holds_the_section_as_it_is_made_now():
    """The written page has the section that the cards and docstrings give; make docs writes it."""
    written = (CHECKOUT / "docs" / "methods.md").read_text(encoding="utf-8")
    assert "\n".join(which_method(registry.cards())) in written, "run make docs"


def test_every_public_function_that_cites_a_reference_is_listed():
    """Each function with a References section has a row; so do the names that the modules themselves offer."""
    text = section()
    names = [name for name, _, _ in documented_functions()]
    assert len(names) == len(set(names)) > 70
    assert all(f"| `{name}` | " in text for name in names)
    offered = {
        f"{path.stem}.{name}"
        for path in (CHECKOUT / "epi").glob("*.py")
        for name in re.findall(r"^def ([a-z]\w*)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
        if f"`epi.{path.stem}`" in (CHECKOUT / "epi" / "__init__.py").read_text(encoding="utf-8")
    }
    shared = {"as_floats", "broadcast", "common_index", "first_position", "interval_frame"}
    lacking = {name for name in offered - set(names) if not name.partition(".")[2].startswith("check_")}
    assert {name.partition(".")[2] for name in lacking} <= shared
    for name in (
        "aberration.ears",
        "farrington.farrington_many",
        "chain_ladder.mack",
        "joinpoint_model.JoinpointFit.aapc",
    ):
        assert name in names


def test_each_row_says_what_it_gives_and_where_from():
    """A row has one full sentence and a reference, on one line."""
    for name, gives, reference in documented_functions():
        assert re.fullmatch(r"[A-Z].+[.]", gives), name
        assert reference, name
        assert "\n" not in gives + reference, name


def test_every_indicator_has_its_method():
    """Each card's interval, standard and rule for small counts stand in the table."""
    text = section()
    for card in registry.cards():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{card.id}` | "))
        assert card.interval_method.replace("|", r"\|") in row
        assert card.suppression_rule.replace("|", r"\|") in row


def test_told_coverage_of_counts_and_proportions_is_what_the_code_has():
    """Enumerated coverage: hybrid 95.1 % at the least and 96.0 % on average; with n = 50 Wilson 95.2, Wald 90.8 %."""
    counts, means = np.arange(400), np.linspace(0.05, 100, 2_000)
    lower, upper = poisson_interval(counts)
    mass = stats.poisson.pmf(counts, means[:, None])
    held = (mass * ((lower <= means[:, None]) & (means[:, None] <= upper))).sum(axis=1)
    assert f"({held.min():.1%} at the least, {held.mean():.1%} on average)".replace("%", " %") in TEXT
    k, shares = np.arange(51), np.linspace(0.005, 0.995, 1_999)
    mass = stats.binom.pmf(k, 50, shares[:, None])
    half = 1.96 * np.sqrt(k / 50 * (1 - k / 50) / 50)
    limits = [binomial_interval(k, 50, method=name) for name in ("wilson", "clopper-pearson")]
    limits.append((k / 50 - half, k / 50 + half))
    wilson, exact, wald = (
        f"{(mass * ((low <= shares[:, None]) & (shares[:, None] <= high))).sum(axis=1).mean():.1%}".replace("%", " %")
        for low, high in limits
    )
    assert f"cover {wilson} on average, Clopper-Pearson's {exact} and the textbook's" in TEXT
    assert f"1.96 standard errors {wald}" in TEXT


def test_told_limits_of_the_example_are_what_the_code_gives():
    """Fay and Feuer's example has the upper limits that the page tells."""
    births = pd.DataFrame({"order": "5+", "count": [0, 8, 63, 112, 262, 295]}).assign(
        population=[327, 30_666, 123_419, 149_919, 104_088, 34_392],
        weight=[319_933, 931_318, 786_511, 488_235, 237_863, 61_313],
    )
    upper = {
        method: f"{direct_rate(births, by='order', method=method)['upper'].item():.1f}"
        for method in ("tiwari", "fay-feuer", "gamma-mean", "dobson")
    }
    assert f"the upper limit {upper['tiwari']} by Tiwari, {upper['fay-feuer']} by Fay and Feuer" in TEXT
    assert f"{upper['gamma-mean']} by the gamma with mean weights, {upper['dobson']} by Dobson" in TEXT


@pytest.mark.parametrize(("deaths", "told"), [(3, 0.987), (20, 0.957)])
def test_told_coverage_of_standardised_rates_is_found_again(deaths, told):
    """A simulation of our own (seeded, US 2000 weights, most deaths at 25 to 54) comes within two points of it.

    The told figures are of another simulation, whose age pattern is not known; normal limits fall short in both.
    """
    random = np.random.default_rng(deaths)
    share = weights("us_2000_18")["weight"].to_numpy()
    people = share / share.sum() * 100_000
    pattern = np.array([0.1, 0.05, 0.1, 0.8, 2, 2.6, 3, 3, 2.6, 2.2, 2, 1.6, 1.2, 0.8, 0.6, 0.5, 0.5, 0.6])
    people *= random.uniform(0.7, 1.3, 18)
    rate = pattern * deaths / (pattern @ people)
    counts = random.poisson(rate * people, (4_000, 18))
    frame = pd.DataFrame({"draw": np.repeat(np.arange(4_000), 18), "count": counts.ravel()}).assign(
        population=np.tile(people, 4_000), weight=np.tile(share, 4_000)
    )
    true = share / share.sum() @ rate
    for method in ("tiwari", "fay-feuer", "dobson"):
        found = direct_rate(frame, by="draw", per=1, method=method)
        assert ((found["lower"] <= true) & (true <= found["upper"])).mean() == pytest.approx(told, abs=0.02)
    factor = share / share.sum() / people
    value, error = counts @ factor, np.sqrt(counts @ factor**2)
    normal = (np.abs(value - true) <= 1.96 * error).mean()
    assert normal < told - 0.005
