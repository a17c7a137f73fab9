"""``hre model --calibrate``: a question about a place, with rates that agree with what the place published."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from pipelines import catalogue, show
from pipelines.model import NAMES
from pipelines.settings import Settings

if TYPE_CHECKING:
    from assets.economics.calibrating import Calibration
    from assets.economics.question import Answer
    from assets.economics.tables import Settings as Analysis

NUMBERS = ("value", "lower_95", "upper_95", "numerator")
TEXTS = ("area_id", "indicator_id", "strata", "status", "period", "reason", "source_ids", "release")
LATEST = (
    f"select {', '.join((*NUMBERS, *TEXTS[:-1]))}, release::varchar as release from marts.latest_values "
    "where strata = 'all'"
)


def ask(settings: Settings, place: str, how: "Analysis") -> "tuple[Answer, str, Calibration]":
    """Calibrate a place to the published file, and ask about it.

    Returns:
        The answer, the place's name, and the calibration.

    Raises:
        pipelines.query.QueryRefused: Nothing is published, or the file is not as this version makes it.
        assets.economics.asking.QuestionRefused: The question cannot be answered as asked.
    """
    import pandas as pd

    from assets.economics.asking import QuestionRefused
    from assets.economics.calibrating import calibrated_answer
    from assets.evidence import EvidenceError, load

    facts = catalogue.read(settings, latest=LATEST, names=NAMES)
    latest = pd.DataFrame(facts["latest"], columns=[*NUMBERS, *TEXTS])
    latest = latest.astype(dict.fromkeys(NUMBERS, "float64"))
    for column in TEXTS:
        latest[column] = latest[column].fillna("").astype("str")
    names = {str(row["area_id"]): str(row["name"]) for row in facts["names"]}
    try:
        found, fitted = calibrated_answer(latest, names, load(), place, how)
    except (EvidenceError, ValueError) as fault:
        raise QuestionRefused(str(fault)) from fault
    return found, names.get(found.place.area_id, found.place.area_id), fitted


def tell(out: Console, fitted: "Calibration") -> None:
    """Print what was calibrated, to what, and how well it is met."""
    numbers = ("mean", "lower_95", "upper_95", "prior_mean", "prior_lower_95", "prior_upper_95")
    head = [
        ("Parameter", ""),
        ("Mean", "r"),
        ("from", "r"),
        ("to", "r"),
        ("Mean before", "r"),
        ("from", "r"),
        ("to", "r"),
    ]
    rows = [
        [str(row["parameter"]), *(f"{float(row[name]):.4g}" for name in numbers)]
        for row in fitted.summary().to_dict("records")
    ]
    show.emit(out, show.table(head, rows, "Calibrated, with 95 % limits, beside what was known before"))
    told = fitted.told.set_index("target")
    head = [("Observed", ""), ("Indicator", ""), ("Period", ""), ("Value", "r"), ("Predicted", "r"), ("from", "r"),
            ("to", "r"), ("Inside", "")]  # fmt: skip
    rows = []
    for row in fitted.predictive.to_dict("records"):
        name = str(row["target"])
        read = (
            [str(told.loc[name, column]) for column in ("indicator_id", "period")] if name in told.index else ["", ""]
        )
        values = [f"{float(row[column]):.4g}" for column in ("observed", "mean", "lower_95", "upper_95")]
        rows.append([name, *read, *values, "yes" if row["inside"] else "no"])
    show.emit(out, show.table(head, rows, "New figures that the calibrated model would give"))
    sample = fitted.posterior
    words = f"{sample.runs:,} runs, worth {sample.effective_sample_size:,.0f} independent draws."
    out.print(Text(words))
