"""The command line with Rekognition: what it costs is said first, and trying it out is free."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.laboratory import photo

from bucketlens.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.rekognition.double import Double

FAST = ("--model", "rekognition", "--set", "rekognition_rate=1000")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with three photos."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(3):
        (folder / f"{i}.jpg").write_bytes(photo((90 * i, 20, 20), (320, 240)))
    return folder


@dataclass(frozen=True)
class Told:
    """What the program said, and how it ended."""

    exit_code: int
    stdout: str
    stderr: str


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Calls the program."""

    def calling(*arguments: object) -> Told:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        return Told(status, *capsys.readouterr())

    return calling


def test_a_dry_run_tells_the_cost_and_spends_nothing(
    double: Double, photos: Path, call: Callable[..., Told]
):
    """Neither a call nor a ledger: images are not tried, to see how long they take."""
    out = photos.parent / "out"
    done = call("run", photos, out, "--dry-run", "--json", "--model", "rekognition")
    assert done.exit_code == 0, done.stderr
    forecast = json.loads(done.stdout)
    assert forecast["actions"]["score"] == 3
    assert forecast["cost"] == 0.00525
    assert forecast["seconds"] == 0.6
    spoken = call("run", photos, out, "--dry-run", "--model", "rekognition")
    assert "3 images at 0.00175 are 0.01 at most" in spoken.stderr
    assert not double.requests
    assert not list(out.glob("state/*"))


def test_a_forecast_tells_cost_days_and_months(
    double: Double, photos: Path, call: Callable[..., Told]
):
    """By the price, the rate and the limit of the settings; nothing is asked or kept."""
    plan = ("plan", photos, "--model", "rekognition", "--objects", "1e6")
    found = json.loads(call(*plan, "--json").stdout)
    assert found["objects"] == 3
    assert found["sample"] is None
    service = found["service"]
    assert service["cost"] == 1750
    assert service["days"] == round(1e6 / 5 / 86400, 3)
    assert service["months_at_the_limit"] == 175
    spoken = call(*plan).stdout
    assert "0.00175 an image are 1,750.00" in spoken
    assert "rekognition_rate) 55.6 h" in spoken
    assert "175.0 months" in spoken
    assert not double.requests


def test_a_run_tells_the_cost_and_writes_the_site(
    double: Double, photos: Path, call: Callable[..., Told]
):
    """From the photos to pages; a second run costs nothing and says nothing of money."""
    out = photos.parent / "out"
    done = call("run", photos, out, *FAST)
    assert done.exit_code == 0, done.stderr
    assert "Rekognition: 3 images" in done.stderr
    assert "Golden Retriever" in (out / "site" / "images" / "0.jpg.html").read_text("utf-8")
    again = call("run", photos, out, *FAST)
    assert "Rekognition:" not in again.stderr
    assert len(double.requests) == 3


def test_a_limit_that_does_not_suffice_is_told_before_it_is_met(
    double: Double, photos: Path, call: Callable[..., Told]
):
    """The run says how far the month's money goes, goes there, and ends with status 2."""
    out = photos.parent / "out"
    done = call("run", photos, out, *FAST, "--set", "rekognition_monthly_limit=0.0035")
    assert done.exit_code == 2
    assert "the limit suffices for 2 of them" in done.stderr
    assert "rekognition_monthly_limit" in done.stderr
    assert len(double.requests) == 2


def test_new_thresholds_need_neither_calls_nor_credentials(
    double: Double, photos: Path, bare_aws: pytest.MonkeyPatch, call: Callable[..., Told]
):
    """Relabelling and the status work on what is stored."""
    out = photos.parent / "out"
    call("run", photos, out, *FAST)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        bare_aws.delenv(name)
    done = call("relabel", out, "--model", "rekognition", "--min-confidence", 30, "--json")
    assert json.loads(done.stdout)["gained"] == {"Bench": 3}
    wanted = ("--set", "min_confidence=30", "--set", "classifier=rekognition")
    assert "made under other" not in call("status", out, *wanted).stdout
    lower = call("relabel", out, "--model", "rekognition", "--min-confidence", 5)
    assert lower.exit_code == 2
    assert "rekognition_min_confidence" in lower.stderr
    assert len(double.requests) == 3


def test_single_files_need_a_ledger_too(double: Double, photos: Path, call: Callable[..., Told]):
    """Without one the message names the setting; with one the labels are printed."""
    file = photos / "0.jpg"
    refused = call("label", file, "--model", "rekognition")
    assert refused.exit_code == 2
    assert "rekognition_state" in refused.stderr
    state = photos.parent / "state"
    done = call("label", file, "--json", *FAST, "--set", f"rekognition_state={state}")
    assert json.loads(done.stdout)["Labels"][0]["Name"] == "Dog"
    (ledger,) = state.glob("state/spend-*.json")
    assert json.loads(ledger.read_text("utf-8"))["calls"] == 1
    assert len(double.requests) == 1


@pytest.mark.usefixtures("double")
def test_what_looks_at_scores_says_that_there_are_none(photos: Path, call: Callable[..., Told]):
    """Explaining needs a model of our own, and is refused before anything is paid."""
    done = call("label", photos / "0.jpg", "--explain", "Dog", "--model", "rekognition")
    assert done.exit_code == 2
    assert "Rekognition gives none" in done.stderr


def test_the_models_in_force_name_the_service(call: Callable[..., Told]):
    """Instead of cards of models."""
    assert "DetectLabels" in call("models", "--model", "rekognition").stdout
