"""Which drugs are involved in deaths, how often none is named, and how far the definition moves the count."""

import pandas as pd

from assets.indicators.age_groups import group_keys
from assets.indicators.measures import PLACE_AND_TIME, Measures, pair, strata
from assets.indicators.overdose import scaled_interval
from assets.indicators.rows import indicator_rows, provenance, reliability, remark
from epi.intervals import binomial_interval
from epi.mortality import SPREAD_TO_REPORT, definition_spread
from schemas.indicators import IndicatorCard

_SUDORS = "CDC, SUDORS Dashboard: Fatal Drug Overdose Data"
_WILSON = "Wilson"
_OVERLAP = "Drugs overlap: a death with two of them counts in both; never add them."
_OCCURRENCE = "Unintentional and undetermined intent, where the death occurred, in the places that take part."
SMALLEST_COUNT = 10
_BOTH = "involvement: opioids_and_stimulants"


def _card(id: str, number: str, title: str, question: str, **more: object) -> IndicatorCard:
    plain: dict[str, object] = {
        "numerator": "Deaths that involve the drug",
        "numerator_type": "deaths",
        "denominator": "Deaths of unintentional or undetermined overdose",
        "denominator_type": "deaths",
        "unit": "percent",
        "polarity": "none",
        "interval_method": _WILSON,
        "suppression_rule": "publisher's: 1-9 deaths hidden",
        "caveats": (_OVERLAP, _OCCURRENCE),
        "references": (_SUDORS, "Wilson 1927"),
        "waits_for": "cdc_sudors (dropped in)",
    }
    return IndicatorCard(id, number, title, question, **{**plain, **more})  # type: ignore[arg-type]


RATE = _card(
    "unintentional_overdose_death_rate_age_adjusted", "4",
    "Unintentional overdose death rate by drug, sex or race, age-adjusted",
    "Which drugs are involved, and who dies?", unit="deaths per 100,000 population", polarity="lower",
    denominator="Resident population, in the publisher's rate", denominator_type="population", standard="US 2010",
    interval_method="the count's Poisson interval (exact below 10, Byar from 10) scaled to the published rate",
    caveats=(_OVERLAP, _OCCURRENCE, "Standardised to 2010: never beside rates standardised to 2000."),
)  # fmt: skip
BY_DRUG = _card(
    "unintentional_overdose_deaths_by_drug_pct", "4", "Share of unintentional overdose deaths by drug involved",
    "Which drugs are involved in the deaths?",
)  # fmt: skip
POLYSUBSTANCE = _card(
    "opioid_and_stimulant_deaths_pct", "5", "Share of overdose deaths with an opioid and a stimulant",
    "How many deaths involve opioids and stimulants together?", numerator="Deaths with an opioid and a stimulant",
    caveats=(_OCCURRENCE,),
)  # fmt: skip
COCAINE_AND_FENTANYL = _card(
    "cocaine_and_fentanyl_deaths_pct", "5", "Share of overdose deaths with cocaine and a synthetic opioid",
    "How many deaths involve cocaine and fentanyl together?",
    numerator="Overdose deaths of residents with T40.5 and T40.4", denominator="Overdose deaths of residents",
    references=("CDC WONDER, Multiple Cause of Death (D77)", "Wilson 1927"),
    caveats=("States differ in how often the drug is named.", "One pair of drugs, not all deaths with two."),
    waits_for="cdc_wonder by drug (dropped in)",
)  # fmt: skip
UNSPECIFIED = _card(
    "unspecified_drug_deaths_pct", "6", "Share of overdose deaths whose certificate names no drug",
    "How many deaths tell nothing of the drug?", polarity="lower",
    numerator="Overdose deaths with no drug specified (deaths x the share published)",
    denominator="Overdose deaths reported, twelve months", waits_for="cdc_vsrr (live or dropped in)",
    references=("NCHS, VSRR provisional drug overdose death counts", "Wilson 1927"),
    caveats=(
        "Rates by drug are too low by about this share; a fall in it looks like a rise in every drug.",
        "Windows of twelve months overlap. Recent ones are incomplete: toxicology comes late.",
    ),
)  # fmt: skip
CANADA_BY_DRUG = _card(
    "opioid_deaths_by_drug_pct", "4", "Share of apparent opioid or stimulant toxicity deaths by drug",
    "Which drugs are involved in the deaths?", denominator="Apparent opioid, or stimulant, toxicity deaths",
    waits_for="phac_substance_harms (live or dropped in)",
    references=("Public Health Agency of Canada, Opioid- and stimulant-related harms in Canada", "Wilson 1927"),
    caveats=(_OVERLAP, "Published as a rounded percent; the count above the line is worked out from it."),
)  # fmt: skip
DEFINITIONS = _card(
    "case_definition_ratio", "7", "Deaths under another definition, against those under the widest",
    "How far does the definition move the number?", unit="ratio",
    interval_method="none: the same deaths, counted twice",
    numerator="Deaths under the definition named", denominator="Deaths under the widest definition at hand",
    references=("NCHS, VSRR", _SUDORS, "Office for National Statistics, Deaths related to drug poisoning"),
    caveats=(
        f"Above {100 * SPREAD_TO_REPORT:.0f} % apart, figures made by the two must not be compared; a remark says so.",
        "Same place, year and basis only. Two sources also differ in when their file was closed.",
    ),
    waits_for="cdc_sudors and cdc_vsrr, or ons_drug_poisoning by class; from records: NCHS multiple cause of death "
    "microdata",
)  # fmt: skip
CARDS = (RATE, BY_DRUG, POLYSUBSTANCE, COCAINE_AND_FENTANYL, UNSPECIFIED, CANADA_BY_DRUG, DEFINITIONS)


def compute(measures: Measures) -> pd.DataFrame:
    """Make the rows on drugs involved in deaths, on deaths without a named drug, and on definitions.

    Grain: indicator, area, period, strata.
    """
    deaths = measures.read("unintentional_overdose_deaths", ("cdc_sudors",), calendar_year=True)
    wonder = measures.read("overdose_deaths", ("cdc_wonder",), calendar_year=True)
    drugs = deaths[deaths["drug"] != "all"]
    both = deaths[deaths["population_group"] == _BOTH].assign(population_group="all")
    pairs = wonder[wonder["drug"] == "cocaine_and_fentanyl"]
    return pd.concat(
        [
            _rates(measures, deaths),
            _shares(BY_DRUG, drugs, deaths[deaths["drug"] == "all"], "drug"),
            _shares(POLYSUBSTANCE, both, deaths[deaths["population_group"] == "all"], "population_group"),
            _shares(COCAINE_AND_FENTANYL, pairs.assign(drug="all"), wonder[wonder["drug"] == "all"], "drug"),
            _unspecified(measures),
            _canada(measures),
            _definitions(measures, deaths),
        ],
        ignore_index=True,
    )


def _rates(measures: Measures, deaths: pd.DataFrame) -> pd.DataFrame:
    measure = "unintentional_overdose_death_rate_age_adjusted_2010_per_100k"
    frame = pair(measures.read(measure, ("cdc_sudors",), calendar_year=True), deaths, group_keys(), "deaths")
    limits = scaled_interval(frame["value"], frame["value_deaths"])
    return indicator_rows(
        RATE,
        frame.assign(
            strata=strata(frame),
            numerator=frame["value_deaths"].where(frame["value"].notna()),
            lower_95=limits["lower"],
            upper_95=limits["upper"],
            method="rate as published; Poisson interval of the count scaled to it",
            reason=frame["note"],
            reliability=reliability(frame["value_deaths"]),
            source_ids=frame["source_id"],
        ),
    )


def _shares(card: IndicatorCard, part: pd.DataFrame, whole: pd.DataFrame, other: str) -> pd.DataFrame:
    """Divide the deaths with a drug by all deaths of the same place, year and people.

    Args:
        card: The indicator's card.
        part: Deaths above the line.
        whole: Deaths below it; unique without the column ``other``.
        other: The one column in which the two differ.
    """
    whole = whole[whole[other] == "all"]
    frame = pair(part, whole, group_keys(other), "whole", how="inner")
    low, high = binomial_interval(frame["value"], frame["value_whole"])
    shown = (frame["status"] == "reported") & (frame["status_whole"] == "reported") & (frame["value_whole"] > 0)
    status = frame["status"].where(frame["status"] != "reported", frame["status_whole"])
    return indicator_rows(
        card,
        frame.assign(
            strata=strata(frame),
            numerator=frame["value"].where(shown),
            denominator=frame["value_whole"].where(shown),
            value=(100 * frame["value"] / frame["value_whole"]).where(shown),
            lower_95=100 * low,
            upper_95=100 * high,
            status=status.mask((status == "reported") & ~shown, "not_applicable"),
            method="100 x deaths with the drug / deaths; Wilson interval",
            reason=remark(frame["note"], frame["note_whole"]),
            reliability=reliability(frame["value"]),
            is_provisional=frame["is_provisional"] | frame["is_provisional_whole"],
            **provenance(frame, "whole"),
        ),
    )


def _unspecified(measures: Measures) -> pd.DataFrame:
    named = measures.read("deaths_drugs_specified_pct", ("cdc_vsrr",), months=12, total=True)
    deaths = measures.read("overdose_deaths", ("cdc_vsrr",), months=12, total=True)
    frame = pair(named, deaths, group_keys(), "deaths")
    known = frame["value_deaths"].notna() & (frame["value_deaths"] > 0) & frame["value"].notna()
    share = (1 - frame["value"] / 100).clip(lower=0)
    number = (share * frame["value_deaths"]).where(known)
    low, high = binomial_interval(number, frame["value_deaths"].where(known))
    return indicator_rows(
        UNSPECIFIED,
        frame.assign(
            strata="all",
            period="12 months to " + frame["period_end"].dt.strftime("%Y-%m"),
            value=100 * share,
            # A count of 1 to 9 is shown nowhere, and this one is only worked out.
            numerator=number.where((number < 0.5) | (number >= SMALLEST_COUNT)),
            denominator=frame["value_deaths"].where(known),
            lower_95=100 * low,
            upper_95=100 * high,
            method="100 - percent with drugs specified, as published; Wilson interval from the deaths",
            reason=frame["note"],
            **provenance(frame, "deaths"),
        ),
    )


def _canada(measures: Measures) -> pd.DataFrame:
    parts = []
    for kind in ("opioid", "stimulant"):
        shares = measures.read(f"{kind}_deaths_share_pct", ("phac_substance_harms",), calendar_year=True)
        shares = shares[(shares["drug"] != "all") & (shares["sex"] == "all") & (shares["age_group"] == "all")]
        deaths = measures.read(f"{kind}_deaths", ("phac_substance_harms",), calendar_year=True, total=True)
        parts.append(pair(shares, deaths, group_keys("drug"), "deaths").assign(population_group=f"{kind} deaths"))
    frame = pd.concat(parts, ignore_index=True)
    known = frame["value"].notna() & (frame["value_deaths"] > 0)
    number = (frame["value"] / 100 * frame["value_deaths"]).where(known)
    low, high = binomial_interval(number, frame["value_deaths"].where(known))
    labels = "among=" + frame["population_group"] + ";drug=" + frame["drug"]
    return indicator_rows(
        CANADA_BY_DRUG,
        frame.assign(
            strata=labels.astype("str"),
            numerator=number,
            denominator=frame["value_deaths"].where(known),
            lower_95=100 * low,
            upper_95=100 * high,
            method="percent as published; Wilson interval from the deaths",
            reason=frame["note"],
            reliability=reliability(number),
            **provenance(frame, "deaths"),
        ),
    )


def _definitions(measures: Measures, sudors: pd.DataFrame) -> pd.DataFrame:
    """Put two counts of one place, year and basis beside each other that follow different definitions."""
    everybody = (sudors[["drug", "sex", "age_group", "race_ethnicity", "population_group"]] == "all").all(axis=1)
    vsrr = measures.read("overdose_deaths", ("cdc_vsrr",), calendar_year=True, total=True)
    ons = measures.read("drug_poisoning_deaths", ("ons_drug_poisoning",), calendar_year=True)
    ons = ons[ons["population_group"] == "all"]
    pairs = {
        "unintentional or undetermined intent (SUDORS), of all intents (NCHS)": (sudors[everybody], vsrr),
        "drug misuse (ONS), of drug poisoning (ONS)": (ons[ons["drug"] == "drug_misuse"], ons[ons["drug"] == "all"]),
    }
    frame = pd.concat(
        [
            pair(narrow, wide, PLACE_AND_TIME, "wide", how="inner").assign(definition=name)
            for name, (narrow, wide) in pairs.items()
        ],
        ignore_index=True,
    )
    shown = (frame["status"] == "reported") & (frame["status_wide"] == "reported") & (frame["value_wide"] > 0)
    status = frame["status"].where(frame["status"] != "reported", frame["status_wide"])
    frame = frame.assign(
        deaths=frame["value"].where(shown),
        reference=frame["value_wide"].where(shown),
        status=status.mask((status == "reported") & ~shown, "not_applicable"),
        is_provisional=frame["is_provisional"] | frame["is_provisional_wide"],
        **provenance(frame, "wide"),
    )
    return _definition_rows(frame)


def _definition_rows(frame: pd.DataFrame) -> pd.DataFrame:
    ratio = frame["deaths"] / frame["reference"]
    apart = (ratio - 1).abs() > SPREAD_TO_REPORT
    words = pd.Series("more than 2 % apart: not comparable", index=frame.index, dtype="str").where(apart, "")
    return indicator_rows(
        DEFINITIONS,
        frame.assign(
            strata="definition=" + frame["definition"],
            value=ratio,
            numerator=frame["deaths"],
            denominator=frame["reference"],
            method="deaths under the definition / deaths under the one it is held against",
            reason=words,
        ),
    )


def definition_rows(records: pd.DataFrame, source_id: str, release: str) -> pd.DataFrame:
    """Count records of deaths under every definition, for each place and year, against the first (NCHS).

    Grain: area, year, definition.

    Args:
        records: One row for a death: ``area_id``, ``year``, ``underlying`` and ``contributing`` (ICD-10 codes).
        source_id: Where the records come from.
        release: Their release, a date.
    """
    parts = [
        definition_spread(rows["underlying"], rows["contributing"]).assign(
            area_id=rows["area_id"].iloc[0], year=rows["year"].iloc[0]
        )
        for _, rows in records.groupby(["area_id", "year"])
    ]
    found = pd.concat(parts, ignore_index=True)
    wide = found["definition"] == "nchs"
    reference = found.loc[wide, ["area_id", "year", "deaths"]].rename(columns={"deaths": "reference"})
    frame = found[~wide].merge(reference, on=["area_id", "year"], validate="m:1")
    counted = frame["reference"] > 0
    years = frame["year"].astype("str")
    return _definition_rows(
        frame.assign(
            definition=frame["definition"] + ", of nchs",
            deaths=frame["deaths"].where(counted),
            reference=frame["reference"].where(counted),
            status=pd.Series("reported", index=frame.index).where(counted, "not_applicable"),
            period_start=pd.to_datetime(years + "-01-01").astype("datetime64[us]"),
            period_end=pd.to_datetime(years + "-12-31").astype("datetime64[us]"),
            is_provisional=False,
            source_ids=source_id,
            release=release,
        )
    )
