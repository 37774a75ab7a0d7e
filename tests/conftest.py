"""What all tests share: the photos to measure by, and a loud line when they were not there."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine makes single examples slow, which says nothing about the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

ROOT = Path(__file__).resolve().parents[1]
DATA_VARIABLE = "BUCKETLENS_TEST_DATA"
NO_DATA = "none"
LOUD = "NOT TESTED:"


def in_ci() -> bool:
    """Whether what can be there must be there."""
    return os.environ.get("CI", "").lower() == "true"


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of photo sets: what BUCKETLENS_TEST_DATA names, else shared/data beside the clone.

    Without it a test is skipped, or fails under CI=true or where the named folder is not there;
    BUCKETLENS_TEST_DATA=none says that there is none on purpose.
    """
    named = os.environ.get(DATA_VARIABLE)
    if named == NO_DATA:
        pytest.skip(f"{LOUD} {DATA_VARIABLE}={NO_DATA}")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if folder.is_dir():
        return folder
    reason = f"{LOUD} no photo sets in {folder}; {DATA_VARIABLE} names another folder"
    if named or in_ci():
        pytest.fail(reason)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once, where nobody overlooks it, how much was not tested for lack of something."""
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if LOUD in text:
            reason = text.partition(LOUD)[2].strip()
            reasons[reason] = reasons.get(reason, 0) + 1
    for reason, count in reasons.items():
        terminalreporter.write_line("")
        terminalreporter.write_line(f"=== {count} NOT TESTED: {reason} ===", yellow=True, bold=True)
