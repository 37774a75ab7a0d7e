"""The known ways to get S3 events wrong each have tests, and those tests are there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| (\d+) \|(.*)\|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_each_row_has_tests_that_exist():
    """All 27, in order, each with at least one test of that name in that file."""
    rows = ROW.findall((ROOT / "tests" / "aws" / "ROWS.md").read_text("utf-8"))
    assert [int(number) for number, _ in rows] == list(range(1, 28))
    for number, row in rows:
        named = NAMED.findall(row)
        assert named, f"row {number} names no test"
        for file, name in named:
            text = (ROOT / file).read_text("utf-8")
            assert f"\ndef {name}(" in text, f"row {number}: {file} has no {name}"
