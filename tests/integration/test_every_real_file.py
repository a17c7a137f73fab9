"""Every file at hand goes the way of a dropped-in file: each record ends somewhere, and one table says where."""

import fnmatch
import shutil
from pathlib import Path

import pandas as pd
import pytest

from assets import snapshots
from assets.ingest import Ingested, bring_in, tidy_all
from assets.source import Snapshot, SourceRefused
from assets.sources import source

READ = {
    "ca/phac_scs/*": "phac_consumption_sites",
    "ca/phac_substance_harms/*": "phac_substance_harms",
    "eu/emcdda_2019/*/*": "emcdda_bulletin",
    "global/un_population/*": "un_population",
    "global/unaids_gam_2019": "unaids_gam",
    "uk/ons_drug_poisoning/*registrations*": "ons_drug_poisoning",
    "uk/ons_drug_poisoning/uam_ssti.csv": "ukhsa_uam_nesi",
    "uk/uam_nesi/*": "ukhsa_uam_nesi",
    "us/atlasplus/*": "cdc_atlasplus",
    "us/cdc_dispensing/*": "cdc_dispensing",
    "us/cdc_dose_dx/*": "cdc_dose_discharge",
    "us/cdc_dose_sys/*": "cdc_dose_syndromic",
    "us/cdc_sudors/*": "cdc_sudors",
    "us/cdc_vsrr/VSRR_*": "cdc_vsrr",
    "us/cdc_wonder/*": "cdc_wonder",
    "us/census_population/*": "census_population",
    "us/nchs_drug_poisoning_state/*": "nchs_drug_poisoning",
    "us/nflis/*": "dea_nflis",
    "us/nsduh/*": "samhsa_nsduh",
    "us/optic_policy/*": "optic_policy",
}
"""Files, or the folder that is dropped as one, and the source in whose drop folder a person puts them."""

NOT_READ = {
    "README.md": "what the files are",
    "global/reference/*": "reference tables, which no source publishes",
    "global/unaids_api/*": "a list of addresses",
    "models/*": "a model's parameters, which the economics cite",
    "uk/ons_drug_poisoning/la_lookup.csv": "codes of local authorities, which are not kept",
    "uk/ons_drug_poisoning/pop_region_25nov2022.csv": "population of English regions, which no source reads yet",
    "us/cdc_dose_*/Data Dictionary*": "descriptions of columns",
    "us/cdc_vsrr/*.json": "descriptions of columns",
    "us/census_population/national_age_sex_race.csv": "re-shaped by others; seer_population reads the original",
    "us/census_population/standard_populations_seer.csv": "a copy of it is among the reference tables",
    "us/nchs_mcod/*": "a record layout and invented records",
}
"""Files that nothing reads, and why."""

REFUSED = {
    "us/nsduh/nsduh_oud_21-22.csv": "found 2022-23 in its lines",
}
"""Files that a reader refuses, and what it says."""

DAYS = {
    "2021registrations": "2022-08-03",
    "registrations": "2021-08-03",
    "SUDORS": "2022-11-15",
    "SubstitutionProviders": "2019-01-01",
    "cdc_dose_dx": "2025-01-13",
    "cdc_dose_sys": "2025-08-25",
}
"""Day of release that a person knows of a file, by a part of its address; others get one after all data end."""

SOME_DAY = "2026-06-30"
Brought = dict[str, tuple[list[str], list[Snapshot], Ingested]]
"""By source: what was refused, the releases that were kept, and what was made of them."""

COUNTS = ["records_in", "observations", "quarantined", "dropped_records"]


def matching(name: str, patterns: dict[str, str]) -> str:
    """Give what the first pattern that fits a file's address stands for; empty where none does."""
    return next((meaning for pattern, meaning in patterns.items() if fnmatch.fnmatch(name, pattern)), "")


def dated(path: Path) -> str:
    """Give a file the name under which a person drops it: with its day of release, where its reader asks for one."""
    day = next((day for part, day in DAYS.items() if part in str(path)), SOME_DAY)
    stem, dot, ending = path.name.partition(".")
    return f"{stem} {day}{dot}{ending}"


def drop(path: Path, source_id: str, into: Path) -> None:
    """Put a file into a drop folder, with a day in its name where its reader refuses it without one."""
    folder = into / source_id
    folder.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, folder / path.name)
        return
    kept = folder / path.name
    shutil.copyfile(path, kept)
    try:
        source(source_id).recognise(kept)
    except SourceRefused as refusal:
        if "expected the date the publisher released it" in str(refusal):
            kept.rename(folder / dated(path))


@pytest.fixture(scope="module")
def addresses(shared_data: Path) -> list[str]:
    """Give the address of everything at hand that a person would drop: a file, or a folder that belongs together."""
    files = [path.relative_to(shared_data).as_posix() for path in shared_data.rglob("*") if path.is_file()]
    folders = {name: str(Path(name).parent) for name in files}
    return sorted({folders[name] if folders[name] in READ else name for name in files})


@pytest.fixture(scope="module")
def brought_in(shared_data: Path, addresses: list[str], tmp_path_factory: pytest.TempPathFactory) -> Brought:
    """Drop every file that is read into an empty home, and bring it in as a refresh does."""
    home = tmp_path_factory.mktemp("home")
    wanted = {name: matching(name, READ) for name in addresses if not matching(name, NOT_READ)}
    for name, source_id in wanted.items():
        drop(shared_data / name, source_id, home / "drop")
    found = {}
    for source_id in sorted(set(wanted.values())):
        arrival = bring_in(source(source_id), home / "snapshots", home / "drop", None)
        made = tidy_all(source(source_id), home / "snapshots", home / "tables" / source_id, "test")
        found[source_id] = ([*arrival.refused, *made.refused], snapshots.kept(home / "snapshots", source_id), made)
    return found


def test_every_file_is_read_or_is_known_not_to_be(addresses: list[str]) -> None:
    """No file at hand is forgotten: each is read by a source, or there is a reason; and no pattern is left over."""
    known = {**READ, **NOT_READ}
    assert [name for name in addresses if not matching(name, known)] == []
    assert [pattern for pattern in known if not fnmatch.filter(addresses, pattern)] == []


def test_only_known_files_are_refused(brought_in: Brought) -> None:
    """Whatever is refused is on the list, and the message says what was found in it."""
    refusals = [refusal for refused, _, _ in brought_in.values() for refusal in refused]
    assert len(refusals) == len(REFUSED), "\n".join(refusals)
    for (name, words), refusal in zip(REFUSED.items(), sorted(refusals), strict=True):
        assert refusal.startswith(Path(name).stem)
        assert words in refusal


def test_every_record_ends_somewhere(brought_in: Brought) -> None:
    """Records in are observations, quarantine and documented drops together, for each release of each source."""
    rows = []
    for source_id, (_, kept, ingested) in brought_in.items():
        files = {snapshot.snapshot_id: [path.name for path in snapshot.files] for snapshot in kept}
        for record in (made.record for made in ingested.made):
            names = files.pop(str(record["snapshot_id"]))
            shown = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
            release = str(record["snapshot_id"]).split("/")[1]
            rows.append([source_id, release, shown, *[int(str(record[count])) for count in COUNTS]])
        assert files == {}, f"{source_id}: releases that made no tables"
    table = pd.DataFrame(rows, columns=["source", "release", "files", *COUNTS])
    print("\n" + table.to_string(index=False, max_colwidth=48))
    assert (table["records_in"] == table[COUNTS[1:]].sum(axis=1)).all()
    assert (table["observations"] > 0).all()
