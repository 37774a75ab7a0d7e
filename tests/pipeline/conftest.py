"""A fresh collection for each test."""

import pytest
from tests.laboratory import Lab, new_lab


@pytest.fixture
def lab() -> Lab:
    """A fresh collection in memory."""
    return new_lab()
