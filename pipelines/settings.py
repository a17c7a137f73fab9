"""Where things are, and the only place that reads the environment."""

import os
from dataclasses import dataclass
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Settings:
    """Folders of one installation. ``HRE_HOME`` moves everything that runs make; the figures stay in the checkout."""

    home: Path = _CHECKOUT
    checkout: Path = _CHECKOUT

    @property
    def figures(self) -> Path:
        """Transcribed figures with their citations; tracked."""
        return self.checkout / "data" / "figures"

    @property
    def snapshots(self) -> Path:
        """Kept bytes of every release, as published; never changed."""
        return self.home / "data" / "snapshots"

    @property
    def drop(self) -> Path:
        """Where a person puts a downloaded file: one folder for each source."""
        return self.home / "data" / "drop"

    @property
    def tables(self) -> Path:
        """Last good tables between the steps, as Parquet."""
        return self.home / "data" / "tables"

    @property
    def published(self) -> Path:
        """The publication: one DuckDB file and one site."""
        return self.home / "data" / "published"

    @property
    def database(self) -> Path:
        """The published DuckDB file; a link that always leads to a whole release."""
        return self.published / "harm_reduction.duckdb"

    @property
    def site(self) -> Path:
        """The published site's first page."""
        return self.published / "site" / "index.html"

    @property
    def lock(self) -> Path:
        """Held by the one refresh that runs."""
        return self.home / "data" / ".refresh.lock"

    @property
    def dagster_home(self) -> Path:
        """Dagster's record of runs."""
        return self.home / ".dagster"


def load() -> Settings:
    """Read the settings: ``HRE_HOME`` where it is set, else the checkout."""
    home = os.environ.get("HRE_HOME", "")
    return Settings(home=Path(home).resolve() if home else _CHECKOUT)


def tokens() -> dict[str, tuple[str, str]]:
    """Give the header and token for each host that has one in the environment; they are never logged or stored."""
    token = os.environ.get("SOCRATA_APP_TOKEN", "")
    return {"data.cdc.gov": ("X-App-Token", token)} if token else {}
