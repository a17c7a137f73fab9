"""plotly.js and the map outlines: unpacked into the site from the tracked bundle, or plotly.js from the Python package.

The bundle holds only the trace types that the pages use; static/README.md says how it is built again.
"""

import gzip
import hashlib
from pathlib import Path

STATIC = Path(__file__).resolve().parent / "static"
BUNDLE = "plotly-hre.min.js"
MAPS = ("usa_110m", "world_110m")


def expected_hashes() -> dict[str, str]:
    """Give the sha256 that each packed file must have."""
    listed = STATIC / "SHA256SUMS"
    if not listed.is_file():
        return {}
    pairs = (line.split() for line in listed.read_text(encoding="utf-8").splitlines() if line.strip())
    return {name: digest for digest, name in pairs}


def unpacked(name: str, folder: Path = STATIC) -> bytes | None:
    """Give a packed file's content, or nothing when it is absent or its hash is not the expected one."""
    path = folder / f"{name}.gz"
    if not path.is_file():
        return None
    packed = path.read_bytes()
    if hashlib.sha256(packed).hexdigest() != expected_hashes().get(path.name):
        return None
    return gzip.decompress(packed)


def plotly_script(folder: Path = STATIC) -> bytes:
    """Give plotly.js: the tracked bundle, or the whole library of the Python package when the bundle is not intact."""
    return unpacked(BUNDLE, folder) or _from_the_package()


def _from_the_package() -> bytes:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs()).encode("utf-8")


def map_script(name: str, folder: Path = STATIC) -> bytes:
    """Give the outlines of a map as a script; without intact outlines a map stays empty and its table remains.

    The stub keeps plotly from asking a server on the internet for the outlines.
    """
    stub = (
        "(window.PlotlyGeoAssets=window.PlotlyGeoAssets||{topojson:{}}).topojson."
        + name
        + '={"type":"Topology","objects":{},"arcs":[]};'
    )
    return unpacked(f"topojson-{name}.js", folder) or stub.encode("utf-8")
