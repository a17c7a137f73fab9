"""UAM and NESI: age, years of injecting and answers of people who inject drugs, in two British surveys."""

import datetime
import re
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from assets.reading import Table, parse_number, read_text
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, refuse_cut_off, release_in_name, remarks, set_aside, without_duplicates
from assets.transport import Transport, Validators
from schemas.areas import resolve
from schemas.source_card import SourceCard
from schemas.sources import ukhsa_uam_nesi as layout

CARD = SourceCard(
    id="ukhsa_uam_nesi",
    title="Surveys of people who inject drugs in the United Kingdom (UAM and NESI), summary tables",
    publisher="UK Health Security Agency (UAM) and the partners of NESI; tables re-published by D. Lewer and others",
    licence="Open Government Licence v3.0 (terms of the re-published tables not verified)",
    licence_url="https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    homepage="https://github.com/danlewer/uam_nesi",
    download_url="",
    cadence="irregular",
    basis="where the person took part",
    citation=(
        "Lewer D, Croxford S, Desai M, et al. The characteristics of people who inject drugs in the United Kingdom: "
        "changes in age, duration, and incidence of injecting, 1980-2019. 2022. https://doi.org/10.1111/add.15911."
    ),
    coverage="England, its regions, Wales, Northern Ireland and Scotland; surveys of 1990-2021",
    caveats=(
        "People are met in services: those who use none are not in the surveys.",
        "Quartiles describe the people who took part; they are not limits of an estimate.",
        "What is labelled England seems to pool all places of the survey, Wales included; each row says so.",
        "Age at first injection is by year of first injection; people who began long ago and stopped are not in it.",
        "One person may take part in several years: of those asked, 54 % had in 1994 and 16 % in 2019.",
        "NESI asks people who injected in the past six months, UAM in the past year: do not compare their levels.",
        "Far fewer people took part in 2020 and 2021.",
    ),
    drop_in_help=(
        "Download the quantiles, histograms and counts as csv; keep the day in their names (such as 2oct2021), or put "
        "the day they were published there as YYYY-MM-DD; drop them in data/drop/ukhsa_uam_nesi/. Tables of one day "
        "are one release."
    ),
    automated=False,
)

_DAY = re.compile(r"(?<!\d)(\d{1,2})(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}(\d{4})(?!\d)", re.I)
_YEAR = r"(?:19|20)\d{2}"
_KEY = ["measure_id", "area_id", "period_start", "population_group"]


def fetch(transport: Transport, known: Validators | None, into: Path) -> NoReturn:  # noqa: ARG001
    """Refuse: the terms of the re-published tables are not verified, so a person downloads them.

    Raises:
        SourceRefused: Always; it says how a person gets them.
    """
    raise SourceRefused(
        f"{CARD.id}: expected terms that let a script download, found none that are known. See {CARD.homepage}. "
        f"{CARD.drop_in_help}"
    )


def recognise(path: Path) -> Recognised:
    """Tell the release from the day in the file's name, once it is known to be one of the tables.

    Raises:
        SourceRefused: Another table, a cut-off file, or no day in the name.
    """
    years = _cells(*_read(path))["year"].str.strip()
    days = _DAY.findall(path.name)
    if len(days) == 1 and (day := pd.to_datetime(" ".join(days[0]), format="%d %b %Y", errors="coerce")) is not pd.NaT:
        return Recognised(f"{day:%Y-%m-%d}", (path,), {"release_date": "day in the table's own name"})
    last = years[years.str.fullmatch(_YEAR)].max()
    # Summaries of a survey year may appear before it ends, but not before it begins.
    begins = datetime.date(int(last), 1, 1) if isinstance(last, str) else None
    return Recognised(release_in_name(path, CARD.id, begins), (path,), {"release_date": "date in the file name"})


def _read(path: Path) -> tuple[Table, str, str]:
    """Read one table, and say which it is, and of which survey, by its columns."""
    table = read_text(path)
    columns = [name for name in table.frame.columns if not name.startswith("_")]
    fits = [key for key, needed in layout.TABLES.items() if set(needed) <= set(columns)]
    if len(fits) != 1:
        known = "; ".join(
            f"{name} of {survey}: {', '.join(needed)}" for (name, survey), needed in layout.TABLES.items()
        )
        raise SourceRefused(
            f"{path.name}: expected the columns of one table ({known}), found {columns[:8]}. {CARD.drop_in_help}"
        )
    refuse_cut_off(table, path.name)
    return table, *fits[0]


def _cells(table: Table, name: str, survey: str) -> pd.DataFrame:
    """Give the cells of a table, one row for each, in the columns of the raw layout."""
    place = ["_file", "_row"]
    frame = table.frame.rename(columns={"yr": "year", "survey_year": "year", "injdurI": "label", "dur_int": "label"})
    if name == layout.QUARTILES:
        frame = frame.rename(columns={"parameter": "label"})
        cells = frame.melt(["year", "region", "label", *place], list(layout.QUARTILE_COLUMNS), "_column")
    elif name == layout.DURATIONS:
        cells = frame.rename(columns={"pc": "value"}).assign(_column="pc", region="")
    elif name == layout.SYMPTOMS:
        population, symptoms = layout.TABLES[name, survey]
        frame = frame.assign(label=frame[population].str.strip() + ": " + frame[symptoms].str.strip())
        years = frame.columns[frame.columns.str.fullmatch(_YEAR)].tolist()
        cells = frame.melt(["label", *place], years, "_column")
        cells = cells.assign(year=cells["_column"], region="")
    else:
        answers = [column for column in layout.TABLES[name, survey] if column in layout.ANSWERS]
        cells = frame.melt(["year", *place], answers, "_column")
        cells = cells.assign(label=cells["_column"], region="")
    return cells.assign(table_name=name, survey=survey)[list(layout.Raw.to_schema().columns)]


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the tables of one release into observations.

    Grain: each cell is one record. Steps: lower quartile, median and upper quartile are measures of their own; shares
    become percent; answers become groups of the people who took part; a question not asked is not a zero. Caveats:
    Scottish groups of health boards are dropped; quartiles out of order go to quarantine together.
    """
    parts = [_read(path) for path in snapshot.files]
    cells = pd.concat([_cells(*part) for part in parts], ignore_index=True)
    group = (cells["survey"] == layout.NESI) & cells["region"].str.strip().isin(layout.NESI_GROUPS)
    records = _described(cells[~group])
    faults = _faults(records)
    kept, conflicting, dropped = without_duplicates(records[faults["code"] == ""], _KEY, "_column")
    ragged = [table.quarantine for table, _, _ in parts]
    return Tidy(
        observations=tidy_observations(kept),
        raw={CARD.id: layout.Raw.validate(cells)},
        quarantine=pd.concat([*ragged, set_aside(records, faults), conflicting], ignore_index=True),
        dropped=dropped | ({layout.GROUP_DROPPED: int(group.sum())} if group.any() else {}),
        records_in=len(cells) + sum(map(len, ragged)),
        release_notes={"release_rule": snapshot.notes.get("release_date", "")},
    )


def _described(cells: pd.DataFrame) -> pd.DataFrame:
    """Give each cell its measure, place, period, group and value, as far as they can be read."""
    text, label, region = (cells[name].str.strip() for name in ("value", "label", "region"))
    number, unreadable = parse_number(text)
    year = cells["year"].str.strip().where(cells["year"].str.strip().str.fullmatch(_YEAR))
    quartile, duration = cells["table_name"] == layout.QUARTILES, cells["table_name"] == layout.DURATIONS
    begins, who = (label.map({key: pair[at] for key, pair in layout.PARAMETERS.items()}) for at in (0, 1))
    years = "injecting_for_" + label.where(label.str.fullmatch(r"\d{1,2}")) + "_years"
    whole = cells["survey"].map({layout.UAM: layout.UAM_AREA, layout.NESI: layout.NESI_AREA})
    unasked = _unasked(cells.assign(number=number))
    status = pd.Series("reported", index=cells.index).mask(unasked | (text == ""), "not_collected")
    england = quartile & (region == "England") & (cells["survey"] == layout.UAM)
    heaped = duration & pd.Series(list(zip(year, label, strict=True)), index=cells.index).isin(layout.HEAPED)
    return cells.assign(
        value_text=text,
        measure_id=(begins + "_" + cells["_column"].map(layout.QUARTILE_COLUMNS))
        .where(quartile, layout.PEOPLE)
        .mask(duration, layout.SHARE),
        area_id=resolve(region, scheme="gb").where(quartile, whole),
        population_group=who.where(quartile, label.map(layout.ANSWERS)).mask(duration, years),
        period_start=pd.to_datetime(year + "-01-01", format="%Y-%m-%d", errors="coerce"),
        period_end=pd.to_datetime(year + "-12-31", format="%Y-%m-%d", errors="coerce"),
        value=number.where(~duration, number * 100).mask(status != "reported"),
        unreadable=unreadable,
        status=status,
        is_provisional=False,
        note=remarks(
            [
                (quartile & label.isin(layout.BY_FIRST_YEAR), layout.FIRST_YEAR_NOTE),
                (england, layout.POOLED_NOTE),
                (unasked, layout.NOT_ASKED_NOTE),
                (heaped & (cells["survey"] == layout.UAM), layout.HEAPED_NOTE),
            ]
        ),
    )


def _unasked(cells: pd.DataFrame) -> pd.Series:
    """Mark the yes and no of years in which neither has anyone: the question was not asked, so 0 is no count."""
    answer = (cells["table_name"] == layout.PAST_YEAR) & cells["_column"].isin(["Yes", "No"])
    most = cells["number"].where(answer).groupby([cells["_file"], cells["_row"]]).transform("max")
    return answer & (most == 0)


def _faults(records: pd.DataFrame) -> pd.DataFrame:
    value, people = records["value"], records["measure_id"] == layout.PEOPLE
    bad = records["unreadable"] | (value < 0) | (people & (value % 1 > 0))
    unknown = records["population_group"].isna() | records["measure_id"].isna()
    apart = _contradictory(records)
    return first_faults(
        [
            ("unknown_area", "region", records["area_id"].isna(), "expected a region of England or a country"),
            ("unknown_period", "year", records["period_end"].isna(), "expected a year"),
            ("unknown_group", "label", unknown, "expected a known parameter, years of injecting or answer"),
            ("not_a_number", "", bad, "expected a number of 0 or more, whole where it counts people"),
            (
                "contradictory",
                "label",
                apart,
                "expected quartiles in order, shares of a year of at most 1 together, a part no larger than its whole",
            ),
        ]
    )


def _contradictory(records: pd.DataFrame) -> pd.Series:
    """Mark quartiles out of order, years whose shares exceed the whole, and answers of more people than were asked."""
    line = [records["_file"], records["_row"]]
    low, middle, high = (
        records["value"].where(records["_column"] == name).groupby(line).transform("max")
        for name in layout.QUARTILE_COLUMNS
    )
    quartile = (records["table_name"] == layout.QUARTILES) & ((low > middle) | (middle > high))
    year = [records["_file"], records["year"]]
    share = records["table_name"] == layout.DURATIONS
    # Shares are rounded and end at 40 years, so they add up to a little less than 100.
    over = share & (records["value"].where(share).groupby(year).transform("sum") > 100.01)
    return quartile | over | _parts_over_wholes(records, year)


def _parts_over_wholes(records: pd.DataFrame, year: list[pd.Series]) -> pd.Series:
    marked = np.zeros(len(records), dtype=bool)
    for part, whole in layout.PARTS.items():
        few, all_ = (
            records["value"].where(records["population_group"] == group).groupby(year).transform("max")
            for group in (part, whole)
        )
        marked |= (records["population_group"].isin([part, whole]) & (few > all_)).to_numpy(bool)
    return pd.Series(marked, index=records.index)
