"""One publication for all integration tests, made once by a real refresh; tests that change it work on copies."""

import shutil
from pathlib import Path

import pytest

from pipelines.refresh import Outcome, refresh
from pipelines.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def first_refresh(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Outcome]:
    """Refresh an empty home from the figures alone; give its settings and what the refresh came to."""
    settings = Settings(home=tmp_path_factory.mktemp("published"), checkout=CHECKOUT)
    return settings, refresh(settings, offline=True)


@pytest.fixture(scope="session")
def published_home(first_refresh: tuple[Settings, Outcome]) -> Settings:
    """Give a home with a publication made from the figures alone; read it, never change it."""
    settings, outcome = first_refresh
    assert outcome.exit_code == 0, outcome.message
    return settings


@pytest.fixture(scope="session")
def real_refresh(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Outcome]:
    """Refresh a home with the publishers' own files dropped in."""
    settings = Settings(home=tmp_path_factory.mktemp("real"), checkout=CHECKOUT)
    drop_published_files(shared_data, settings.drop)
    return settings, refresh(settings, offline=True)


@pytest.fixture
def home(published_home: Settings, tmp_path: Path) -> Settings:
    """Give a copy of the published home that a test may change."""
    copy = tmp_path / "home"
    shutil.copytree(published_home.home, copy, symlinks=True)
    return Settings(home=copy, checkout=published_home.checkout)


@pytest.fixture
def figures_checkout(tmp_path: Path) -> Path:
    """Give a folder with a copy of the figures alone, to refresh from after changing them."""
    shutil.copytree(CHECKOUT / "data" / "figures", tmp_path / "checkout" / "data" / "figures")
    return tmp_path / "checkout"


def drop_published_files(data: Path, drop: Path) -> None:
    """Put the publishers' files into the drop folders; files without a date in the name get one, as a person would."""

    def put(source_id: str, path: Path, name: str = "") -> None:
        target = drop / source_id / (name or path.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if path.is_dir() else shutil.copyfile
        copy(path, target)

    census = ("co-est2024-alldata.csv", "statepop20-24.csv", "state_age_sex_race_2020_2024.csv.gz")
    harms = data / "ca" / "phac_substance_harms" / "SubstanceHarmsData.csv"
    visits = data / "ca" / "phac_scs" / "scs-visits-clients-trends.csv"
    put("phac_substance_harms", harms, "SubstanceHarmsData-2026-01-15.csv")
    put("phac_consumption_sites", visits, "scs-visits-clients-trends-2026-04-15.csv")
    put("unaids_gam", data / "global" / "unaids_gam_2019")
    put("un_population", data / "global" / "un_population" / "population_by_age_group_wpp2017.csv")
    for name in census:
        put("census_population", data / "us" / "census_population" / name)
    for path in (data / "us" / "cdc_vsrr").glob("VSRR_*"):
        put("cdc_vsrr", path)
    for path in (data / "us" / "cdc_wonder").glob("*.txt"):
        put("cdc_wonder", path)
    for path in (data / "us" / "cdc_dispensing").glob("*.csv"):
        put("cdc_dispensing", path, f"{path.stem} 2024-11-05.csv")
    for path in (data / "eu" / "emcdda_2019").rglob("*.xlsx"):
        # Its years end after the last for which a release can be told from the data.
        if path.stem != "opioidSubstitutionProviders":
            put("emcdda_bulletin", path)
