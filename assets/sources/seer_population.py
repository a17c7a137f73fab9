"""SEER county population files: residents of states by age and sex, and of counties, from 1969 or 1990."""

import re
from pathlib import Path
from typing import NoReturn

import pandas as pd

from assets.seer_records import Sums, check_records, read_sums
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, refused_records, tidy_observations
from assets.tidying import without_duplicates
from assets.transport import Transport, Validators
from schemas.areas import resolve
from schemas.observations import KEY
from schemas.source_card import SourceCard
from schemas.sources import seer_population as layout

CARD = SourceCard(
    id="seer_population",
    title="US county population data, 1969 onward",
    publisher="National Cancer Institute, Surveillance, Epidemiology, and End Results Program (SEER)",
    licence="US Government work; terms of the download page not verified",
    licence_url="https://www.usa.gov/government-works",
    homepage="https://seer.cancer.gov/popdata/",
    download_url="https://seer.cancer.gov/popdata/download.html",
    cadence="yearly",
    basis="residence",
    citation=(
        "National Cancer Institute, DCCPS, Surveillance Research Program. Surveillance, Epidemiology, and End Results "
        "(SEER) Program Populations (www.seer.cancer.gov/popdata)."
    ),
    coverage="United States, states, counties; by age and sex; 1969 or 1990 to the last year of the file",
    caveats=(
        "Census Bureau estimates that SEER modified: Hawaii's races, and the Gulf Coast in 2005 in adjusted files.",
        "The release is 1 July of the last year in the file's name; the file does not hold its day of release.",
        "Every vintage revises its years: rates made with another vintage differ.",
        "People displaced by the hurricanes of 2005 are in the nation's sum and in no state's.",
        "Some county codes are SEER's own and have no area here; their people are in their state.",
        "Written from SEER's published dictionary (records of 26 characters); no file was at hand.",
    ),
    drop_in_help=(
        "From SEER's download page take a county file with 19 or 20 age groups, of a state or of all states, keep its "
        "name (us.1990_2023.20ages.adjusted.txt.gz), and drop it in data/drop/seer_population/."
    ),
    automated=False,
)

SUMMED = "populations of counties, races and origins, summed into totals by age and sex"
WITHHELD = "state and year withheld: one of its lines has an unknown code"
_NAME = re.compile(r"\.(\d{4})_(\d{4})\.(\w+?)(?:\.|$)")


def fetch(transport: Transport, known: Validators | None, into: Path) -> NoReturn:  # noqa: ARG001
    """Refuse: the address changes with every vintage.

    Raises:
        SourceRefused: Always; it says where a person finds the files.
    """
    raise SourceRefused(
        f"{CARD.id}: expected an address that stays the same, and SEER's changes with each vintage. See "
        f"{CARD.download_url}. {CARD.drop_in_help}"
    )


def recognise(path: Path) -> Recognised:
    """Tell the vintage from the file's name, once its lines are in the layout.

    Raises:
        SourceRefused: A name without years and age groups, single ages, or lines in another layout.
    """
    last, _ = _named(path)
    check_records(path)
    return Recognised(f"{last}-07-01", (path,), {"release": "1 July of the file's last year, not the day of release"})


def _named(path: Path) -> tuple[int, str]:
    """Give the last year and the kind of ages that a file's name says."""
    found = _NAME.search(path.name)
    if not found or found[3] not in layout.OLDEST:
        raise SourceRefused(
            f"{path.name}: expected SEER's own name with years and {' or '.join(layout.OLDEST)}, such as "
            f"us.1990_2023.20ages.adjusted.txt.gz, found {found[3] if found else 'none'}. {CARD.drop_in_help}"
        )
    return int(found[2]), found[3]


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn county files of one vintage into observations.

    Grain: each line is one record, a population by county, race, origin, sex and age. They are summed to states by age
    and sex, to counties, and to the nation where every state is there. A state's year is withheld where one of its
    lines has an unknown code. Caveats: estimates of one vintage; bridged races are summed over.
    """
    parts = [_file(path) for path in snapshot.files]
    kept, conflicting, dropped = without_duplicates(
        pd.concat([each.observations for each in parts], ignore_index=True), KEY, "_column"
    )
    for each in parts:
        for reason, count in each.dropped.items():
            dropped[reason] = dropped.get(reason, 0) + count
    return Tidy(
        observations=tidy_observations(kept),
        raw={CARD.id: layout.Raw.validate(pd.concat([each.raw[CARD.id] for each in parts], ignore_index=True))},
        quarantine=pd.concat([*(each.quarantine for each in parts), conflicting], ignore_index=True),
        dropped=dropped,
        records_in=sum(each.records_in for each in parts),
        release_notes={key: text for each in parts for key, text in each.release_notes.items()},
    )


def _file(path: Path) -> Tidy:
    last, kind = _named(path)
    sums = read_sums(path)
    _refuse_misnamed(sums, last, kind, path.name)
    torn = pd.MultiIndex.from_frame(sums.refused[["year", "state_fips"]]).unique()
    withheld = int(sums.per_state[sums.per_state.index.isin(torn)].sum())
    states, counties = (_without(frame, torn) for frame in (sums.states, sums.counties))
    rows = pd.concat([_by_age_and_sex(states, set(sums.refused["year"])), _by_county(counties)], ignore_index=True)
    refused = sums.refused.assign(file=path.name, column="")
    summed = sums.lines - withheld - len(refused) - len(rows)
    if summed < 0:
        raise SourceRefused(
            f"{path.name}: expected more lines than the {len(rows):,} totals made of them, found {sums.lines:,}. "
            "It is not a whole file: download it again."
        )
    unknown = int(resolve(_county_codes(sums.counties).drop_duplicates(), scheme="fips").isna().sum())
    return Tidy(
        observations=rows.assign(_file=path.name, _row=0, _column="population"),
        raw={CARD.id: _raw(sums.states, path.name)},
        quarantine=refused_records(refused),
        dropped={name: count for name, count in {SUMMED: summed, WITHHELD: withheld}.items() if count},
        records_in=sums.lines,
        release_notes={f"{path.name}: counties": f"{unknown} codes are SEER's own"} if unknown else {},
    )


def _refuse_misnamed(sums: Sums, last: int, kind: str, name: str) -> None:
    years, oldest = sums.states["year"], int(sums.states["age"].max())
    if years.max() != last or oldest != layout.OLDEST[kind]:
        raise SourceRefused(
            f"{name}: expected years to {last} and age codes to {layout.OLDEST[kind]}, as the name says, found "
            f"{years.max()} and {oldest}. Keep the publisher's name, and download the file again if it is cut off."
        )


def _without(frame: pd.DataFrame, torn: pd.MultiIndex) -> pd.DataFrame:
    return frame[~pd.MultiIndex.from_frame(frame[["year", "state_fips"]]).isin(torn)]


def _by_age_and_sex(cells: pd.DataFrame, torn_years: set[int]) -> pd.DataFrame:
    """Give residents of states and of the nation by age and sex, with totals."""
    start = (cells["age"].clip(upper=max(layout.OLDEST.values()) - 1) - 1).clip(lower=0) * 5
    named = cells.assign(
        area_id=resolve(cells["state_fips"].astype("str").str.zfill(2), scheme="fips"),
        age_group=start.map(lambda first: f"{first}-{first + 4}" if first < 85 else "85+"),
        sex=cells["sex"].map(layout.SEXES),
    )
    whole = named.groupby("year")["area_id"].nunique()
    years = [year for year in whole.index[whole == layout.STATES_IN_NATION] if year not in torn_years]
    # The displaced of 2005 have no state, and are part of the nation.
    nation = named[named["year"].isin(years)].assign(area_id="USA")
    keys = ["area_id", "year", "sex", "age_group"]
    fine = pd.concat([named.dropna(subset="area_id"), nation]).groupby(keys, as_index=False)["population"].sum()
    sexes = pd.concat([fine, fine.assign(sex="all")])
    ages = pd.concat([sexes, sexes.assign(age_group="all")])
    totals = ages.groupby(keys, as_index=False)["population"].sum()
    note = totals["area_id"].eq("USA").map({True: "sum of the states and the District of Columbia", False: ""})
    return _observations(totals.assign(note=note))


def _county_codes(frame: pd.DataFrame) -> pd.Series:
    return frame["state_fips"].astype("str").str.zfill(2) + frame["county_fips"].astype("str").str.zfill(3)


def _by_county(frame: pd.DataFrame) -> pd.DataFrame:
    """Give residents of counties; codes without an area of ours are left to their state."""
    # A code of 000 is the state itself in files that are not by county.
    counties = frame[frame["county_fips"] > 0]
    named = counties.assign(area_id=resolve(_county_codes(counties), scheme="fips"), sex="all", age_group="all")
    return _observations(named.dropna(subset="area_id").assign(note=""))


def _observations(totals: pd.DataFrame) -> pd.DataFrame:
    year = totals["year"].astype("str")
    return totals.assign(
        measure_id=layout.MEASURE,
        value=totals["population"].astype("float64"),
        value_text=totals["population"].astype("str"),
        period_start=pd.to_datetime(year + "-01-01", format="%Y-%m-%d"),
        period_end=pd.to_datetime(year + "-12-31", format="%Y-%m-%d"),
        status="reported",
        is_provisional=False,
        race_ethnicity="all",
        drug="all",
        population_group="all",
    )


def _raw(states: pd.DataFrame, name: str) -> pd.DataFrame:
    widths = {"year": 4, "state_fips": 2, "race": 1, "origin": 1, "sex": 1, "age": 2, "population": 1}
    text = {field: states[field].astype("str").str.zfill(width) for field, width in widths.items()}
    return pd.DataFrame(text).assign(_file=name, _row=0)
