"""The card of a source: who publishes it, under which terms, and how it is fetched."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SourceCard:
    """What a reader must know of a source before using one of its figures."""

    id: str
    title: str
    publisher: str
    licence: str
    licence_url: str
    homepage: str
    download_url: str
    cadence: str
    basis: str
    citation: str
    coverage: str
    caveats: tuple[str, ...] = ()
    drop_in_help: str = ""
    automated: bool = False
    """True when a script may fetch it; False when a person downloads the file."""

    figures_only: bool = False
    """True while only transcribed figures are at hand and no connector reads its files."""

    drop_folder: str = ""
    """Name of its folder under data/drop/, where it is not the source's own."""

    confidential: bool = False
    """True where its bytes must not be published: small counts are protected, and no message quotes a cell."""
