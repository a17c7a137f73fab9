"""The bench that every step works at: its folders, what this run may fetch, and what the steps left for each other."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from assets import tables
from assets.downloads import Downloads
from assets.sources import CONNECTED
from assets.transport import Transport


def _no_transport() -> Transport | None:
    return None


@dataclass
class Workspace:
    """Folders and permissions of one run. Steps hand each other tables and small records by way of ``tables``."""

    checkout: Path
    snapshots: Path
    drop: Path
    tables: Path
    figures: Path
    transport: Callable[[], Transport | None] = _no_transport
    """Makes the means to download; gives None for a run without network."""

    downloads: Downloads | None = None
    """Downloads of this run that were started together; without them each source is asked in its turn."""

    bring_in: frozenset[str] = field(default_factory=lambda: frozenset(CONNECTED))
    """Sources that this run looks for news of; the others keep what they have."""

    @property
    def corrections(self) -> Path:
        """Reviewed corrections and accepted releases; tracked."""
        return self.checkout / "data" / "corrections"

    @property
    def code(self) -> str:
        """Fingerprint of the code and reference data that tables are made with."""
        return tables.code_fingerprint(self.checkout)

    def remember(self, step: str, record: dict[str, object]) -> None:
        """Leave a step's record for the steps after it, whole or not at all."""
        path = self.tables / "steps" / f"{step}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        building = path.with_suffix(f".{os.getpid()}.tmp")
        building.write_text(json.dumps(record, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
        os.replace(building, path)

    def recall(self, step: str) -> dict[str, object]:
        """Give what a step left; empty where it never ran."""
        path = self.tables / "steps" / f"{step}.json"
        if not path.is_file():
            return {}
        record: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
        return record
