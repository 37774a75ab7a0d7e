"""The simulation of an archive is what its command computes, by arithmetic that adds up."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import scale

ROOT = Path(__file__).resolve().parents[1]


def table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *given: str
) -> tuple[list[str], list[list[str]]]:
    """The rows that are printed, cell by cell."""
    monkeypatch.setattr("sys.argv", ["scale.py", *given])
    assert scale.main() == 0
    lines = capsys.readouterr().out.splitlines()
    return lines, [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_table_of_the_docs_is_the_command_s(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """Line for line."""
    lines, _ = table(capsys, monkeypatch)
    assert "\n".join(lines) in (ROOT / "docs" / "scale.md").read_text("utf-8")


def test_twice_the_cores_take_half_the_time_at_the_same_price(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """And ten times the images cost ten times as much."""
    _, few = table(capsys, monkeypatch, "--cores", "400")
    _, many = table(capsys, monkeypatch, "--cores", "800")
    _, tenth = table(capsys, monkeypatch, "--images", "10e6")
    assert float(few[2][1].split()[0]) == pytest.approx(2 * float(many[2][1].split()[0]), abs=0.11)
    assert few[2][4:7] == many[2][4:7]
    assert int(tenth[1][6].replace(",", "")) == pytest.approx(
        int(few[1][6].replace(",", "")) / 10, abs=1
    )


def test_a_service_is_paid_by_the_month():
    """Of 13 million images a month, the first million is dear in each month anew."""
    month = scale._rekognition(12_960_000, 5.0)
    assert month.computing == pytest.approx(1000 + 4 * 800 + 7.96 * 600)
    assert month.seconds == scale.MONTH
    two = scale._rekognition(2 * 12_960_000, 5.0)
    assert two.computing == pytest.approx(2 * month.computing)
    at_once = scale._rekognition(100_000_000, 50.0)
    assert at_once.computing == pytest.approx(1000 + 3200 + 18_000 + 65 * 400)
