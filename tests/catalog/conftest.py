"""A fresh collection of records for each test."""

from pathlib import Path

import pytest
from tests.catalog.cabinets import Cabinet, new_cabinet


@pytest.fixture(params=["memory", "folder"])
def cabinet(request: pytest.FixtureRequest, tmp_path: Path) -> Cabinet:
    """An empty collection, in memory and in a folder."""
    return new_cabinet(tmp_path if request.param == "folder" else None)
