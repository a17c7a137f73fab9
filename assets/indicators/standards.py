"""Several standards side by side: how far the choice of a denominator or of a target moves the answer."""

import numpy as np
import pandas as pd

from assets.indicators import coverage, programme, services, treatment
from assets.indicators.rows import indicator_rows, with_part
from assets.indicators.shares import published_card
from epi.coverage import target_status
from schemas.indicators import GRAIN, IndicatorCard

SYRINGE_RATIOS = {
    services.SYRINGES.id: "per person who injects drugs, published",
    services.SYRINGES_COMPUTED.id: "per person who injects drugs, computed",
    coverage.PER_REACHED.id: "per person reached",
    programme.SYRINGES_PER_CLIENT.id: "per client",
}
"""Ratios of syringes to people, and what each divides by."""

OAT_RATIOS = {
    services.OAT.id: "of people with opioid dependence who inject, published",
    treatment.OAT_COMPUTED.id: "of people who inject drugs, computed",
    programme.OAT_PER_PWID.id: "of people who inject drugs, own programme data",
}
_GAM = "UNAIDS, Global AIDS Monitoring"
_SPREAD = {
    "unit": "ratio", "polarity": "none", "numerator_type": "value", "denominator_type": "value",
    "interval_method": "none: the same service, divided by other people",
}  # fmt: skip

SYRINGES = published_card(
    "syringe_denominator_spread", "29", "Syringes per person: spread over the ways to count the people",
    "How far does the choice of the denominator move the ratio of syringes to people?",
    "Largest of the ratios of syringes to people", "Smallest of them",
    caveats=(
        "People who inject drugs, people reached and clients are other people: never compare their ratios as one.",
        "The remark names each ratio. Only places and years with two or more.",
    ),
    references=(f"{_GAM}, indicator 1.9", "Global Fund, indicator KP-4", "WHO digital adaptation kit, PRV.10"),
    waits_for="syringes counted over two denominators: unaids_gam with coverage of prevention, emcdda_bulletin",
    **_SPREAD,
)  # fmt: skip
OAT = published_card(
    "oat_denominator_spread", "37", "Opioid agonist treatment: spread over the ways to count the people",
    "How far does the choice of the denominator move the coverage of treatment?", "Largest of the coverages",
    "Smallest of them",
    caveats=("People with opioid dependence and people who inject drugs are other people: never one series.",),
    references=(f"{_GAM}, indicator 1.10", "Larney 2017"),
    waits_for="treatment counted over two denominators: unaids_gam and emcdda_bulletin, or own programme data",
    **_SPREAD,
)  # fmt: skip
TARGETS = published_card(
    "targets_met", "", "Targets met, of those that stand side by side", "Does the answer depend on the standard?",
    "Targets that the whole interval meets", "Targets side by side", unit="targets", numerator_type="value",
    denominator_type="value", polarity="none", interval_method="none: a count of verified targets",
    caveats=(
        "Treatment is held against 50 % and the older 40 %, syringes against 200 and 300. Some but not all met means "
        "that the standard decides.",
        "Limits: targets surely met, and targets not surely missed.",
    ),
    references=("UNAIDS indicator registry (current and older page)", "WHO Global health sector strategy 2016-2021"),
)  # fmt: skip
CARDS: tuple[IndicatorCard, ...] = (SYRINGES, OAT, TARGETS)
_CARDS_WITH_TARGETS = (services.SYRINGES, services.SYRINGES_COMPUTED, services.OAT)
_PLACE = [name for name in GRAIN if name != "indicator_id"]


def compute(values: pd.DataFrame) -> pd.DataFrame:
    """Set the ratios and targets of one place and year beside each other.

    Grain: indicator, area, period, strata.

    Args:
        values: Indicator rows.
    """
    return pd.concat(
        [_spread(SYRINGES, values, SYRINGE_RATIOS), _spread(OAT, values, OAT_RATIOS), _targets(values)],
        ignore_index=True,
    )


def _spread(card: IndicatorCard, values: pd.DataFrame, ratios: dict[str, str]) -> pd.DataFrame:
    """Divide the largest by the smallest of several ratios of one place, year and group."""
    rows = values[values["indicator_id"].isin(list(ratios)) & (values["status"] == "reported") & (values["value"] > 0)]
    rows = rows[rows["strata"] == "all"].sort_values([*_PLACE, "indicator_id"], kind="stable")
    rows = rows[rows.groupby(_PLACE)["value"].transform("size") > 1]
    said = rows["value"].round(1).astype("str") + " " + rows["indicator_id"].map(ratios)
    found = rows.assign(said=said.astype("str")).groupby(_PLACE, as_index=False).agg(
        period=("period", "first"), numerator=("value", "max"), denominator=("value", "min"),
        reason=("said", "; ".join), is_provisional=("is_provisional", "any"), source_ids=("source_ids", tuple),
        release=("release", tuple),
    )  # fmt: skip
    pairs = [_named(*pair) for pair in zip(found["source_ids"], found["release"], strict=True)]
    return indicator_rows(
        card,
        found.assign(
            value=found["numerator"] / found["denominator"],
            status="reported",
            method="largest / smallest of the ratios named",
            reason=found["reason"].astype("str"),
            source_ids=pd.Series([sources for sources, _ in pairs], index=found.index, dtype="str"),
            release=pd.Series([releases for _, releases in pairs], index=found.index, dtype="str"),
        ),
    )


def _named(sources: tuple[str, ...], releases: tuple[str, ...]) -> tuple[str, str]:
    """Join what several rows rest on, each source with its release once."""
    each = {
        pair: None
        for of, on in zip(sources, releases, strict=True)
        for pair in zip(of.split("+"), on.split("+"), strict=True)
    }
    return "+".join(source for source, _ in each), "+".join(release for _, release in each)


def _targets(values: pd.DataFrame) -> pd.DataFrame:
    """Count the verified targets that each value meets, of the cards that have several."""
    parts = []
    for card in _CARDS_WITH_TARGETS:
        targets = [target.value for target in card.targets if target.verified]
        rows = values[(values["indicator_id"] == card.id) & (values["status"] == "reported")]
        verdicts = np.column_stack(
            [
                target_status(rows["value"], rows["lower_95"], rows["upper_95"], target, higher_is_better=True)
                for target in sorted(targets)
            ]
        )
        met, open_ = (verdicts == "met").sum(axis=1), (verdicts == "undetermined").sum(axis=1)
        names = " and ".join(f"{target:g}" for target in sorted(targets))
        parts.append(
            rows.assign(
                strata=with_part(rows["strata"], "of", rows["indicator_id"]),
                value=met.astype("float64"),
                lower_95=met.astype("float64"),
                upper_95=(met + open_).astype("float64"),
                numerator=met.astype("float64"),
                denominator=float(len(targets)),
                method=f"verified targets met, of {names} {card.unit}",
                reason=np.where((met > 0) & (met < len(targets)), "the standard decides", ""),
            )
        )
    return indicator_rows(TARGETS, pd.concat(parts, ignore_index=True))
