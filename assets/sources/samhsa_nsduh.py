"""SAMHSA NSDUH: opioid use disorder by state, small area estimates for two survey years together."""

import datetime
import re
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from assets.reading import Table, parse_number, read_text, require_columns
from assets.source import Recognised, Snapshot, SourceRefused, Tidy, tidy_observations
from assets.tidying import first_faults, refuse_cut_off, release_in_name, set_aside, without_duplicates
from assets.transport import Transport, Validators
from schemas.areas import resolve
from schemas.source_card import SourceCard
from schemas.sources import samhsa_nsduh as layout

CARD = SourceCard(
    id="samhsa_nsduh",
    title="National Survey on Drug Use and Health: state estimates of opioid use disorder",
    publisher="Substance Abuse and Mental Health Services Administration",
    licence="US Government work; terms of the data tool not verified",
    licence_url="https://www.usa.gov/government-works",
    homepage="https://datatools.samhsa.gov/saes/state",
    download_url="",
    cadence="yearly",
    basis="residence",
    citation=(
        "Substance Abuse and Mental Health Services Administration, Center for Behavioral Health Statistics and "
        "Quality. National Survey on Drug Use and Health, interactive state estimates."
    ),
    coverage="United States: 50 states and the District of Columbia; pairs of years from 2021-22",
    caveats=(
        "Estimates of a model that borrows strength from other states, with 95% Bayesian intervals: state differences "
        "are smoothed.",
        "Two survey years together; pairs overlap by a year and are not independent.",
        "A household survey: people without a home, in prison or in hospital are not asked, and people underreport, so "
        "opioid use disorder is underestimated.",
        "The questions follow DSM-5 and several ways of interview since 2021: earlier pairs are not comparable.",
    ),
    drop_in_help=(
        "On SAMHSA's interactive state estimates choose Opioid Use Disorder in Past Year and one pair of years, "
        "download the table as CSV, put the pair and SAMHSA's release date into its name (nsduh_oud_22-23 "
        "YYYY-MM-DD.csv), and drop it in data/drop/samhsa_nsduh/."
    ),
    automated=False,
)

REGION = "census region, not an area of ours"
ASYMMETRY = 0.02
"""Most that the two halves of an interval differ on the logit scale; percentages of two decimals need that much."""

_DATE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
_PAIR = re.compile(r"(?<!\d)(?:20)?(\d{2})\s*[-–_]\s*(?:20)?(\d{2})(?!\d)")
_KEY = ["measure_id", "area_id", "period_end", "age_group"]


def fetch(transport: Transport, known: Validators | None, into: Path) -> NoReturn:  # noqa: ARG001
    """Refuse: the tool gives a file to a person only.

    Raises:
        SourceRefused: Always; it says where a person finds the file.
    """
    raise SourceRefused(
        f"{CARD.id}: expected an address for scripts, and SAMHSA's tool has none that is known. See {CARD.homepage}. "
        f"{CARD.drop_in_help}"
    )


def recognise(path: Path) -> Recognised:
    """Tell the release from the date in the name, once name and lines speak of the same pair of years.

    Raises:
        SourceRefused: Another table, invented estimates, a name that contradicts the lines, or no release date.
    """
    table = _read(path)
    years = _pair_years(table.frame["year_pair"])["last"].dropna()
    last = datetime.date(int(years.max()), 12, 31) if len(years) else None
    return Recognised(release_in_name(path, CARD.id, last), (path,), {"release_date": "date in the file name"})


def _read(path: Path) -> Table:
    table = read_text(path)
    require_columns(table.frame, layout.REQUIRED, path.name)
    refuse_cut_off(table, path.name)
    if not table.frame["outcome"].str.strip().isin(list(layout.OUTCOMES)).any():
        raise SourceRefused(
            f"{path.name}: expected one of the outcomes {list(layout.OUTCOMES)}, found "
            f"{sorted(table.frame['outcome'].unique())[:3]}. {CARD.drop_in_help}"
        )
    _refuse_wrong_pair(path, table.frame)
    _refuse_invented(path, table.frame)
    return table


def _refuse_wrong_pair(path: Path, frame: pd.DataFrame) -> None:
    """Refuse a file named for one pair of years that holds another: the same pair would pass for two."""
    named = [(int(first), int(last)) for first, last in _PAIR.findall(_DATE.sub("", path.name))]
    named = [f"20{first:02d}-{last:02d}" for first, last in named if last == first + 1]
    held = sorted(set(frame["year_pair"].str.strip()))
    if named and not set(named) <= set(held):
        raise SourceRefused(
            f"{path.name}: expected the years {', '.join(named)} that its name says, found {', '.join(held)} in its "
            f"lines. It holds the same pair as a file named for {held[0]}, and not the years it is named for: choose "
            f"{named[0]} in SAMHSA's tool and download it again, or rename the file."
        )


def _refuse_invented(path: Path, frame: pd.DataFrame) -> None:
    """Refuse estimates whose intervals are not those of SAMHSA's model, as in demonstration files."""
    numbers = frame[["estimate", "ci_lower", "ci_upper"]].apply(lambda cells: parse_number(cells)[0])
    off = _asymmetry(numbers["estimate"], numbers["ci_lower"], numbers["ci_upper"]).dropna()
    if len(off) and (off > ASYMMETRY).mean() > 0.5:
        raise SourceRefused(
            f"{path.name}: expected the intervals of SAMHSA's model, even to both sides on the logit scale, found "
            f"{(off > ASYMMETRY).sum()} of {len(off)} that are not. The file may hold invented data or another method: "
            "check its origin, and download it from SAMHSA again."
        )


def _asymmetry(estimate: pd.Series, lower: pd.Series, upper: pd.Series) -> pd.Series:
    """Give the difference of an interval's halves on the logit scale; missing outside 0 to 1."""
    inside = [cells.where((cells > 0) & (cells < 1)) for cells in (lower, estimate, upper)]
    low, middle, high = (np.log(cells / (1 - cells)) for cells in inside)
    return ((high - middle) - (middle - low)).abs()


def _pair_years(pair: pd.Series) -> pd.DataFrame:
    """Give first and last year of a pair such as 2022-23 or 2022-2023; missing for anything else."""
    found = pair.str.strip().str.extract(r"^(20\d{2})\s*[-–]\s*(?:20)?(\d{2})$").astype("float64")
    years = pd.DataFrame({"first": found[0], "last": found[1] + 2000})
    return years.where((years["last"] == years["first"] + 1), np.nan)


def tidy(snapshot: Snapshot) -> Tidy:
    """Turn the downloads of one release into observations.

    Grain: each line is one record, a state's share of people of an age group over two survey years. Steps: shares from
    0 to 1 become percent; limits must lie evenly around the estimate on the logit scale, as the model's do; a pair
    that several files hold counts once. Caveats: estimates of a model; pairs of years overlap.
    """
    tables = [_read(path) for path in snapshot.files]
    frame = pd.concat([table.frame for table in tables], ignore_index=True)
    region = frame["state"].str.strip().isin(layout.REGIONS)
    records, faults = _judged(frame)
    faults.loc[region, "code"] = ""
    fine = ~region & faults["code"].eq("")
    kept, conflicting, dropped = without_duplicates(records[fine], _KEY, "estimate")
    if region.any():
        dropped = dropped | {REGION: int(region.sum())}
    ragged = [table.quarantine for table in tables]
    return Tidy(
        observations=tidy_observations(kept),
        raw={CARD.id: layout.Raw.validate(frame)},
        quarantine=pd.concat([*ragged, set_aside(frame, faults), conflicting], ignore_index=True),
        dropped=dropped,
        records_in=len(frame) + sum(map(len, ragged)),
        release_notes=_notes(snapshot, frame),
    )


def _judged(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each line's observation and its first fault."""
    years = _pair_years(frame["year_pair"])
    state = frame["state"].str.strip()
    text = {name: frame[name].str.strip() for name in ("estimate", "ci_lower", "ci_upper")}
    imprecise = text["estimate"] == layout.LOW_PRECISION
    numbers = {name: parse_number(cells.mask(imprecise, "")) for name, cells in text.items()}
    estimate, lower, upper = (value for value, _ in numbers.values())
    bad = [unread | (value.isna() & ~imprecise) for value, unread in numbers.values()]
    outside = [~value.between(0, 1) & value.notna() for value in (estimate, lower, upper)]
    uneven = _asymmetry(estimate, lower, upper).gt(ASYMMETRY) | lower.gt(estimate) | upper.lt(estimate)
    records = frame.assign(
        value_text=text["estimate"] + " " + text["ci_lower"] + " " + text["ci_upper"],
        measure_id=frame["outcome"].str.strip().map(layout.OUTCOMES),
        area_id=resolve(state.where(~state.isin(layout.NATION), "United States"), scheme="us"),
        age_group=frame["age_group"].str.strip().map(layout.AGES),
        period_start=pd.to_datetime(pd.DataFrame({"year": years["first"], "month": 1, "day": 1}), errors="coerce"),
        period_end=pd.to_datetime(pd.DataFrame({"year": years["last"], "month": 12, "day": 31}), errors="coerce"),
        # Ten decimals are published; multiplying by 100 must not add others.
        value=(estimate * 100).round(10),
        lower=(lower * 100).round(10),
        upper=(upper * 100).round(10),
        status=np.where(imprecise, "low_quality", "reported"),
        is_provisional=False,
        note="model estimate with 95% Bayesian interval",
    )
    faults = first_faults(
        [
            ("unknown_outcome", "outcome", records["measure_id"].isna(), "expected an outcome known to the layout"),
            ("unknown_area", "state", records["area_id"].isna(), "expected the name of a state, found another label"),
            ("unknown_age", "age_group", records["age_group"].isna(), "expected an age group known to the layout"),
            ("unknown_period", "year_pair", records["period_end"].isna(), "expected two years in a row, as 2022-23"),
            *[
                ("not_a_number", name, fault, "expected a plain number, or * where it is too imprecise")
                for name, fault in zip(text, bad, strict=True)
            ],
            *[
                ("out_of_range", name, fault, "expected a share from 0 to 1, found one outside")
                for name, fault in zip(text, outside, strict=True)
            ],
            ("uneven_interval", "ci_upper", uneven, "expected limits even to both sides on the logit scale"),
        ]
    )
    return records, faults


def _notes(snapshot: Snapshot, frame: pd.DataFrame) -> dict[str, str]:
    files = frame.groupby(frame["year_pair"].str.strip())["_file"].unique()
    twice = [f"{pair}: {', '.join(sorted(names))}" for pair, names in files.items() if len(names) > 1]
    added = [str(column) for column in frame if column not in layout.REQUIRED and not str(column).startswith("_")]
    notes = {
        "release_rule": snapshot.notes.get("release_date", ""),
        "same_pair_in_several_files": "; ".join(twice),
        "added_columns": ", ".join(added),
    }
    return {name: text for name, text in notes.items() if text}
