"""Plausibility: what published figures must satisfy together, whatever the contract says of single rows."""

import datetime
from collections.abc import Callable

import pandas as pd

from assets import jumps
from schemas.areas import areas
from schemas.measures import MEASURES
from schemas.observations import GROUP_COLUMNS, KEY

Check = dict[str, object]
MOST_INJECTING = 0.05
CADENCE_DAYS = {"month": 31, "quarter": 92, "two years": 731, "twice a year": 183, "year": 366, "week": 7}
"""Days between two releases, by the word of the cadence that comes first."""

PLACES_ROUNDING = 0.005
"""Share by which places may add up to more than their whole: publishers round, and move small counts at random."""

_ROUNDING = 1e-6


class Blocked(Exception):
    """Tables that must not be stored: a blocking check failed, and the message says what to do."""

    def __init__(self, checks: list[Check]) -> None:
        """Keep the checks that failed."""
        super().__init__("; ".join(str(row["description"]) for row in checks))
        self.checks = checks


def check(asset: str, name: str, failures: int, description: str, severity: str = "warn") -> Check:
    """Make one row of ``meta.checks``."""
    return {
        "asset": asset,
        "check_name": name,
        "passed": failures == 0,
        "severity": severity,
        "description": description,
        "failures": failures,
    }


def of_core(newest: pd.DataFrame) -> list[Check]:
    """Run every plausibility check on the newest observations."""
    return [run(newest) for run in _CHECKS]


def us_total_is_sum_of_parts(newest: pd.DataFrame) -> Check:
    """Check that the provisional count of the United States is the sum of states, DC and New York City.

    Only windows for which all 52 parts are reported are compared; Puerto Rico is outside.
    """
    rows = newest[
        (newest["source_id"] == "cdc_vsrr")
        & (newest["measure_id"] == "overdose_deaths")
        & (newest[GROUP_COLUMNS] == "all").all(axis=1)
        & (newest["status"] == "reported")
    ]
    known = areas()
    parts = set(known.loc[known["in_us_total"], "area_id"])
    inside = rows[rows["area_id"].isin(parts)].groupby("period_end")["value"].agg(["sum", "size"])
    whole = rows[rows["area_id"] == "USA"].set_index("period_end")["value"]
    complete = inside[inside["size"] == len(parts)].join(whole, how="inner")
    wrong = complete[complete["sum"] != complete["value"]]
    text = f"expected 52 parts to sum to USA in {len(complete)} windows; {len(wrong)} differ"
    if len(wrong):
        first = wrong.iloc[0]
        text += f", first {wrong.index[0]:%Y-%m}: {first['sum']:,.0f} against {first['value']:,.0f}"
    return check("core.observations", "us_total_is_sum_of_parts", len(wrong), text)


def drug_class_within_total(newest: pd.DataFrame) -> Check:
    """Check that no drug class has more overdose deaths than all drugs together in the same place and period."""
    rows = newest[newest["measure_id"].isin(["overdose_deaths"]) & (newest["status"] == "reported")]
    keys = ["source_id", *[column for column in KEY if column != "drug"]]
    total = rows.loc[rows["drug"] == "all", [*keys, "value"]]
    both = rows[rows["drug"] != "all"].merge(total, on=keys, suffixes=("", "_all"), validate="m:1")
    wrong = int((both["value"] > both["value_all"]).sum())
    text = f"expected no class above all drugs in {len(both):,} rows; {wrong} are"
    return check("core.observations", "drug_class_within_total", wrong, text)


def england_and_wales_add_up(newest: pd.DataFrame) -> Check:
    """Check that England, Wales and non-residents sum to England and Wales in registered drug poisonings."""
    rows = newest[
        (newest["measure_id"] == "drug_poisoning_deaths") & (newest["drug"] == "all") & (newest["status"] == "reported")
    ]
    part = rows["area_id"].isin(["GB-ENG", "GB-WLS"]) | (rows["population_group"] == "non_residents")
    sums = rows[part].groupby("period_end")["value"].agg(["sum", "size"])
    whole = rows[(rows["area_id"] == "GB-EAW") & (rows["population_group"] == "all")].set_index("period_end")["value"]
    complete = sums[sums["size"] == 3].join(whole, how="inner")
    wrong = int((complete["sum"] != complete["value"]).sum())
    text = f"expected England, Wales and non-residents to sum to the whole in {len(complete)} years; {wrong} differ"
    return check("core.observations", "england_and_wales_add_up", wrong, text)


def sexes_within_total(newest: pd.DataFrame) -> Check:
    """Check that women and men together are not more than everybody, in counts of one source, place and period."""
    counts = [card.id for card in MEASURES.values() if card.kind in ("flow", "stock")]
    rows = newest[newest["measure_id"].isin(counts) & (newest["status"] == "reported")]
    keys = ["source_id", *[column for column in KEY if column != "sex"]]
    both = rows[rows["sex"].isin(["female", "male"])].groupby(keys)["value"].sum().rename("parts").reset_index()
    whole = rows[rows["sex"] == "all"].merge(both, on=keys, validate="1:1")
    wrong = whole[whole["parts"] > whole["value"] * (1 + _ROUNDING)]
    text = f"expected women and men within the total in {len(whole):,} rows; {len(wrong)} are above{_first(wrong)}"
    return check("core.observations", "sexes_within_total", len(wrong), text)


def places_within_whole(newest: pd.DataFrame) -> Check:
    """Check that the states of a country, or the counties of a state, have no more than the whole, by one source.

    Territories that a country's total leaves out, and areas that overlap others, are not added.
    """
    known = areas()
    plain = known["kind"].isin(["subdivision", "county"]) & ~known["area_id"].str.contains("-X")
    own = known[plain & known["iso_alpha3"].isna()].set_index("area_id")
    counts = [card.id for card in MEASURES.values() if card.kind in ("flow", "stock")]
    rows = newest[newest["measure_id"].isin(counts) & (newest["status"] == "reported")]
    keys = ["source_id", *[column for column in KEY if column != "area_id"], "area_id"]
    inside = rows[rows["area_id"].isin(own.index)]
    wholes = inside["area_id"].map(own["parent_id"]).rename("area_id")
    sums = inside.assign(area_id=wholes, kind=inside["area_id"].map(own["kind"])).groupby([*keys, "kind"])["value"]
    both = rows.merge(sums.agg(["sum", "size"]).reset_index(), on=keys)
    wrong = both[both["sum"] > both["value"] * (1 + PLACES_ROUNDING) + both["size"]]
    text = f"expected places within the whole in {len(both):,} sums; {len(wrong)} are above{_first(wrong)}"
    return check("core.observations", "places_within_whole", len(wrong), text)


def few_people_inject_drugs(newest: pd.DataFrame) -> Check:
    """Check that people who inject drugs are at most 5 % of the residents of their place.

    Residents are the largest count at hand, of any year and age group: some places have working ages only.
    """
    rows = newest[newest["status"] == "reported"]
    residents = rows[rows["measure_id"] == "resident_population"].groupby("area_id")["value"].max().rename("residents")
    both = rows[rows["measure_id"] == "people_who_inject_drugs"].join(residents, on="area_id", how="inner")
    wrong = both[both["value"] > MOST_INJECTING * both["residents"]]
    text = (
        f"expected at most {MOST_INJECTING:.0%} of residents to inject drugs in {len(both)} estimates; "
        f"{len(wrong)} are above{_first(wrong)}"
    )
    return check("core.observations", "few_people_inject_drugs", len(wrong), text)


def naloxone_within_overdoses(newest: pd.DataFrame) -> Check:
    """Check that naloxone was not given in more overdoses at consumption sites than there were."""
    rows = newest[newest["status"] == "reported"]
    keys = ["source_id", *[column for column in KEY if column != "measure_id"]]
    part = rows.loc[rows["measure_id"] == "consumption_site_overdoses_naloxone", [*keys, "value"]]
    whole = rows.loc[rows["measure_id"] == "consumption_site_overdoses", [*keys, "value"]]
    both = part.merge(whole, on=keys, suffixes=("", "_all"), validate="1:1")
    wrong = both[both["value"] > both["value_all"]].assign(measure_id="consumption_site_overdoses_naloxone")
    text = f"expected naloxone within overdoses in {len(both)} rows; {len(wrong)} are above{_first(wrong)}"
    return check("core.observations", "naloxone_within_overdoses", len(wrong), text)


def units_stay(newest: pd.DataFrame) -> Check:
    """Check that no series steps by a factor of 1,000, or of 100 for a percentage, from one period to the next."""
    wrong = jumps.unit_steps(newest)
    text = (
        f"expected no step by 1,000 (by 100 in a percentage) in {len(newest):,} rows; {len(wrong)} found{_first(wrong)}"
    )
    return check("core.observations", "units_stay", len(wrong), text)


def panels_stay(newest: pd.DataFrame) -> Check:
    """Check that about as many places and sites report from one period to the next: else counts are no trend."""
    wrong = jumps.panel_steps(newest)
    rows = int(newest["measure_id"].isin(jumps.PANEL_MEASURES).sum())
    largest = wrong.loc[[(wrong["value"] - wrong["before"]).abs().idxmax()]] if len(wrong) else wrong
    before = f" after {largest['before'].iloc[0]:,.0f}" if len(largest) else ""
    text = (
        f"expected panels to change by at most 5 % in {rows} rows; {len(wrong)} change by more{_first(largest)}{before}"
    )
    return check("core.observations", "panels_stay", len(wrong), text)


def panel_members_stay(newest: pd.DataFrame) -> Check:
    """Check that the same jurisdictions take part from one period to the next, also where as many do."""
    wrong = jumps.member_steps(newest)
    rows = int(newest["source_id"].isin(list(jumps.PANELS)).sum())
    largest = wrong.loc[[wrong["value"].idxmax()]] if len(wrong) else wrong
    before = f" left or came, of {largest['before'].iloc[0]:,.0f} before" if len(largest) else ""
    text = (
        f"expected at most 5 % of a panel to leave or come in {rows:,} rows; {len(wrong)} periods differ by more"
        f"{_first(largest)}{before}"
    )
    return check("core.observations", "panel_members_stay", len(wrong), text)


def labels_are_known(quarantine: pd.DataFrame) -> Check:
    """Check that no publisher's label for a place, measure, group or period was new to us."""
    unknown = quarantine[quarantine["code"].str.startswith("unknown_")]
    seen = unknown.groupby(["source_id", "code"])["value"].agg(lambda values: ", ".join(sorted(set(values))[:3]))
    named = "; ".join(f"{source_id} {code.replace('_', ' ')}: {labels}" for (source_id, code), labels in seen.items())
    text = f"expected only known labels in {len(quarantine):,} refused records; {len(unknown):,} have a new one"
    return check("core.quarantine", "labels_are_known", len(unknown), f"{text}: {named[:600]}" if named else text)


def numerators_within_denominators(values: pd.DataFrame, indicator_ids: list[str]) -> Check:
    """Check that no share of a group is of more people than the group has.

    Args:
        values: ``marts.indicator_values``.
        indicator_ids: Indicators whose numerator is part of their denominator.
    """
    rows = values[(values["status"] == "reported") & values["indicator_id"].isin(indicator_ids)]
    both = rows[rows["numerator"].notna() & rows["denominator"].notna()]
    wrong = both[both["numerator"] > both["denominator"]].sort_values("numerator")
    first = f", such as {wrong['indicator_id'].iloc[-1]} of {wrong['area_id'].iloc[-1]}" if len(wrong) else ""
    text = f"expected no numerator above its denominator in {len(both):,} shares; {len(wrong)} are{first}"
    return check("marts.indicator_values", "numerators_within_denominators", len(wrong), text)


def cadence_days(cadence: str) -> int | None:
    """Give the days between two releases; None where a source publishes now and then.

    Args:
        cadence: How often it is published, as its card says.
    """
    said = {cadence.find(word): days for word, days in CADENCE_DAYS.items() if word in cadence}
    return said[min(said)] if said else None


def freshness(source_id: str, cadence: str, release: str, today: datetime.date) -> Check | None:
    """Check that a source's newest release is not older than its cadence lets one expect.

    Args:
        source_id: Source.
        cadence: How often it is published, as its card says.
        release: Its newest release at hand; empty where there is none.
        today: The day to judge by.

    Returns:
        None for a source without release or without regular cadence. The text names no day but the release's and the
        last one allowed, so that nothing changes from day to day.
    """
    days = cadence_days(cadence)
    if days is None or not release:
        return None
    last = datetime.date.fromisoformat(release[:10]) + datetime.timedelta(days=2 * days + 31)
    late = int(today > last)
    text = f"published {cadence}; newest release at hand {release}: expected a newer one by {last}, "
    text += "found none; look for it, or drop it in" if late else "which is not due yet"
    return check(source_id, "fresh_enough", late, text)


def _first(wrong: pd.DataFrame) -> str:
    """Name the first of the rows that fail."""
    if wrong.empty:
        return ""
    row = wrong.iloc[0]
    groups = [str(row[name]) for name in GROUP_COLUMNS if row[name] != "all"]
    named = " ".join([str(row["source_id"]), str(row["measure_id"]), str(row["area_id"]), *groups])
    return f", such as {named} {row['period_end']:%Y-%m}: {row['value']:,.10g}"


_CHECKS: tuple[Callable[[pd.DataFrame], Check], ...] = (
    us_total_is_sum_of_parts,
    drug_class_within_total,
    england_and_wales_add_up,
    sexes_within_total,
    places_within_whole,
    few_people_inject_drugs,
    naloxone_within_overdoses,
    units_stay,
    panels_stay,
    panel_members_stay,
)
CORE_CHECKS = tuple(check.__name__ for check in _CHECKS)
"""Names of the checks that ``of_core`` runs."""
