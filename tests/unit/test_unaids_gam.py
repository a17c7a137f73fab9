"""UNAIDS Global AIDS Monitoring: both layouts, their oddities, and what is refused."""

import dataclasses
import datetime
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from assets import unaids_bulk
from assets.source import Snapshot, SourceRefused, Tidy
from assets.sources import unaids_gam as source
from assets.stray_quotes import read_lines
from assets.transport import Download, TransportError, Validators
from schemas.measures import MEASURES
from schemas.observations import KEY, Observation
from schemas.sources.unaids_gam import BULK_COLUMNS, INDICATORS, RAW_MODELS

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "unaids_gam"
BULK = FIXTURES / "GAM_2025_en_synthetic.csv"
QUOTES = FIXTURES / "GAM_2020_quotes_synthetic.csv"
RESHAPED = FIXTURES / "reshaped_2019_synthetic"


def read(path: Path) -> Tidy:
    """Recognise a file and read it as its snapshot."""
    found = source.recognise(path)
    snapshot = Snapshot(source.CARD.id, found.release, path.parent, found.files, "", "", "", "drop-in", found.notes)
    tidied = source.tidy(snapshot)
    assert tidied.unaccounted() == 0
    Observation.validate(
        tidied.observations.assign(source_id=source.CARD.id, release=found.release, snapshot_id=snapshot.snapshot_id)[
            list(Observation.to_schema().columns)
        ]
    )
    return tidied


@pytest.fixture(scope="module")
def bulk() -> Tidy:
    """Give the bulk fixture, read."""
    return read(BULK)


@pytest.fixture(scope="module")
def reshaped() -> Tidy:
    """Give the re-shaped fixture, read from its folder."""
    return read(RESHAPED)


@pytest.fixture(scope="module")
def edition_2019(shared_data: Path) -> Tidy:
    """Give the real 2019 edition, read from its folder."""
    return read(shared_data / "global" / "unaids_gam_2019")


def one(tidied: Tidy, measure: str, area: str, **group: object) -> pd.Series:
    """Give the one observation of a measure, area and group."""
    rows = tidied.observations.query("measure_id == @measure and area_id == @area")
    for column, value in group.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1, rows
    return rows.iloc[0]


def latest(tidied: Tidy, measure: str) -> pd.Series:
    """Give each country's newest total of a measure."""
    rows = tidied.observations.query(
        "measure_id == @measure and sex == 'all' and age_group == 'all' and status == 'reported'"
    )
    return rows.sort_values("period_start").groupby("area_id").tail(1).set_index("area_id")["value"]


def test_every_indicator_has_a_measure() -> None:
    """Each indicator that is read becomes a measure that has a card."""
    assert {indicator.measure_id for indicator in INDICATORS.values()} <= set(MEASURES)


def test_published_range_joins_its_estimate(bulk: Tidy) -> None:
    """Low and high estimates become the limits of the estimate, and are counted as joined."""
    row = one(bulk, "people_who_inject_drugs", "AUT")
    assert (row["value"], row["lower"], row["upper"]) == (12000, 9000, 15000)
    assert row["note"] == "Capture and recapture"
    assert bulk.dropped["limit joined to its estimate"] == 2


def test_implausible_published_value_is_read_as_published(bulk: Tidy) -> None:
    """Japan's figure of 2013 comes through: data/corrections withdraws it, where its reason and evidence stand."""
    row = one(bulk, "people_who_inject_drugs", "JPN")
    assert (row["value"], row["status"]) == (519_700, "reported")


def test_three_dots_are_not_collected(bulk: Tidy) -> None:
    """A missing mark is neither zero nor an absent row."""
    assert one(bulk, "people_who_inject_drugs", "TCD")["status"] == "not_collected"


def test_two_units_of_one_indicator_are_two_measures(bulk: Tidy) -> None:
    """The rate is syringes per person, the large yearly number is syringes distributed."""
    assert one(bulk, "syringes_per_pwid", "AUT")["value"] == 310.25
    assert one(bulk, "syringes_distributed", "AUT")["value"] == 3_723_000
    assert "TCD" not in set(bulk.observations.query("measure_id == 'syringes_distributed'")["area_id"])


def test_rates_under_the_unit_number_stay_rates(tmp_path: Path) -> None:
    """Where all values under Number are small, as the indicator's title says per person, they are rates."""
    path = tmp_path / "GAM_2024_en_synthetic.csv"
    text = (
        BULK.read_text(encoding="utf-8")
        .replace("3723000,3 723 000", "310.25,310")
        .replace("1200000,1 200 000", "55,55")
    )
    path.write_text(text, encoding="utf-8")
    tidied = read(path)
    assert "syringes_distributed" not in set(tidied.observations["measure_id"])
    assert one(tidied, "syringes_per_pwid", "BEL")["note"] == "published under the unit Number"
    assert len(tidied.observations.query("measure_id == 'syringes_per_pwid' and area_id == 'AUT'")) == 1


def test_needles_for_people_in_prison_are_never_per_person_who_injects(bulk: Tidy) -> None:
    """PWID_NEEDLES_DISTRIBUTED, despite its id, counts needles for people in prison."""
    row = one(bulk, "syringes_distributed_prison", "AUT")
    assert (row["value"], row["population_group"]) == (5000, "prisoners")
    assert set(bulk.observations.query("value == 5000")["measure_id"]) == {"syringes_distributed_prison"}
    assert one(bulk, "oat_clients", "AUT")["population_group"] == "prisoners"


def test_hepatitis_subgroups_give_virus_sex_and_age(bulk: Tidy) -> None:
    """The virus moves from the subgroup to the measure, the rest is sex or age."""
    young = one(bulk, "hcv_antibody_prevalence_pwid_pct", "AUT", age_group="0-24")
    assert (young["value"], young["note"]) == (21.4, "denominator 350")
    assert one(bulk, "hcv_antibody_prevalence_pwid_pct", "AUT", age_group="25+")["value"] == 61.9
    assert one(bulk, "hbv_prevalence_pwid_pct", "AUT")["sex"] == "male"


def test_bound_shown_beside_a_value_goes_to_the_note(bulk: Tidy) -> None:
    """A formatted <0.1 is a remark where the value itself is there."""
    row = one(bulk, "hiv_prevalence_pwid_pct", "NAM")
    assert (row["value"], row["sex"], row["note"]) == (0.04, "female", "One city; published as <0.1")


def test_each_oddity_is_refused_with_its_own_code(bulk: Tidy) -> None:
    """Every unreadable record is in quarantine with line, column, text and code."""
    found = bulk.quarantine.set_index("row")[["column", "value", "code"]]
    expected = {
        5: ("Data value", "700", "limit_without_estimate"),
        10: ("Data value", "1500", "limit_excludes_estimate"),
        14: ("Data value", "40", "unit_unclear"),
        21: ("Formatted", "<0.1", "formatted_only"),
        22: ("Formatted", "Yes", "formatted_only"),
        24: ("Area", "Atlantis", "unknown_area"),
        27: ("Data value", "3.1", "conflicting_duplicate"),
        28: ("Data value", "4.2", "conflicting_duplicate"),
        30: ("Data value", "101", "out_of_range"),
        31: ("Data value", "0.183", "fraction_not_percent"),
        32: ("Time Period", "2022-2023", "bad_period"),
        33: ("Time Period", "2031", "future_period"),
        34: ("Data value", "1e1", "not_a_number"),
        35: ("Unit", "Number", "unexpected_unit"),
        36: ("Subgroup_Val_GId", "ADOLESCENTS", "unknown_subgroup"),
        38: ("Area", "Mali", "unknown_area"),
    }
    assert {int(row): tuple(cells) for row, cells in found.T.to_dict("list").items()} == expected


def test_drops_are_counted_by_reason(bulk: Tidy) -> None:
    """What is left out on purpose is counted, and unmapped indicators are named."""
    assert bulk.dropped == {
        "limit joined to its estimate": 2,
        "answer to a policy question": 1,
        "indicator of another topic": 1,
        "indicator of the topic that is not mapped to a measure": 1,
        "region or group of countries": 1,
        "category that the publisher does not define": 1,
        "part of the transgender subgroup": 1,
        "exact duplicate of another record": 1,
    }
    assert bulk.release_notes["indicators_not_read"] == "PWID_SOMETHING_NEW"


def test_a_share_of_100_is_kept(bulk: Tidy) -> None:
    """One hundred percent is possible; more is not."""
    assert one(bulk, "hiv_prevalence_pwid_pct", "TGO")["value"] == 100


def test_whole_indicator_in_fractions_is_refused(tmp_path: Path) -> None:
    """Twenty or more values that all lie within 0 and 1 are not percent."""
    path = tmp_path / "GAM_2024_en_synthetic.csv"
    row = "Safe injecting practices,PWID_SAFETY,Percent,Total,TOTAL,Austria,AUT,{},Synthetic,0.5,,,\n"
    path.write_text(",".join(BULK_COLUMNS) + "\n" + "".join(row.format(y) for y in range(2000, 2020)), encoding="utf-8")
    assert set(read(path).quarantine["code"]) == {"fraction_not_percent"}


def test_unescaped_quotation_marks_lose_no_line() -> None:
    """Lines with stray marks or line breaks are mended, a short line is set aside, and each is counted."""
    tidied = read(QUOTES)
    assert set(tidied.observations["area_id"]) == {"AUT", "BEL", "KEN", "NAM"}
    assert one(tidied, "oat_coverage_pct", "BEL")["note"] == 'The so-called "register", in towns'
    assert one(tidied, "oat_coverage_pct", "KEN")["note"] == "First line second line"
    assert one(tidied, "oat_coverage_pct", "NAM")["value"] == 0
    assert tidied.quarantine[["row", "code"]].to_numpy().tolist() == [[6, "ragged_line"]]
    assert tidied.raw["unaids_gam"]["Source"].iloc[1] == 'Register "Alpha", part 2'
    assert tidied.release_notes["columns_respelt"] == "Data Value"
    assert tidied.release_notes["columns_added"] == "Area Type"


@pytest.mark.parametrize(
    ("text", "records", "refused"),
    [
        ('a,b\n1,"x ""y"""\n', [(2, ["1", 'x "y"'])], []),
        ('a,b\n1,say "y"\n', [(2, ["1", 'say "y"'])], []),
        ('a,b\n"1","say "y""\n"2","z"\n', [(2, ["1", 'say "y"']), (3, ["2", "z"])], []),
        ('a,b\n1,"open\n2,z\n', [(2, ["1", "open"]), (3, ["2", "z"])], []),
        ('a,b\n1,"x",extra\n\n2,z\n', [(4, ["2", "z"])], [2]),
        ('a,b\n1,"two\nlines"\n2,"say "y" now"\n', [(2, ["1", "two\nlines"]), (4, ["2", 'say "y" now'])], []),
    ],
)
def test_lines_are_read_or_refused(text: str, records: list[tuple[int, list[str]]], refused: list[int]) -> None:
    """Valid csv is read as it is, the rest is mended or set aside by line."""
    lines = read_lines(text)
    assert lines.records == records
    assert [number for number, _ in lines.refused] == refused


def test_reshaped_edition_joins_area_names(reshaped: Tidy) -> None:
    """Integer areas get their country from the entities file; regions, unknown areas and lone limits do not pass."""
    assert one(reshaped, "syringes_per_pwid", "AUT", period_start=pd.Timestamp("2017-01-01"))["value"] == 0
    row = one(reshaped, "people_who_inject_drugs", "AUT")
    assert (row["lower"], row["upper"]) == (9000, 15000)
    assert one(reshaped, "hcv_antibody_prevalence_pwid_pct", "AUT")["age_group"] == "0-24"
    assert one(reshaped, "syringes_distributed_prison", "AUT")["value"] == 13000
    assert reshaped.dropped == {"region or group of countries": 1, "limit joined to its estimate": 2}
    assert set(reshaped.quarantine["code"]) == {"unknown_area", "limit_without_estimate", "ragged_line"}
    assert "UNAIDS area 999" in set(reshaped.quarantine["value"])
    assert not any("sex_workers" in concept for concept in reshaped.raw["unaids_gam_datapoints"]["concept"])


def test_reshaped_zip_equals_its_folder(reshaped: Tidy, tmp_path: Path) -> None:
    """A zip of the folder gives the same observations."""
    shutil.make_archive(str(tmp_path / "edition_2019_synthetic"), "zip", FIXTURES, RESHAPED.name)
    zipped = read(tmp_path / "edition_2019_synthetic.zip")
    key = sorted(KEY)
    pd.testing.assert_frame_equal(
        zipped.observations.sort_values(key, ignore_index=True),
        reshaped.observations.sort_values(key, ignore_index=True),
    )


def test_release_comes_from_the_name(tmp_path: Path) -> None:
    """A date in the name is the release; a year alone is its first day, and is noted as such; nothing is refused."""
    assert source.recognise(BULK).release == "2025-01-01"
    assert "edition year only" in source.recognise(BULK).notes["release_date"]
    assert source.recognise(RESHAPED).release == "2019-01-01"
    dated = shutil.copy(BULK, tmp_path / "GAM_2025_en-2026-01-15.csv")
    assert source.recognise(Path(dated)).release == "2026-01-15"
    nameless = shutil.copy(BULK, tmp_path / "gam.csv")
    with pytest.raises(SourceRefused, match="Rename it"):
        source.recognise(Path(nameless))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad_page_2025_synthetic.csv", "web page"),
        ("bad_kpatlas_2025_synthetic.csv", "Key Populations Atlas"),
        ("bad_ncpi_2025_synthetic.csv", "NCPI"),
        ("bad_estimates_2025_synthetic.csv", "HIV estimates"),
        ("bad_renamed_column_2025_synthetic.csv", r"\['Data value'\].*Amount"),
        ("bad_cut_off_2025_synthetic.csv", "line 4 cut off"),
        (f"{RESHAPED.name}/ddf--concepts.csv", "Zip the folder"),
    ],
)
def test_other_files_are_refused_by_name(name: str, message: str) -> None:
    """Each file that is something else is refused, saying what it is."""
    with pytest.raises(SourceRefused, match=message):
        source.recognise(FIXTURES / name)


def test_cut_off_zip_is_refused(tmp_path: Path) -> None:
    """A zip without its end is damaged, not empty."""
    whole = zipped_bulk(tmp_path / "whole_2025.zip")
    cut = tmp_path / "GAM_2025_en.zip"
    cut.write_bytes(whole.read_bytes()[:-40])
    with pytest.raises(SourceRefused, match="damaged"):
        source.recognise(cut)


def test_reshaped_edition_without_areas_is_refused(tmp_path: Path) -> None:
    """Numbers of areas mean nothing without the entities file."""
    folder = shutil.copytree(RESHAPED, tmp_path / "edition_2019")
    (folder / "ddf--entities--area.csv").unlink()
    with pytest.raises(SourceRefused, match=r"ddf--entities--area\.csv"):
        source.recognise(folder)


def test_raw_tables_keep_their_contract(bulk: Tidy, reshaped: Tidy) -> None:
    """Raw tables are as published and match their models, every column described."""
    for name, table in {**bulk.raw, **reshaped.raw}.items():
        RAW_MODELS[name].validate(table)
        assert all(column.description for column in RAW_MODELS[name].to_schema().columns.values())
    assert len(bulk.raw["unaids_gam"]) == 40
    with pytest.raises(Exception, match="Footnote"):
        RAW_MODELS["unaids_gam"].validate(bulk.raw["unaids_gam"].drop(columns="Footnote"))


def zipped_bulk(path: Path) -> Path:
    """Zip the bulk fixture as its publisher does."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(BULK, "GAM_en.csv")
    return path


@dataclasses.dataclass
class Server:
    """Stands in for the transport: gives the bulk zip at one address and faults elsewhere."""

    has: str
    fault: str = "expected the file, found HTTP 404. Check the address."
    unchanged: bool = False
    asked: list[str] = dataclasses.field(default_factory=list)

    def download(
        self,
        url: str,
        into: Path,
        name: str,
        known: Validators | None = None,  # noqa: ARG002
        **rules: object,  # noqa: ARG002
    ) -> Download | None:
        """Answer as the real transport does."""
        self.asked.append(url)
        if url != self.has:
            raise TransportError(f"{url}: {self.fault}")
        if self.unchanged:
            return None
        marks = Validators(last_modified="Thu, 15 Jan 2026 10:00:00 GMT")
        return Download(zipped_bulk(into / name), url, "", 1, "application/zip", marks)


@pytest.fixture
def in_2026(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the calendar to 2026."""

    class Clock(datetime.date):
        @classmethod
        def today(cls) -> "Clock":
            return cls(2026, 3, 1)

    monkeypatch.setattr(unaids_bulk.datetime, "date", Clock)


@pytest.mark.usefixtures("in_2026")
def test_fetch_finds_the_newest_edition(tmp_path: Path) -> None:
    """Editions are looked for from this year back; the release is the day the server last changed the file."""
    server = Server("https://aidsinfo.unaids.org/public/documents/GAM_2025_en.zip")
    found = source.fetch(server, None, tmp_path)  # type: ignore[arg-type]
    assert found is not None
    assert (found.release, found.url, found.files) == ("2026-01-15", server.has, (tmp_path / "GAM_2025_en.zip",))
    assert len(server.asked) == 4


@pytest.mark.usefixtures("in_2026")
def test_fetch_says_unchanged_absent_or_unreachable(tmp_path: Path) -> None:
    """Unchanged is None, no edition anywhere is refused with the drop-in help, another fault is passed on."""
    address = "https://aidsinfo.unaids.org/documents/GAM_2026_en.zip"
    assert source.fetch(Server(address, unchanged=True), Validators("x"), tmp_path) is None  # type: ignore[arg-type]
    with pytest.raises(SourceRefused, match="data/drop/unaids_gam"):
        source.fetch(Server("", "expected data, found a web page."), None, tmp_path)  # type: ignore[arg-type]
    with pytest.raises(TransportError, match="certificate"):
        source.fetch(Server("", "certificate verify failed"), None, tmp_path)  # type: ignore[arg-type]


def test_real_edition_is_accounted_for(edition_2019: Tidy) -> None:
    """All 4,471 records of the 2019 edition on the topic are observations or, four limits without estimate, refused."""
    assert edition_2019.records_in == 4471
    assert len(edition_2019.observations) == 4467
    assert edition_2019.quarantine["code"].tolist() == ["limit_without_estimate"] * 4
    assert edition_2019.dropped == {}


def test_real_edition_gives_published_extremes(edition_2019: Tidy) -> None:
    """Known published values come through unchanged."""
    year = pd.Timestamp("2016-01-01")
    assert one(edition_2019, "syringes_per_pwid", "AUS", period_start=year)["value"] == pytest.approx(624.881)
    assert one(edition_2019, "oat_coverage_pct", "IRL", period_start=year, sex="all", age_group="all")["value"] == 88.4
    hiv = one(edition_2019, "hiv_prevalence_pwid_pct", "EST", period_start=year, sex="all", age_group="all")
    assert hiv["value"] == 66.3
    hcv = one(edition_2019, "hcv_antibody_prevalence_pwid_pct", "MUS", period_start=year, sex="all", age_group="all")
    assert hcv["value"] == 99.7
    assert one(edition_2019, "people_who_inject_drugs", "JPN")["value"] == 519_700


def test_real_edition_gives_published_coverage(edition_2019: Tidy) -> None:
    """Countries by their newest coverage: 12 of 73 reach 200 syringes per person, 20 of 60 reach 40 % on treatment."""
    syringes, treatment = latest(edition_2019, "syringes_per_pwid"), latest(edition_2019, "oat_coverage_pct")
    assert (len(syringes), (syringes >= 200).sum(), (syringes >= 300).sum(), (syringes < 100).sum()) == (73, 12, 7, 43)
    middle = ((treatment >= 20) & (treatment < 40)).sum()
    assert (len(treatment), (treatment >= 40).sum(), middle, (treatment < 20).sum()) == (60, 20, 16, 24)
