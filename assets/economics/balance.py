"""What no study gives a place but its balance does: recruitment, transmission, kits, and whether HIV kills."""

from collections.abc import Collection, Mapping

import numpy as np

from assets.economics.interventions import NALOXONE_LEVEL, NALOXONE_TARGET
from assets.economics.places import Place
from epi.models.interface import FloatArray
from epi.models.transmission import PARAMETERS

KNOWN = {parameter.id for parameter in PARAMETERS}
CATCH_UP = 4.0
"""At this rate a year the model closes the gap between people on a service and its level."""

HIV_DEATHS = ("hiv_mortality_rate", "art_mortality_rate", "art_coverage")
"""Deaths from HIV count only where all of these are known: untreated alone, everybody with HIV would die of it."""


def counts_hiv_deaths(names: Collection[str]) -> bool:
    """Say whether deaths from HIV can be counted with the parameters that are known."""
    return set(HIV_DEATHS) <= set(names)


def with_what_follows(
    place: Place, values: Mapping[str, FloatArray], given: Mapping[str, float]
) -> dict[str, FloatArray]:
    """Add what follows from the balance of a place.

    Assumptions, all stated in docs/economics.md: the number of people who inject drugs would stay as it is; prevalence
    would stay as it is with today's services; a kit costs what naloxone for a person costs over the kits given.

    Args:
        place: The place.
        values: Evidence and inputs, draw by draw.
        given: Values that the user sets.
    """
    found = _health_of_hiv(values)
    one = np.ones_like(found["overdose_rate"])
    oat, nsp = found["oat_coverage"], found["nsp_coverage"]

    def eased(name: str, share: FloatArray) -> FloatArray:
        return 1 - share * (1 - found.get(name, one))

    deaths = found["overdose_rate"] * found["overdose_fatality"] * eased("oat_overdose_rr", oat)
    deaths = deaths + found["other_mortality_rate"] * eased("oat_other_mortality_rr", oat)
    leaving = 1 / found["injecting_duration_years"] + deaths
    # Treatment lags behind its level by a quarter of a year in the model, while people leave and others come.
    treated = found.get("art_coverage", 0 * one) * CATCH_UP / (CATCH_UP + leaving)
    of_hiv = _hiv_mortality(found, treated, leaving)
    found.setdefault("recruitment_rate", leaving + found.get("hiv_prevalence", 0 * one) * of_hiv)
    if "hiv_prevalence" in place.values and "hiv_transmission_rate" not in given:
        risk = eased("oat_hiv_rr", oat) * eased("nsp_hiv_rr", nsp)
        passing = eased("art_transmission_rr", treated)
        early = (found.get("hiv_acute_infectiousness", one) - passing) * found.get("hiv_acute_years", one)
        free = 1 - found["hiv_prevalence"]
        # Those who begin to inject bring no HIV, so that births of the group thin prevalence out as deaths do.
        out = leaving + of_hiv
        found["hiv_transmission_rate"] = out / (risk * (passing + early * out) * free)
    if "hcv_prevalence" in place.values and "hcv_transmission_rate" not in given:
        risk = eased("oat_hcv_rr", oat) * eased("nsp_hcv_rr", nsp)
        clears = found.get("hcv_clearance_proportion", 0 * one)
        found["hcv_transmission_rate"] = leaving / (risk * (1 - found["hcv_prevalence"]) * (1 - clears))
    _kits(found, given)
    return {name: value for name, value in found.items() if name in KNOWN}


def _health_of_hiv(values: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Switch deaths from HIV off, and take the smaller weight, where treatment today is not known.

    People on treatment keep the loss of quality of life of people with HIV, and those on OAT the weight of those out of
    it, unless evidence or the user says otherwise: a weight left out would be taken for none.
    """
    found = dict(values)
    if not counts_hiv_deaths(found):
        for name in HIV_DEATHS[:2]:
            found.pop(name, None)
    if "art_coverage" not in found and "disability_art" in found:
        found["disability_hiv"] = found["disability_art"]
    for name, same in (("utility_loss_art", "utility_loss_hiv"), ("disability_oat", "disability_injecting")):
        if same in found:
            found.setdefault(name, found[same])
    return found


def _hiv_mortality(values: Mapping[str, FloatArray], treated: FloatArray, leaving: FloatArray) -> FloatArray:
    """Give the deaths from HIV of a person with it, by today's coverage of treatment; none in acute infection."""
    if not counts_hiv_deaths(values):
        return 0 * treated
    chronic = values["hiv_mortality_rate"] * (1 - treated) + values["art_mortality_rate"] * treated
    acute_years = values.get("hiv_acute_years", 0 * treated)
    return np.asarray(chronic * (1 - acute_years * (leaving + chronic)))


def _kits(found: dict[str, FloatArray], given: Mapping[str, float]) -> None:
    """Set the scale of naloxone so that the catalogue's level reaches its target, and the price of a kit."""
    target, highest = found.pop(NALOXONE_TARGET, None), found.get("naloxone_use_highest")
    per_person = found.pop("cost_naloxone_person", None)
    if target is not None and highest is not None and "naloxone_kits_scale" not in given:
        # As many kits as bring the use at witnessed overdoses to its target; the level in the catalogue is a label.
        reached = np.minimum(target / highest, 0.999)
        found["naloxone_kits_scale"] = NALOXONE_LEVEL / -np.log(1 - reached)
        if per_person is not None:
            found.setdefault("cost_naloxone_kit", per_person / NALOXONE_LEVEL)
