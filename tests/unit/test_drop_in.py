"""Every source's drop folder: what a person downloaded is taken in any packing; anything else is refused by name."""

import gzip
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from loopback import PAGE

from assets.ingest import bring_in, tidy_all
from assets.source import SourceRefused
from assets.sources import CONNECTED, source
from assets.unpacking import unpacked

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
GOOD = {
    "abs_drug_deaths": "synthetic_long_table-2020-03-31.csv",
    "cdc_atlasplus": "synthetic_by_state_2024-08-01.csv",
    "cdc_dispensing": "synthetic State Naloxone Dispensing Rates 2024-11-05.csv",
    "cdc_dose_discharge": "synthetic Jurisdiction Counts & Rates 2025-01-13.csv",
    "cdc_dose_syndromic": "synthetic Jurisdiction 2025-08-25.csv",
    "cdc_sudors": "synthetic Data 2022-11-15.csv",
    "cdc_vsrr": "synthetic_2019-10-16.csv",
    "cdc_vsrr_county": "synthetic_county_counts.csv",
    "cdc_wonder": "synthetic_state_year.txt",
    "census_population": "synthetic_co-est2024-alldata.csv",
    "dea_nflis": "synthetic_fentanyl_by_state.csv",
    "emcdda_bulletin": "synthetic_syringes.xlsx",
    "eurostat_causes_of_death": "synthetic_hlth_cd_asdr2-2026-06-08.tsv",
    "hri_global_state": "synthetic_gshr-2024-10-01.csv",
    "nchs_drug_poisoning": "synthetic_2017-06-01.csv",
    "nrs_drug_deaths": "synthetic_drug_deaths-2023-08-22.xlsx",
    "ons_drug_poisoning": "synthetic_by_region_and_drug-2021-08-03.csv",
    "optic_policy": "synthetic_WEB_GSL.xlsx",
    "phac_consumption_sites": "synthetic_visits-2026-03-20.csv",
    "phac_substance_harms": "synthetic_harms-2026-01-15.csv",
    "programme_data": "synthetic_nsp.csv",
    "samhsa_nsduh": "synthetic_nsduh_oud_22-23 2024-12-15.csv",
    "seer_population": "synthetic_vt.2018_2020.20ages.adjusted.txt",
    "syringe_service_laws": "synthetic_PS08_2019_S-2021-02-23.csv",
    "ukhsa_uam_nesi": "synthetic_symptoms-2022-06-01.csv",
    "un_population": "synthetic_WPP2024_PopulationBySingleAgeSex_Medium_1950-2023.csv",
    "unaids_estimates": "Estimates_2025_en_synthetic.csv",
    "unaids_gam": "GAM_2025_en_synthetic.csv",
    "unaids_kp_atlas": "KPAtlasDB_2025_en_synthetic.csv",
    "unaids_ncpi": "NCPI_2025_en_synthetic.csv",
    "unodc_annex": "synthetic_4.1_people_who_inject_drugs_2026.xlsx",
    "who_gho": "synthetic_pages/HIV_0000000001.json",
    "world_bank": "synthetic_income_groups-2026-08-15.xlsx",
}
COMPARED = ["measure_id", "area_id", "period_end", "sex", "age_group", "drug", "value", "status"]


def dropped(source_id: str, home: Path) -> Path:
    """Put a source's good file into its drop folder, under a name that does not call itself synthetic."""
    fixture = FIXTURES / source_id / GOOD[source_id]
    folder = home / "drop" / (source(source_id).CARD.drop_folder or source_id)
    folder.mkdir(parents=True)
    path = folder / fixture.name.replace("synthetic", "invented")
    shutil.copyfile(fixture, path)
    return path


def taken(source_id: str, home: Path) -> tuple[str, pd.DataFrame]:
    """Bring in what was dropped and read it; give the release's day and its observations in a fixed order."""
    arrival = bring_in(source(source_id), home / "snapshots", home / "drop", None)
    assert arrival.refused == []
    [snapshot] = arrival.new
    made = tidy_all(source(source_id), home / "snapshots", home / "tables", "test")
    assert made.refused == []
    rows = made.made[0].table("observations")[COMPARED]
    return snapshot.release, rows.sort_values(COMPARED, ignore_index=True)


def packed(path: Path, packing: str) -> None:
    """Put a file into its packing, and take the file itself away."""
    if packing == "gz":
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    else:
        with zipfile.ZipFile(path.with_name(f"{path.stem}.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(path, path.name)
    path.unlink()


def test_every_source_has_a_file_here() -> None:
    """No source is left out."""
    assert sorted(GOOD) == sorted(CONNECTED)


@pytest.mark.parametrize("source_id", CONNECTED)
def test_file_is_taken_plain_in_gzip_and_in_a_zip(source_id: str, tmp_path: Path) -> None:
    """The same release and the same observations come out, whatever the table or workbook was packed in."""
    dropped(source_id, tmp_path / "plain")
    release, rows = taken(source_id, tmp_path / "plain")
    assert len(rows) > 0
    for packing in ("gz", "zip"):
        packed(dropped(source_id, tmp_path / packing), packing)
        again, found = taken(source_id, tmp_path / packing)
        assert again == release
        pd.testing.assert_frame_equal(found, rows)


@pytest.mark.parametrize("source_id", CONNECTED)
def test_table_of_another_source_is_refused(source_id: str, tmp_path: Path) -> None:
    """Every other source's file is refused with what was expected and what was found, and nothing is kept of it."""
    folder = tmp_path / "drop" / (source(source_id).CARD.drop_folder or source_id)
    folder.mkdir(parents=True)
    strangers = [each for each in CONNECTED if each != source_id]
    for stranger in strangers:
        fixture = FIXTURES / stranger / GOOD[stranger]
        shutil.copyfile(fixture, folder / f"{stranger} 2026-08-31 {fixture.name.replace('synthetic', 'invented')}")
    arrival = bring_in(source(source_id), tmp_path / "snapshots", tmp_path / "drop", None)
    assert arrival.new == []
    assert len(arrival.refused) == len(strangers)
    for message in arrival.refused:
        assert "xpected" in message
        assert "found" in message


def cut(content: bytes) -> bytes:
    """End a file in the first cell of a line, or a workbook in its middle."""
    if content[:4] == b"PK\x03\x04":
        return content[: len(content) // 2]
    lines = content.splitlines(keepends=True)
    place = max(2, int(len(lines) * 0.6))
    return b"".join(lines[:place]) + lines[min(place, len(lines) - 1)][:3]


def with_nul(content: bytes) -> bytes:
    """Put NUL characters into a text; a workbook's own bytes hold them anyway, so it is cut instead."""
    return cut(content) if content[:4] == b"PK\x03\x04" else content[:40] + bytes(20) + content[60:]


DAMAGE = {
    "empty": lambda content: b"",  # noqa: ARG005
    "cut off": cut,
    "web page": lambda content: PAGE,  # noqa: ARG005
    "other bytes": lambda content: bytes(range(256)) * 40,  # noqa: ARG005
    "NUL characters": with_nul,
    "gzip without its end": lambda content: gzip.compress(content)[:-9],
    "half a zip": lambda content: b"PK\x03\x04" + content[:400],
}


@pytest.mark.parametrize(
    ("source_id", "damage"),
    # A service's own table is read line by line: a line that ends too early is set aside, the others count.
    [(name, how) for name in CONNECTED for how in DAMAGE if (name, how) != ("programme_data", "cut off")],
)
def test_damaged_file_is_refused(source_id: str, damage: str, tmp_path: Path) -> None:
    """A file that is empty, cut off, a web page or not what its name says is never taken for a release."""
    path = dropped(source_id, tmp_path)
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    arrival = bring_in(source(source_id), tmp_path / "snapshots", tmp_path / "drop", None)
    assert arrival.new == []
    [message] = arrival.refused
    assert path.name in message
    assert "xpected" in message
    assert "found" in message


def test_member_of_a_zip_cannot_leave_its_folder(tmp_path: Path) -> None:
    """Only the last part of a member's name is used; the packing's date is put into a name that has none."""
    path = tmp_path / "WEB_GSL 2026-08-31.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../outside.xlsx", b"x")
    (tmp_path / "own").mkdir()
    assert unpacked(path, tmp_path / "own") == tmp_path / "own" / "outside 2026-08-31.xlsx"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [path.name, "own"]


def test_packing_with_a_password_or_several_tables_is_told(tmp_path: Path) -> None:
    """Of several tables none is chosen; what cannot be unpacked says so."""
    path = tmp_path / "several.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one.csv", b"a")
        archive.writestr("two.csv", b"b")
    assert unpacked(path, tmp_path) is None
    locked = tmp_path / "locked.zip"
    with zipfile.ZipFile(locked, "w") as archive:
        archive.writestr("one.csv", b"a")
    # Bit 0 of the flags says that a member is encrypted, in its own header and in the list at the end.
    content = bytearray(locked.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    locked.write_bytes(bytes(content))
    with pytest.raises(SourceRefused, match="expected a whole file without a password"):
        unpacked(locked, tmp_path)
