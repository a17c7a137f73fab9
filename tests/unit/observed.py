"""Small hand-made observations for the tests of indicators, and the figures that are kept with the code."""

from functools import cache
from pathlib import Path
from types import ModuleType

import pandas as pd

from assets import core, corrections
from assets.figures import load
from assets.indicators.measures import Measures
from schemas.indicators import IndicatorValue
from schemas.observations import GROUP_COLUMNS, Observation, as_observations

FIGURES = Path(__file__).resolve().parents[2] / "data" / "figures"
RELEASES = {
    "cdc_vsrr": "2025-07-16",
    "cdc_wonder": "2024-09-24",
    "census_population": "2024-07-01",
    "cdc_dispensing": "2024-01-01",
    "emcdda_bulletin": "2019-01-01",
    "unaids_gam": "2019-01-01",
    "un_population": "2017-07-01",
    "phac_substance_harms": "2026-01-01",
    "phac_consumption_sites": "2026-03-01",
    "ons_drug_poisoning": "2022-08-03",
}


def observed(
    source_id: str, measure_id: str, area_id: str, year: int | str, value: float | None, **others: object
) -> dict[str, object]:
    """Make one observation: of a year, or of the months from a span such as 2025-01 to 2025-09; None is no value."""
    first, _, last = (f"{year}-01 to {year}-12" if isinstance(year, int) else year).partition(" to ")
    row = {
        "source_id": source_id,
        "release": RELEASES.get(source_id, "2024-01-01"),
        "measure_id": measure_id,
        "area_id": area_id,
        "period_start": pd.Timestamp(f"{first}-01"),
        "period_end": pd.Timestamp(f"{last or first}-01") + pd.offsets.MonthEnd(0),
        "value": value,
        "status": "reported" if value is not None else "suppressed",
        "is_provisional": False,
        "note": "",
        **dict.fromkeys(GROUP_COLUMNS, "all"),
        **others,
    }
    return {**row, "snapshot_id": f"{row['source_id']}/{row['release']}"}


def frame(*rows: dict[str, object]) -> pd.DataFrame:
    """Join observations as ``core.observations`` holds them; they must keep its contract."""
    return Observation.validate(as_observations(pd.DataFrame(list(rows))))


def values(topic: ModuleType, indicator_id: str, *rows: dict[str, object]) -> pd.DataFrame:
    """Compute a topic from observations and give one indicator's rows, which must keep the contract."""
    made = IndicatorValue.validate(topic.compute(Measures(frame(*rows))))
    return made[made["indicator_id"] == indicator_id].reset_index(drop=True)


def value(topic: ModuleType, indicator_id: str, *rows: dict[str, object]) -> pd.Series:
    """Give the only row of an indicator."""
    made = values(topic, indicator_id, *rows)
    assert len(made) == 1, made
    return made.iloc[0]


@cache
def figures() -> pd.DataFrame:
    """Give the newest of the transcribed figures, as ``core.observations``; read it, never change it."""
    transcribed = load(FIGURES).observations
    corrected, _ = corrections.apply(transcribed, corrections.load(FIGURES.parent / "corrections"))
    return core.newest(core.observation_releases(corrected, transcribed.iloc[:0]))


def printed(measure_id: str, area_id: str, year: int, **groups: str) -> float:
    """Give the published number of a calendar year, as it is transcribed."""
    rows = figures()
    wanted = {**dict.fromkeys(GROUP_COLUMNS, "all"), **groups}
    found = rows[
        (rows["measure_id"] == measure_id)
        & (rows["area_id"] == area_id)
        & (rows["period_start"] == pd.Timestamp(year, 1, 1))
        & (rows["period_end"] == pd.Timestamp(year, 12, 31))
    ]
    for column, text in wanted.items():
        found = found[found[column] == text]
    assert len(found) == 1, found
    return float(found["value"].iloc[0])
