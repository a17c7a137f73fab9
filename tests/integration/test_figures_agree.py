"""The transcribed figures against the publishers' own files, re-read here by other means than those that wrote them."""

import io
from pathlib import Path

import pandas as pd
import pytest

from assets.figures import load
from schemas.areas import resolve

DIRECTORY = Path(__file__).resolve().parents[2] / "data" / "figures"
KEY = ["measure_id", "area_id", "period_start", "period_end", "sex", "age_group", "drug", "population_group"]
WORDS = {
    "Suppressed": "suppressed",
    "Suppr.": "suppressed",
    "Unreliable": "low_quality",
    "n/a": "not_collected",
    "low quality": "low_quality",
}
PROVISIONAL = "Provisional Mortality Statistics, 2018 through Last Week"


def text(path: Path, **how: object) -> pd.DataFrame:
    """Read a table as text, empty cells as empty text."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, **how)


def years(frame: pd.DataFrame, year: pd.Series) -> pd.DataFrame:
    """Give rows the dates of their calendar year."""
    start = pd.to_datetime(year.astype(str).str.slice(0, 4) + "-01-01")
    return frame.assign(period_start=start, period_end=start + pd.offsets.YearEnd(0))


def long(frame: pd.DataFrame, measures: dict[str, str]) -> pd.DataFrame:
    """Turn one column for each measure into one row for each value."""
    keep = [name for name in frame.columns if name in KEY]
    melted = frame.melt(keep, list(measures), "column", "text")
    return melted.assign(measure_id=melted["column"].map(measures))


def official(frame: pd.DataFrame, times: int = 1) -> pd.DataFrame:
    """Give the publisher's cells the figures' key, status and value."""
    groups = dict.fromkeys(["sex", "age_group", "drug", "population_group"], "all")
    full = frame.assign(**{name: word for name, word in groups.items() if name not in frame})
    cells = full["text"].astype(str).str.replace(",", "", regex=False).str.strip()
    return full[KEY].assign(
        value=pd.to_numeric(cells.where(~cells.isin(list(WORDS)))).astype(float) * times,
        status=cells.map(WORDS).fillna("reported"),
    )


def wonder(data: Path) -> pd.DataFrame:
    """CDC WONDER: two exports for the nation and two for the states, each cut at its footer."""
    tables = []
    for path in (data / "us/cdc_wonder").glob("*1999-2020.txt"):
        tables += [path, path.with_name(path.name.replace("Multiple Cause of Death, 1999-2020", PROVISIONAL))]
    frames = []
    for path in tables:
        table = text(io.StringIO(path.read_text(encoding="utf-8").split('\n"---"')[0]), sep="\t")
        table = table[table["Notes"] == ""].rename(columns=lambda name: name.replace("Residence ", ""))
        area = resolve(table["State Code"], "us") if "State" in table else "USA"
        frames.append(years(table.assign(area_id=area), table["Year Code"]))
    measures = {
        "Deaths": "overdose_deaths",
        "Population": "resident_population",
        "Crude Rate": "overdose_death_rate_crude_per_100k",
        "Age Adjusted Rate": "overdose_death_rate_age_adjusted_per_100k",
    }
    return official(long(pd.concat(frames), measures))


def vsrr(data: Path) -> pd.DataFrame:
    """CDC VSRR: reported and predicted counts; the reason for an empty cell is in the footnote's words."""
    table = text(data / "us/cdc_vsrr/VSRR_Provisional_Drug_Overdose_Death_Counts_2025-07-16.csv.gz")
    drugs = {
        "Number of Drug Overdose Deaths": "all",
        "Opioids (T40.0-T40.4,T40.6)": "opioids",
        "Heroin (T40.1)": "heroin",
        "Natural & semi-synthetic opioids (T40.2)": "natural_semisynthetic",
        "Methadone (T40.3)": "methadone",
        "Synthetic opioids, excl. methadone (T40.4)": "synthetic_opioids",
        "Cocaine (T40.5)": "cocaine",
        "Psychostimulants with abuse potential (T43.6)": "psychostimulants",
    }
    table = table.assign(drug=table["Indicator"].map(drugs)).dropna(subset="drug")
    end = pd.to_datetime(table["Month"] + " 1 " + table["Year"]) + pd.offsets.MonthEnd(0)
    special = {"US": "USA", "YC": "US-NYC", "NY": "US-NY-XNYC"}
    table = table.assign(
        area_id=table["State"].map(special).fillna("US-" + table["State"]),
        period_end=end,
        period_start=end + pd.Timedelta(days=1) - pd.DateOffset(years=1),
    )
    reason = table["Footnote"].str.extract("(suppressed|low data quality)")[0]
    reason = reason.map({"suppressed": "Suppressed", "low data quality": "low quality"})
    columns = {"Data Value": "overdose_deaths", "Predicted Value": "overdose_deaths_predicted"}
    filled = table.assign(**{name: table[name].mask(table[name] == "", reason) for name in columns})
    return official(long(filled, columns))


def substance_harms(data: Path) -> pd.DataFrame:
    """PHAC: deaths by year, the last one up to September."""
    table = text(data / "ca/phac_substance_harms/SubstanceHarmsData.csv")
    table = table.query("Substance == 'Opioids' and Source == 'Deaths' and Specific_Measure == 'Overall numbers'")
    table = table[table["Time_Period"] == "By year"]
    table = years(table.assign(area_id=resolve(table["Region"], "ca"), text=table["Value"]), table["Year_Quarter"])
    part = table["Year_Quarter"].str.endswith("(Jan to Sep)")
    measures = {"Number": "opioid_deaths", "Crude rate": "opioid_death_rate_crude_per_100k"}
    return official(
        table.assign(
            measure_id=table["Unit"].map(measures),
            period_end=table["period_end"].mask(part, table["period_start"] + pd.Timedelta(days=272)),
        )
    )


def consumption_sites(data: Path) -> pd.DataFrame:
    """PHAC: one row for each month."""
    table = text(data / "ca/phac_scs/scs-visits-clients-trends.csv")
    start = pd.to_datetime(table["date"])
    table = table.assign(area_id="CAN", period_start=start, period_end=start + pd.offsets.MonthEnd(0))
    measures = {
        "trend_total_visits": "consumption_site_visits",
        "trend_nr_clients": "consumption_site_clients",
        "trend_nr_od_nf": "consumption_site_overdoses",
        "trend_nr_od_naloxone": "consumption_site_overdoses_naloxone",
        "nr_sites_reporting": "consumption_sites_reporting",
    }
    return official(long(table, measures))


def bulletin(data: Path) -> pd.DataFrame:
    """EMCDDA: one column for each year, and a treatment table in which each country has its own year."""
    folder = data / "eu/emcdda_2019"
    series = [
        ("socialResponses/syringesProvision", 1000, {"measure_id": "syringes_distributed"}),
        ("drugDeaths/maleDeaths", 1, {"measure_id": "drug_induced_deaths", "sex": "male"}),
        ("drugDeaths/femaleDeaths", 1, {"measure_id": "drug_induced_deaths", "sex": "female"}),
        ("socialResponses/methadoneClients", 1, {"measure_id": "oat_clients", "drug": "methadone"}),
    ]
    frames = []
    for name, times, groups in series:
        wide = places(pd.read_excel(folder / f"{name}.xlsx", engine="calamine"))
        melted = wide.melt("area_id", [column for column in wide if str(column)[:4].isdigit()], "year", "text")
        frames.append(official(years(melted, melted["year"]).dropna(subset="text").assign(**groups), times))
    own = places(pd.read_excel(folder / "socialResponses/opioidSubstitutionTreatment.xlsx", engine="calamine"))
    own = own.dropna(subset="Year")
    own = years(own, own["Year"].astype(int))
    medicines = {
        "Number of methadone clients": "methadone",
        "Number of buprenorphine-based OST clients": "buprenorphine",
        "Number of SROM clients": "slow_release_morphine",
        "Number of DHC clients": "dihydrocodeine",
        "Number of diacetylmorphine clients": "diacetylmorphine",
        "Number of other clients": "other",
    }
    clients = long(own, dict.fromkeys(medicines, "oat_clients")).dropna(subset="text")
    clients = official(clients.assign(drug=clients["column"].map(medicines)))
    return pd.concat([clients, *frames]).drop_duplicates(KEY)


def places(table: pd.DataFrame) -> pd.DataFrame:
    """Give countries their ids, without footnote marks; the parts of the United Kingdom have their own."""
    name = table["Country"].fillna("").str.replace("*", "", regex=False).str.strip()
    part = name.str.extract("^UK ?- ?(.*)$")[0].str.strip()
    return table.assign(area_id=resolve(name, "country").where(part.isna(), resolve(part, "gb"))).dropna(
        subset="area_id"
    )


def monitoring(data: Path) -> pd.DataFrame:
    """UNAIDS: one file for each indicator, areas by the re-publisher's numbers."""
    folder = data / "global/unaids_gam_2019"
    names = text(folder / "ddf--entities--area.csv").set_index("area")["name"]
    people = "among_people_who_inject_drugs"
    measures = {
        "needles_and_syringes_distributed_per_person_who_inject_drugs_total": "syringes_per_pwid",
        "coverage_of_opioid_substitution_therapy_total": "oat_coverage_pct",
        f"hiv_prevalence_{people}_total": "hiv_prevalence_pwid_pct",
        f"viral_hepatitis_{people}_hepatitis_c_total": "hcv_antibody_prevalence_pwid_pct",
        f"safe_injecting_practices_{people}_total": "safe_injecting_pct",
        "people_who_inject_drugs_population_size_estimate_estimate": "people_who_inject_drugs",
    }
    frames = []
    for indicator, measure in measures.items():
        table = text(folder / f"ddf--datapoints--{indicator}--by--area--year.csv")
        area = resolve(table["area"].map(names), "country")
        table = table.assign(area_id=area, measure_id=measure, text=table[indicator]).dropna(subset="area_id")
        newest = table["year"] == table.groupby("area_id")["year"].transform("max")
        # Poland's zero of 2014 is withdrawn by a correction, so the value before it is transcribed too.
        before = (measure == "syringes_per_pwid") & (table["area_id"] == "POL") & (table["year"] == "2012")
        newest = table[newest | before]
        frames.append(years(newest, newest["year"]))
    return official(pd.concat(frames))


def dispensing(data: Path) -> pd.DataFrame:
    """CDC: one file for each medicine."""
    frames = []
    for medicine in ("naloxone", "buprenorphine"):
        path = data / f"us/cdc_dispensing/State {medicine.title()} Dispensing Rates.csv"
        table = text(path, encoding="utf-8-sig")
        table = years(table.assign(area_id="US-" + table["STATE_ABBREV"]), table["YEAR"])
        frames.append(long(table, {f"{medicine}_dispensing_rate": f"{medicine}_dispensed_per_100"}))
    return official(pd.concat(frames))


def census(data: Path) -> pd.DataFrame:
    """Census Bureau: states begin with a dot, years are in the fourth line."""
    names = ["area", "base", "2020", "2021", "2022", "2023", "2024"]
    table = text(
        data / "us/census_population/statepop20-24.csv", skiprows=4, header=None, usecols=range(7), names=names
    )
    area = resolve(table["area"].str.removeprefix("."), "us")
    table = table.assign(area_id=area)[table["area"].str.startswith(".") | (area == "USA")]
    melted = table.melt("area_id", names[2:], "year", "text")
    return official(years(melted, melted["year"]).assign(measure_id="resident_population"))


def population(data: Path) -> pd.DataFrame:
    """United Nations: one age group as published, and everyone as the sum of the finest groups."""
    table = pd.read_csv(data / "global/un_population/population_by_age_group_wpp2017.csv")
    table.columns = [name.split(" (UNWPP")[0] for name in table.columns]
    finest = ["Under 5 years old", "5-14 years old", "15-24 years old", "25-64 years old", "65+ years old"]
    table = table.assign(area_id=resolve(table["Entity"]), all=table[finest].sum(axis=1)).dropna(subset="area_id")
    table = years(table.rename(columns={"Working age (15-64 years old)": "15-64"}), table["Year"])
    melted = table.melt(["area_id", "period_start", "period_end"], ["15-64", "all"], "age_group", "text")
    return official(melted.assign(measure_id="resident_population"))


def drug_poisoning(data: Path) -> pd.DataFrame:
    """ONS: totals by class from one table, places from another, against which the local table is held as well."""
    folder = data / "uk/ons_drug_poisoning"
    table = text(folder / "2021registrations.csv")
    classes = {
        "drug_poisoning": "all",
        "drug_misuse": "drug_misuse",
        "any_opiate": "opiates",
        "heroin_morphine": "heroin_and_morphine",
    }
    totals = long(years(table.assign(area_id="GB-EAW"), table["year"]), dict.fromkeys(classes, "drug_poisoning_deaths"))
    totals = totals.assign(drug=totals["column"].map(classes))
    local = text(folder / "drug_poisoning_registrations_by_LA.csv", encoding="cp1252")
    local = local.assign(area_id=local["name"].map({"ENGLAND": "GB-ENG", "WALES": "GB-WLS"})).dropna(subset="area_id")
    local = local.melt("area_id", [name for name in local if name.isdigit()], "year", "text")
    abroad = text(folder / "drug_poisoning_registrations.csv").query("`Usual residence name` == 'Non-residents'")
    abroad = abroad[abroad["Substance"] == "01 All drug poisonings"]
    abroad = abroad.assign(area_id="GB-EAW", population_group="non_residents", text=abroad["Deaths"])
    parts = [years(local, local["year"]), years(abroad, abroad["Year of death registration"])]
    full = pd.concat([totals, *[part.assign(measure_id="drug_poisoning_deaths") for part in parts]])
    return official(full.fillna({"drug": "all", "population_group": "all"}))


def policy(data: Path) -> pd.DataFrame:
    """OPTIC: each law's date stands in every year of its state; the last year's share says whether it is in force."""
    books = {
        "WEB_NAL": {
            "naloxone_access_law": ("date_anynal", "any_nal"),
            "naloxone_standing_order_law": ("date_nal_protocol_standing", "nal_protocol_standing"),
            "naloxone_pharmacist_prescribing_law": ("date_nal_Rx_prescriptive_auth", "nal_Rx_prescriptive_auth"),
        },
        "WEB_GSL": {
            "good_samaritan_law": ("date_anygsl", "anygsl"),
            "good_samaritan_arrest_law": ("date_gsl_arrest", "gsl_arrest"),
        },
    }
    frames = []
    for book, laws in books.items():
        table = pd.read_excel(data / f"us/optic_policy/{book}.xlsx", sheet_name=book, engine="calamine")
        table = table.dropna(subset="state")
        last = table[table["year"] == table["year"].max()]
        end = pd.Timestamp(year=int(last["year"].max()), month=12, day=31)
        last = last.assign(area_id=resolve(last["state"], "us"), period_end=end)
        for law, (date, share) in laws.items():
            start = pd.to_datetime(last[date]).fillna(pd.Timestamp(1990, 1, 1))
            in_force = (last[share] > 0).astype(int)
            frames.append(last[["area_id", "period_end"]].assign(period_start=start, text=in_force, measure_id=law))
    return official(pd.concat(frames))


READERS = {
    "cdc_wonder": wonder,
    "cdc_vsrr": vsrr,
    "phac_substance_harms": substance_harms,
    "phac_consumption_sites": consumption_sites,
    "emcdda_bulletin": bulletin,
    "unaids_gam": monitoring,
    "cdc_dispensing": dispensing,
    "census_population": census,
    "un_population": population,
    "ons_drug_poisoning": drug_poisoning,
    "optic_policy": policy,
}


def differences(figures: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Give the figures that the publisher does not have, or has otherwise."""
    dates = {"period_start": "datetime64[us]", "period_end": "datetime64[us]"}
    joined = figures[[*KEY, "value", "status"]].merge(
        published.astype(dates), how="left", on=KEY, suffixes=("", "_published"), validate="one_to_one"
    )
    same = (joined["value"] == joined["value_published"]) | (joined["value"].isna() & joined["value_published"].isna())
    return joined[~(same & (joined["status"] == joined["status_published"]))]


@pytest.fixture(scope="module")
def observations() -> pd.DataFrame:
    """Give all figures, verified or not."""
    return load(DIRECTORY, include_unverified=True).observations


def test_every_source_is_compared(observations: pd.DataFrame) -> None:
    """No source of figures is left without a comparison."""
    assert set(observations["source_id"]) == set(READERS)


@pytest.mark.parametrize("source_id", list(READERS))
def test_figures_agree_with_the_publisher(observations: pd.DataFrame, shared_data: Path, source_id: str) -> None:
    """Every figure has the value and the status of the publisher's own cell."""
    figures = observations[observations["source_id"] == source_id]
    assert len(figures) > 0
    wrong = differences(figures, READERS[source_id](shared_data))
    assert wrong.empty, f"{len(wrong)} of {len(figures)} differ:\n{wrong.head(10).to_string()}"


def test_comparison_sees_a_changed_figure(observations: pd.DataFrame, shared_data: Path) -> None:
    """A figure changed by one death, one that lost its status and one from nowhere are all noticed."""
    figures = observations[observations["source_id"] == "phac_substance_harms"].reset_index(drop=True)
    deaths, suppressed = figures.index[figures["value"] == 2832][0], figures.index[figures["status"] == "suppressed"][0]
    figures.loc[deaths, "value"] += 1
    figures.loc[suppressed, "status"] = "not_collected"
    figures.loc[figures.index[-1], "area_id"] = "USA"
    assert len(differences(figures, substance_harms(shared_data))) == 3


def test_wonder_limits_agree(observations: pd.DataFrame, shared_data: Path) -> None:
    """The published limits of the US rates of 1999 and 2021 are the file's."""
    frame = observations[observations["area_id"] == "USA"].set_index(["measure_id", "period_start"])
    for year in (1999, 2021):
        path = "US_Multiple Cause of Death, 1999-2020.txt" if year <= 2020 else f"US_{PROVISIONAL}.txt"
        lines = (shared_data / "us/cdc_wonder" / path).read_text(encoding="utf-8").splitlines()
        cells = next(line.split("\t") for line in lines if line.startswith(f'\t"{year}"'))
        for measure, first in (("crude", 5), ("age_adjusted", 9)):
            row = frame.loc[(f"overdose_death_rate_{measure}_per_100k", pd.Timestamp(year, 1, 1))]
            assert row[["value", "lower", "upper"]].tolist() == [float(cell) for cell in cells[first : first + 3]]


def test_selection_holds_what_was_promised(observations: pd.DataFrame, shared_data: Path) -> None:
    """Nothing published is missing from the national series and the latest years: the selection has no holes."""
    for source_id in (
        "phac_substance_harms",
        "phac_consumption_sites",
        "unaids_gam",
        "cdc_dispensing",
        "census_population",
    ):
        figures = observations[observations["source_id"] == source_id]
        assert len(figures) == len(READERS[source_id](shared_data)), source_id
    european = bulletin(shared_data).query("period_start >= '2013-01-01' and measure_id != 'oat_clients'")
    figures = observations.query("source_id == 'emcdda_bulletin' and measure_id != 'oat_clients'")
    assert len(figures) == len(european)
