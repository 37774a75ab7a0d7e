"""The costs that are told are those that the command computes."""

from pathlib import Path

import pytest
from tools.aws_costs import SCALES, lines, main, tiered

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_of_the_docs_is_the_command_s(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """Line for line, apart from its head."""
    monkeypatch.setattr("sys.argv", ["aws_costs.py"])
    assert main() == 0
    _, _, *rows = capsys.readouterr().out.splitlines()
    assert len(rows) > 8
    assert "\n".join(rows) in (ROOT / "docs" / "aws.md").read_text("utf-8")


def test_a_bill_grows_with_its_images():
    """Each line does or stays, and arm64 costs less."""
    for line in lines("x86_64"):
        costs = [line.of(images) for images in SCALES]
        assert costs == sorted(costs)
    dear, cheap = (sum(line.of(10**6) for line in lines(one)) for one in ("x86_64", "arm64"))
    assert cheap < dear


def test_each_tier_has_its_own_price():
    """Only what is beyond a tier is cheaper."""
    tiers = ((10.0, 1.0), (20.0, 0.5))
    assert [tiered(images, tiers) for images in (5, 10, 12, 30)] == [5, 10, 11, 15]
