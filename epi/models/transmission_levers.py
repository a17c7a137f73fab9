"""What a strategy of the transmission model scales up, and the strategies that others are compared with."""

from epi.models.interface import Parameter, Values, replace

YEAR = "per person-year"
SHARE = "proportion"

LEVERS: tuple[tuple[str, str, str, float], ...] = (
    ("oat_coverage", "People on opioid agonist therapy among people who inject drugs or paused", SHARE, 0.95),
    ("nsp_coverage", "People with high needle and syringe coverage among people who inject drugs now", SHARE, 0.95),
    (
        "naloxone_kits",
        "Take-home naloxone kits given out each year, for each person who injects drugs",
        "kits " + YEAR,
        50,
    ),
    ("consumption_room_reach", "Share of injections that happen in a drug consumption room", SHARE, 1),
    ("drug_checking_reach", "People who inject drugs whose drugs are checked regularly", SHARE, 1),
    ("safer_supply_reach", "People who inject drugs on prescribed safer supply", SHARE, 1),
    ("hcv_treatment_rate", "HCV treatment courses begun, for each person with chronic HCV", YEAR, 12),
    ("hiv_tests", "HIV tests, for each person who injects drugs and is not on ART", YEAR, 12),
    ("art_coverage", "People on ART among those with chronic HIV infection", SHARE, 0.99),
    ("prep_coverage", "People on pre-exposure prophylaxis among people who inject drugs without HIV", SHARE, 1),
    ("prison_oat_coverage", "People on opioid agonist therapy among people in prison", SHARE, 0.95),
    ("release_oat_link", "People on OAT in prison who go on with it at release", SHARE, 1),
)
"""What a strategy scales up: id, meaning, unit, upper bound; each has a value today and a target."""


def _levers() -> tuple[Parameter, ...]:
    """Give two parameters per lever: today's level, and the level at the end of the scale-up."""
    today = [Parameter(name, f"{text}, today.", unit, 0, top, "coverage", 0) for name, text, unit, top in LEVERS]
    target = [
        Parameter(f"{name}_target", f"{text}, once scaled up.", unit, 0, top, "coverage", None, name)
        for name, text, unit, top in LEVERS
    ]
    return (*today, *target)


LEVER_PARAMETERS = _levers()
LEVER_IDS = tuple(name for name, *_ in LEVERS)


def status_quo(parameters: Values) -> Values:
    """Give the strategy in which every level stays where it is today.

    Args:
        parameters: Values that describe the place.

    Returns:
        The same values without any target.

    Examples:
        >>> status_quo({"oat_coverage": 0.2, "oat_coverage_target": 0.5})
        {'oat_coverage': 0.2}
    """
    return {
        name: value
        for name, value in parameters.items()
        if name.removesuffix("_target") not in LEVER_IDS or not name.endswith("_target")
    }


def no_services(parameters: Values) -> Values:
    """Give the strategy of a place that never had any of the services, with today's people and prevalence.

    Args:
        parameters: Values that describe the place.

    Returns:
        The values with every level 0 from the start, so that nobody is on OAT or ART in the first year either.

    Examples:
        >>> no_services({"oat_coverage": 0.2, "hiv_prevalence": 0.1})["oat_coverage"]
        0.0
    """
    return replace(status_quo(parameters), **dict.fromkeys(LEVER_IDS, 0.0))


def scale_up(parameters: Values, start_year: float, years: float, **targets: float) -> Values:
    """Give the strategy in which some levels go in a straight line to a target and the others stay.

    Args:
        parameters: Values that describe the place.
        start_year: Years from the start of the run until the scale-up begins.
        years: Years that it takes; 0 is at once.
        **targets: Level to reach, by lever id, as `oat_coverage=0.4`.

    Returns:
        The values with these targets; combinations are several targets in one call.

    Raises:
        ValueError: A name is no lever.

    Examples:
        >>> scale_up({"oat_coverage": 0.2}, 0, 5, oat_coverage=0.4)["oat_coverage_target"]
        0.4
    """
    unknown = sorted(set(targets) - set(LEVER_IDS))
    if unknown:
        raise ValueError(f"scale_up: expected levers out of {', '.join(LEVER_IDS)}, found {unknown}")
    paths = {"scale_up_start_year": start_year, "scale_up_years": years}
    return replace(status_quo(parameters), **paths, **{f"{name}_target": value for name, value in targets.items()})
