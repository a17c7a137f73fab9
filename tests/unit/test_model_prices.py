"""Costs brought to one year and currency by the user's indexes; all indexes here are synthetic."""

from pathlib import Path

import pytest
from test_model_command import ask

from assets.economics.asking import QuestionRefused, analysis
from assets.economics.prices import read_prices
from assets.economics.question import assumptions
from assets.economics.tables import Settings, evidence_for
from assets.evidence import EvidenceError, load

HEADER = "currency,year,index,per_unit,source\n"
SYNTHETIC = HEADER + "".join(
    f"{row},Synthetic index\n"
    for row in ("AUD,2022,96,", "AUD,2023,100,1.5", "AUD,2024,104,", "AUD,2025,110,", "USD,2017,90,", "USD,2023,108,1")
)


@pytest.fixture
def indexes(tmp_path: Path) -> Path:
    """Write a file of synthetic indexes and rates."""
    path = tmp_path / "synthetic_prices.csv"
    path.write_text(SYNTHETIC, encoding="utf-8")
    return path


def cost_of(name: str, settings: Settings) -> dict[str, object]:
    """Give the figure that an analysis takes for a cost."""
    chosen = evidence_for(load(), settings).set_index("parameter_id").loc[name]
    return {str(key): value for key, value in chosen.items()}


def settings(indexes: Path | None, currency: str = "AUD", **choices: str) -> Settings:
    """Make the settings of a question about treatment."""
    picked = [f"{name}={source}" for name, source in choices.items()]
    return analysis(["oat=0.5"], picked, [], 2, 6, 1, currency, 0.03, prices=indexes, price_year=indexes and 2023)


def test_local_prices_come_first_and_then_the_exchange_rate(indexes: Path) -> None:
    """USD 4,000 of 2017 x 108 / 90 x 1.5 / 1 = AUD 7,200 of 2023; emergency care is in prices of 2023 already."""
    how = settings(indexes, cost_oat="irwin_2017")
    assert float(str(cost_of("cost_oat", how)["mean"])) == pytest.approx(7200)
    plain = float(str(cost_of("cost_emergency_attendance", settings(None))["mean"]))
    assert float(str(cost_of("cost_emergency_attendance", how)["mean"])) == plain
    assert float(str(cost_of("cost_oat", settings(indexes))["mean"])) == pytest.approx(5559.7 * 100 / 110)


def test_without_indexes_nothing_is_converted(indexes: Path) -> None:
    """A cost in another currency is refused without indexes, and stands with them."""
    with pytest.raises(EvidenceError, match=r"expected a cost in AUD.*not converted"):
        cost_of("cost_oat", settings(None, cost_oat="irwin_2017"))
    assert float(str(cost_of("cost_oat", settings(indexes, "USD"))["mean"])) == pytest.approx(5559.7 * 100 / 110 / 1.5)


def test_effects_are_never_converted(indexes: Path) -> None:
    """Only amounts of money change."""
    plain = evidence_for(load(), settings(None)).set_index("parameter_id")["mean"]
    carried = evidence_for(load(), settings(indexes)).set_index("parameter_id")["mean"]
    changed = {name for name in plain.index if plain[name] != carried[name]}
    assert changed
    assert all(str(name).startswith("cost_") for name in changed)


def test_the_answer_says_whose_indexes_these_are(indexes: Path) -> None:
    """The year, the currency and the source of the indexes stand in the answer."""
    found = ask("oat=0.5", prices=indexes, price_year=2023)
    assert any("AUD of 2023" in line and "Synthetic index" in line for line in found.assumed)
    assert not any("brought to" in line for line in assumptions(found.place, (), settings(None)))


def test_a_lacking_index_is_named_and_none_is_carried_forward(indexes: Path) -> None:
    """The year and currency that the file lacks are in the message."""
    how = analysis(["oat=0.5"], [], [], 2, 6, 1, "AUD", 0.03, prices=indexes, price_year=2021)
    with pytest.raises(ValueError, match=r"--prices: deflators: expected an entry for AUD in 2021"):
        evidence_for(load(), how)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("currency,year,index\nAUD,2023,100\n", "expected the columns"),
        (HEADER + "AUD,2023,many,1,Synthetic\n", r"expected a number, found 'many' in line 2"),
        (HEADER + "AUD,2023,100,1,\n", r"a source in every row, found none in line 2"),
        (HEADER + "EUR,2023,100,1,Synthetic\n", "expected a price index of AUD, found none"),
    ],
)
def test_a_bad_file_is_refused_in_plain_words(tmp_path: Path, text: str, words: str) -> None:
    """What was expected, what was found and where."""
    path = tmp_path / "synthetic_bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=words):
        read_prices(path, "AUD")


def test_a_year_without_indexes_is_refused() -> None:
    """--price-year alone would silently do nothing."""
    with pytest.raises(QuestionRefused, match="--price-year"):
        analysis(["oat=0.5"], [], [], 2, 6, 1, "AUD", 0.03, price_year=2023)
