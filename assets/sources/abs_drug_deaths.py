"""Australian Bureau of Statistics, by way of NDARC: drug-induced deaths by drug, intent, sex, age and state."""

import datetime
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from assets.reading import Table, parse_number, read_text, require_columns
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, refuse_cut_off, release_in_name, set_aside
from assets.transport import Transport, Validators
from schemas.areas import resolve
from schemas.source_card import SourceCard
from schemas.sources import abs_drug_deaths as layout

CARD = SourceCard(
    id="abs_drug_deaths",
    title="Drug-induced deaths in Australia",
    publisher="Australian Bureau of Statistics; table by the National Drug and Alcohol Research Centre (NDARC)",
    licence="not verified; ask before publishing more than single figures",
    licence_url="",
    homepage="https://ndarc.med.unsw.edu.au/resource/trends-drug-induced-deaths-australia-1997-2018",
    download_url="",
    cadence="yearly",
    basis="by source; deaths of one year are revised for three years",
    citation="Drug Trends, NDARC. Trends in drug-induced deaths in Australia; Australian Bureau of Statistics data.",
    coverage="Australia and its states and territories, 1997-2018",
    caveats=(
        "No file was at hand: columns and labels are those of the tables of 2018 and 2019 as their makers use them.",
        "Small counts are changed at random, and differently in different tables; zeros are not.",
        "Underlying (the drug caused the death) and any mention (it was found) are two measures, never one.",
        "Counts of the newest years are preliminary or revised and go up; from 2008 and 2013 coding changed.",
        "Classes of drugs overlap.",
    ),
    drop_in_help=(
        "Save the long table as csv (year, drug, intent, nature, sex, jurisdiction, age_group, n, and note and created "
        "where there are), put its release date into its name as YYYY-MM-DD and drop it in data/drop/abs_drug_deaths/."
    ),
    automated=False,
)

_KEY = ["measure_id", "area_id", "period_start", "sex", "age_group", "drug", "population_group"]
_TEXTS = ["drug", "intent", "nature", "sex", "jurisdiction", "age_group", "note"]


def fetch(transport: Transport, known: Validators | None, into: Path) -> NoReturn:  # noqa: ARG001
    """Refuse: the terms of use are not verified, so no script takes the table.

    Raises:
        SourceRefused: Always; it says how a person gets it.
    """
    raise SourceRefused(
        f"{CARD.id}: expected terms that let a script download, found none that are known. See {CARD.homepage}. "
        f"{CARD.drop_in_help}"
    )


def recognise(path: Path) -> Recognised:
    """Tell the release from the date in the file's name, once it is known to be the long table.

    Raises:
        SourceRefused: Another table, a table split further, a cut-off file, or no release date in the name.
    """
    years = _year(_read(path).frame["year"])
    last = datetime.date(int(years.max()), 12, 31) if years.notna().any() else None
    return Recognised(release_in_name(path, CARD.id, last), (path,), {"release_date": "date in the file name"})


def _read(path: Path) -> Table:
    table = read_text(path)
    extra = require_columns(table.frame, layout.COLUMNS, path.name, layout.OPTIONAL)
    split = [column for column in extra if column in layout.SPLIT_COLUMNS]
    if split:
        raise SourceRefused(
            f"{path.name}: expected counts of whole states, found a table that splits them by {split}. "
            f"{CARD.drop_in_help}"
        )
    refuse_cut_off(table, path.name)
    absent = {column: "" for column in layout.OPTIONAL if column not in table.frame.columns}
    return Table(table.frame.assign(**absent), table.quarantine, table.encoding)


def _year(text: pd.Series) -> pd.Series:
    """Read a year; R's writer turned 2000 into 2e3."""
    plain = text.str.strip().replace("2e3", "2000")
    return pd.to_numeric(plain.where(plain.str.fullmatch(r"(?:19|20)\d{2}")))


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the long table into observations.

    Grain: each line is one record. Steps: nature makes the measure; of lines with one key the one created last is kept,
    of several created together the one with the largest count; the others are dropped and counted, apart those that
    agree and those that do not. Caveats: small counts are changed at random, so tables disagree.
    """
    tables = [_read(path) for path in snapshot.files]
    frame = pd.concat([table.frame for table in tables], ignore_index=True)
    other = frame["drug"].str.strip().str.casefold().isin(layout.NOT_KEPT)
    records = _described(frame[~other])
    faults = _faults(records)
    kept, dropped = _newest(records[faults["code"] == ""])
    ragged = [table.quarantine for table in tables]
    return Tidy(
        observations=tidy_observations(kept),
        raw={CARD.id: layout.Raw.validate(frame)},
        quarantine=pd.concat([*ragged, set_aside(records, faults)], ignore_index=True),
        dropped=dropped | ({layout.CLASS_DROPPED: int(other.sum())} if other.any() else {}),
        records_in=len(frame) + sum(map(len, ragged)),
        release_notes={"release_rule": snapshot.notes.get("release_date", "")},
    )


def _described(frame: pd.DataFrame) -> pd.DataFrame:
    """Give each line its measure, place, period, groups and value, as far as they can be read."""
    small = frame[_TEXTS].apply(lambda column: column.str.strip().str.casefold())
    text = frame["n"].str.strip()
    value, unreadable = parse_number(text)
    year = _year(frame["year"]).astype("Int64").astype("str")
    country = small["jurisdiction"].isin(layout.AUSTRALIA)
    ages = small["age_group"].where(small["age_group"].str.fullmatch(r"\d+-\d+|\d+\+"))
    provisional = small["note"].map(layout.PROVISIONAL)
    return frame.assign(
        _column="n",
        value_text=text,
        measure_id=small["nature"].map(layout.NATURES),
        area_id=resolve(frame["jurisdiction"].str.strip().mask(country, "Australia"), scheme="au"),
        period_start=pd.to_datetime(year + "-01-01", format="%Y-%m-%d", errors="coerce"),
        period_end=pd.to_datetime(year + "-12-31", format="%Y-%m-%d", errors="coerce"),
        sex_text=frame["sex"],
        sex=small["sex"].map(layout.SEXES),
        age_text=frame["age_group"],
        age_group=ages.mask(small["age_group"].isin(layout.ALL_AGES), "all"),
        drug_text=frame["drug"],
        drug=small["drug"].map(layout.DRUGS),
        population_group=small["intent"].map(layout.INTENTS),
        value=value,
        unreadable=unreadable | (value < 0) | (value % 1 > 0),
        status=np.where(text == "", "not_collected", "reported"),
        note_text=frame["note"],
        note_known=provisional.notna(),
        is_provisional=provisional.eq(True),
        created_day=pd.to_datetime(frame["created"].str.strip(), format="%Y-%m-%d", errors="coerce"),
        note=np.where((value > 0) & (value < 10), layout.PERTURBED_NOTE, ""),
    )


def _faults(records: pd.DataFrame) -> pd.DataFrame:
    undated = records["created_day"].isna() & (records["created"].str.strip() != "")
    return first_faults(
        [
            ("unknown_area", "jurisdiction", records["area_id"].isna(), "expected Australia, a state or a territory"),
            ("unknown_period", "year", records["period_end"].isna(), "expected a calendar year"),
            ("unknown_measure", "nature", records["measure_id"].isna(), "expected Underlying or Any mention"),
            ("unknown_drug", "drug_text", records["drug"].isna(), "expected a known class of drugs"),
            ("unknown_group", "intent", records["population_group"].isna(), "expected a known intent"),
            ("unknown_group", "sex_text", records["sex"].isna(), "expected All, Female or Male"),
            ("unknown_group", "age_text", records["age_group"].isna(), "expected an age group or all ages"),
            ("unknown_note", "note_text", ~records["note_known"], "expected final, revised or prelim"),
            ("unknown_date", "created", undated, "expected a day such as 2019-09-25"),
            ("not_a_number", "", records["unreadable"], "expected a whole number of 0 or more, or nothing"),
        ]
    )


def _newest(records: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Keep the newest line of each key, and count those left out, apart by whether they agree with it."""
    order = records.sort_values(["created_day", "value", "_file", "_row"], na_position="first", kind="stable")
    kept = order.drop_duplicates(_KEY, keep="last")
    chosen = order.groupby(_KEY)["value_text"].transform("last")
    left = ~order.index.isin(kept.index)
    equal, differing = int((left & (order["value_text"] == chosen)).sum()), int(left.sum())
    counts = {layout.EQUAL_DROPPED: equal, layout.OTHER_DROPPED: differing - equal}
    return kept.sort_index(), {reason: count for reason, count in counts.items() if count}
