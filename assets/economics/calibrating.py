"""Calibration of the transmission model to one place: what it observed, and the parameters under which that happens.

The figures calibrated are the place's size, its coverage of opioid agonist treatment, overdose rate and fatality, and
the rates at which HIV and hepatitis C pass on. All others stay at their means meanwhile, and vary again in the runs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from assets.economics.asking import QuestionRefused
from assets.economics.places import INPUTS, MOST, Place, places
from assets.economics.question import Answer, answer, find_place
from assets.economics.runs import SEED, parameter_values
from assets.economics.tables import Settings, evidence_for
from assets.evidence import EvidenceBase
from epi.economics.distributions import FAMILIES, WIDTH
from epi.models.calibration import Posterior, imis
from epi.models.calibration_abc import abc_smc
from epi.models.calibration_targets import Target, log_likelihood, predictive_summary
from epi.models.interface import FloatArray, Horizon, Outcomes
from epi.models.transmission import run
from epi.models.transmission_levers import status_quo

YEARS = 5
"""Years after which prevalence and coverage are compared with what was observed; deaths are those of the first year."""

UNSTATED_SPREAD = 0.1
"""Standard error of the logarithm of a figure published without an interval: known to a fifth either way. Assumed."""

EFFORT = 2_000
"""Size of a sample that importance sampling must be good for, however few draws are asked for."""

DEATHS = (
    ("opioid_deaths", "value"),
    ("drug_induced_death_rate_crude", "numerator"),
    ("drug_poisoning_deaths_registered", "value"),
    ("overdose_deaths_12_month", "value"),
)
"""Indicators that count deaths of a year, the nearest to overdose deaths of people who inject drugs first."""

ANY_RATE = stats.loguniform(0.01, 3.0)
"""Prior of a rate of transmission: nothing is known but its size."""

_PREVALENCE = {"hiv_prevalence": "hiv_transmission_rate", "hcv_prevalence": "hcv_transmission_rate"}
_INCIDENCE = {"hiv_incidence": "hiv_transmission_rate", "hcv_incidence": "hcv_transmission_rate"}
_OVERDOSE = ("overdose_rate", "overdose_fatality")
_TOLD = ["target", "indicator_id", "period", "source_ids", "release"]


@dataclass(frozen=True)
class Calibration:
    """What a calibration came to.

    Attributes:
        place: The place.
        targets: What was observed.
        told: Where each target was read: ``target``, ``indicator_id``, ``period``, ``source_ids``, ``release``.
        priors: Distribution of each calibrated parameter before.
        posterior: Sample of them after, and how well it was sampled.
        predictive: New figures drawn from the sample beside the observed ones, one row per target.
        assumed: What is assumed, a sentence each.
    """

    place: Place
    targets: tuple[Target, ...]
    told: pd.DataFrame
    priors: Mapping[str, Any]
    posterior: Posterior
    predictive: pd.DataFrame
    assumed: tuple[str, ...]

    @property
    def given(self) -> dict[str, FloatArray]:
        """Calibrated parameters draw by draw, as ``parameter_values`` and ``Settings`` take values of one's own."""
        return {str(name): self.posterior.sample[name].to_numpy(np.float64) for name in self.posterior.sample}

    def summary(self) -> pd.DataFrame:
        """Set each parameter's mean and limits after the calibration beside those before."""
        after = self.posterior.summary().drop(columns="sd")
        before = pd.DataFrame(
            [(prior.mean(), *prior.ppf([0.025, 0.975])) for prior in self.priors.values()],
            columns=["prior_mean", "prior_lower_95", "prior_upper_95"],
        )
        return pd.concat([after, before], axis=1)


def calibrate(
    place: Place,
    latest: pd.DataFrame,
    chosen: pd.DataFrame,
    draws: int = 500,
    seed: int = SEED,
    method: Literal["imis", "abc"] = "imis",
    more: Iterable[Target] = (),
    injecting_share: float = 1.0,
    given: Mapping[str, float] | None = None,
) -> Calibration:
    """Calibrate a place to what it published.

    Prevalence in the past years is taken to have been what it is today, so that the model has to hold it; deaths are
    those of the first year; coverage that of the last. Of several figures on deaths the first of ``DEATHS`` counts.

    Args:
        place: The place, with all that the model cannot do without.
        latest: ``marts.latest_values``.
        chosen: Set of parameters, as ``assets.evidence.parameter_set`` gives it.
        draws: Size of the posterior sample.
        seed: Seed of everything random.
        method: Importance sampling by likelihood, or approximate Bayesian computation by distance.
        more: Targets of one's own: ``hiv_incidence`` and ``hcv_incidence`` (per person-year free of the virus), or
            one of those found, whose place it takes.
        injecting_share: Share of the deaths counted that were of people who inject drugs.
        given: Values that the user sets, by parameter; they are not calibrated.

    Raises:
        QuestionRefused: The place lacks an input, nothing was observed, a target has another name, or the user sets
            all that could be calibrated.
        ValueError: No draw can lead to what was observed.
    """
    if not place.suffices:
        absent = ", ".join(place.lacking)
        raise QuestionRefused(f"{place.area_id}: expected the inputs of the model, found none of {absent}.")
    found, told = observed(place, latest, injecting_share)
    own = {one.name: one for one in more}
    targets = tuple([one for one in found if one.name not in own] + list(own.values()))
    known = [*INPUTS, *_INCIDENCE, "overdose_deaths"]
    strange = [name for name in own if name not in known]
    if strange or not targets:
        raise QuestionRefused(f"{place.area_id}: expected targets out of {known}, found {strange or 'none'}.")
    fixed = dict(given or {})
    priors = {name: prior for name, prior in _priors(place, chosen, targets).items() if name not in fixed}
    if not priors:
        raise QuestionRefused(f"{place.area_id}: expected something left to calibrate, found all of it given.")
    still = chosen.assign(distribution="fixed", centre=None)

    def predicted(values: Mapping[str, Any]) -> dict[str, FloatArray]:
        size = len(next(iter(values.values())))
        whole = parameter_values(place, still, size, seed, {**fixed, **values})
        return predictions(run(status_quo(whole), size, Horizon(YEARS, 0.0, 0.0)))

    posterior = _sample(priors, targets, predicted, draws, seed, method)
    sample = {str(name): posterior.sample[name].to_numpy(np.float64) for name in posterior.sample}
    table = predictive_summary(targets, predicted(sample), seed)
    return Calibration(
        place, targets, told[~told["target"].isin(list(own))], priors, posterior, table, _assumed(told, injecting_share)
    )


def calibrated_answer(
    latest: pd.DataFrame, names: Mapping[str, str], evidence: EvidenceBase, asked: str, settings: Settings
) -> tuple[Answer, Calibration]:
    """Calibrate a place, and answer a question about it on the posterior sample.

    Args:
        latest: ``marts.latest_values``, with ``numerator`` and ``period``.
        names: Name of each published place by its id.
        evidence: All evidence.
        asked: The place, by id or name.
        settings: How to run; as many draws of the posterior are taken.

    Raises:
        QuestionRefused: As ``calibrate`` and ``assets.economics.question.answer``.
    """
    chosen = evidence_for(evidence, settings)
    clearance = float(chosen.set_index("parameter_id")["mean"].get("hcv_clearance_proportion", 0.0))
    place = find_place(asked, places(latest, clearance), names)
    fitted = calibrate(place, latest, chosen, settings.draws, settings.seed, given=settings.given)
    found = answer(latest, names, evidence, asked, replace(settings, given={**fitted.given, **settings.given}))
    general = () if "overdose_rate" not in fitted.given else ("Overdose rate and fatality are those of",)
    kept = [sentence for sentence in found.assumed if not sentence.startswith(general)] if general else found.assumed
    name = f"{found.evidence}+calibrated"
    rows = found.rows.assign(parameter_set=name)
    return replace(found, rows=rows, evidence=name, assumed=(*kept, *fitted.assumed)), fitted


def observed(place: Place, latest: pd.DataFrame, injecting_share: float = 1.0) -> tuple[list[Target], pd.DataFrame]:
    """Read what a place published as targets, each with where it was read.

    A figure of 0 is no target: its error cannot be told from it.

    Args:
        place: The place.
        latest: ``marts.latest_values``, with ``numerator`` for deaths told as a rate.
        injecting_share: Share of the deaths counted that were of people who inject drugs.
    """
    rows = latest[(latest["area_id"] == place.area_id) & (latest["strata"] == "all") & (latest["status"] == "reported")]
    rows = rows.drop_duplicates("indicator_id").set_index("indicator_id")
    targets, told = [], []
    for name in ("oat_coverage", *_PREVALENCE):
        indicator, value = INPUTS[name], place.values.get(name, 0.0)
        if value <= 0 or value == MOST.get(name):
            continue
        row = rows.loc[indicator] if indicator in rows.index else None
        targets.append(Target(name, "lognormal", value, spread=_spread(row)))
        told.append((name, indicator, row))
    for indicator, column in DEATHS:
        if indicator in rows.index and rows.loc[indicator].get(column, 0) > 0:
            row = rows.loc[indicator]
            targets.append(Target("overdose_deaths", "poisson", round(injecting_share * float(row[column]))))
            told.append(("overdose_deaths", indicator, row))
            break
    table = [
        (name, indicator, *("" if row is None else str(row.get(column, "")) for column in _TOLD[2:]))
        for name, indicator, row in told
    ]
    return targets, pd.DataFrame(table, columns=_TOLD)


def _spread(row: pd.Series | None) -> float:
    """Give the standard error of a figure's logarithm from its limits, or the one assumed."""
    if row is None or not 0 < row["lower_95"] < row["upper_95"]:
        return UNSTATED_SPREAD
    return float(np.log(row["upper_95"] / row["lower_95"]) / WIDTH)


def predictions(ran: Outcomes) -> dict[str, FloatArray]:
    """Give what a run predicts of all that can be observed, draw by draw.

    Args:
        ran: Outcomes of the transmission model.
    """
    events, people = ran.events, ran.stocks["people_who_inject"][:, -1]
    free = {
        "hiv": events["years_hiv_susceptible"],
        "hcv": events["years_hcv_susceptible"] + events["years_hcv_cleared"],
    }
    return {
        "hiv_prevalence": ran.stocks["hiv"][:, -1] / people,
        "hcv_prevalence": ran.stocks["hcv_rna"][:, -1] / people,
        "oat_coverage": ran.stocks["on_oat"][:, -1] / people,
        "overdose_deaths": ran.events["overdose_deaths"][:, 0],
        "hiv_incidence": events["hiv_infections"][:, 0] / free["hiv"][:, 0],
        "hcv_incidence": events["hcv_infections"][:, 0] / free["hcv"][:, 0],
        "people_who_inject_drugs": ran.stocks["people_who_inject"][:, 0],
    }


def _priors(place: Place, chosen: pd.DataFrame, targets: Sequence[Target]) -> dict[str, Any]:
    """Give the parameters that the targets speak of, each with what is known of it without them."""
    names = {one.name for one in targets}
    wanted = {rate: ANY_RATE for name, rate in {**_PREVALENCE, **_INCIDENCE}.items() if name in names}
    if "oat_coverage" in names:
        wanted["oat_coverage"] = stats.uniform(0.0, MOST["oat_coverage"])
    if "overdose_deaths" in names:
        evidence = chosen[chosen["parameter_id"].isin(_OVERDOSE)]
        size = place.inputs[place.inputs["parameter_id"] == "people_who_inject_drugs"]
        rows = pd.concat([evidence, size])[["parameter_id", "distribution", "mean", "lower", "upper"]]
        uncertain = rows[rows["distribution"] != "fixed"]
        wanted |= {str(name): _frozen(str(kind), *numbers) for name, kind, *numbers in uncertain.to_numpy()}
    return wanted


def _frozen(kind: str, mean: float, lower: float, upper: float) -> Any:
    """Give the distribution that draws of evidence come from, as scipy has it."""
    columns = [np.array([float(number)]) for number in (mean, lower, upper)]
    a, b = (float(constant[0]) for constant in FAMILIES[kind].fit(*columns, np.array(["median"]))[:2])
    made = {
        "beta": lambda: stats.beta(a, b),
        "gamma": lambda: stats.gamma(a, scale=b),
        "lognormal": lambda: stats.lognorm(b, scale=np.exp(a)),
        "uniform": lambda: stats.uniform(a, b - a),
        "normal": lambda: stats.norm(a, b),
    }
    if kind not in made:
        raise ValueError(f"prior: expected a distribution out of {sorted(made)}, found {kind!r}")
    return made[kind]()


def _sample(
    priors: Mapping[str, Any], targets: Sequence[Target], predicted: Any, draws: int, seed: int, method: str
) -> Posterior:
    if method == "imis":
        return imis(priors, lambda found: log_likelihood(targets, predicted(found)), draws, seed, effort=EFFORT)
    if method != "abc":
        raise QuestionRefused(f"method: expected imis or abc, found {method!r}.")

    def apart(found: dict[str, FloatArray]) -> FloatArray:
        made = predicted(found)
        # In standard errors, so that a figure known well counts more.
        scale = {one.name: one.spread or 1 / np.sqrt(max(one.value, 1.0)) for one in targets}
        return np.sqrt(sum(((made[one.name] / one.value - 1) / scale[one.name]) ** 2 for one in targets))

    return abc_smc(priors, apart, draws, seed, rounds=8, keep=0.4)


def _assumed(told: pd.DataFrame, injecting_share: float) -> tuple[str, ...]:
    """Say what a calibration assumes beyond the figures."""
    deaths = told.loc[told["target"] == "overdose_deaths", "indicator_id"]
    sentences = [
        f"Prevalence and coverage have been what they are today for {YEARS} years, and stay so with today's services.",
        f"A figure without a published interval is known to {2 * UNSTATED_SPREAD:.0%} either way.",
        "Antibodies less those who clear the virus without treatment are the share with chronic hepatitis C.",
        "Figures of different years are taken to be of one year.",
    ]
    if len(deaths):
        sentences.append(
            f"{injecting_share:.0%} of the deaths in {deaths.iloc[0]} were overdoses of people who inject drugs."
        )
    return tuple(sentences)
