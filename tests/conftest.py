"""Fixtures that every kind of test shares."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the directory of the publishers' own files beside the checkout, or skip where it is absent."""
    directory = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not directory.is_dir():
        pytest.skip(f"the publishers' files are not beside this checkout (expected {directory.name} in ../shared)")
    return directory
