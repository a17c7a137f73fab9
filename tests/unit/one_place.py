"""One place (synthetic) as `marts.latest_values` describes it, for the tests of what interventions are worth."""

from typing import Any

import numpy as np
import pandas as pd

from assets.economics.places import Place, places


def latest(**values: Any) -> pd.DataFrame:
    """Make newest values of one place, synthetic: by indicator, a value or value, low, high."""
    rows = []
    for name, given in values.items():
        value, low, high = given if isinstance(given, tuple) else (given, np.nan, np.nan)
        rows.append(
            {
                "indicator_id": name, "area_id": "CZE", "strata": "all", "status": "reported", "value": float(value),
                "lower_95": low, "upper_95": high, "reason": "", "source_ids": "unaids_gam", "release": "2019-01-01",
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def whole_place() -> pd.DataFrame:
    """Give a place with everything."""
    return latest(
        pwid_population_size=(43_700, 40_000, 47_000),
        oat_coverage=20.0,
        syringes_per_pwid=50.0,
        hiv_prevalence_pwid=2.0,
        hcv_antibody_prevalence_pwid=30.0,
    )


def only(frame: pd.DataFrame) -> Place:
    """Read the only place."""
    found = places(frame, 0.26)
    assert len(found) == 1
    return found[0]
