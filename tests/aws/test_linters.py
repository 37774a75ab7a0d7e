"""What others' rules say of the template: nothing that is not answered beside the resource."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.aws.stack import TEMPLATE

ROOT = Path(__file__).resolve().parents[2]
LOUD = "NOT TESTED:"


def program(environment: str, name: str) -> str:
    """Where a linter is; `make linters` installs them."""
    place = os.environ.get("TEST_LINTERS", str(ROOT / ".linters"))
    found = shutil.which(name, path=str(Path(place) / environment / "bin"))
    if found:
        return found
    reason = f"{LOUD} {name} is not installed (make linters)"
    if os.environ.get("CI", "").lower() == "true" and sys.platform == "linux":
        pytest.fail(reason)
    pytest.skip(reason)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a linter, away from anybody's account."""
    environment = {
        name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ
    }
    environment |= {
        "SAM_CLI_TELEMETRY": "0",
        "AWS_DEFAULT_REGION": "us-east-1",
        "LOG_LEVEL": "ERROR",
    }
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_sam_validates_the_template():
    """AWS's own tool, with its own rules of cfn-lint."""
    done = run(program("sam", "sam"), "validate", "--lint", "--template", str(TEMPLATE))
    assert done.returncode == 0, done.stdout + done.stderr


def test_cfn_lint_finds_nothing():
    """Also nothing that it only warns of or informs about."""
    done = run(program("sam", "cfn-lint"), "--include-checks", "I", "--template", str(TEMPLATE))
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr


def test_checkov_finds_nothing_that_is_not_answered():
    """What is passed over names its rule and says why, beside the resource."""
    done = run(
        program("checkov", "checkov"),
        *("--file", str(TEMPLATE), "--framework", "cloudformation"),
        *("--skip-download", "--quiet", "--compact", "--output", "json"),
    )
    report = json.loads(done.stdout)
    failed = [(one["check_id"], one["resource"]) for one in report["results"]["failed_checks"]]
    assert failed == []
    assert report["summary"]["passed"] > 20
    assert report["summary"]["parsing_errors"] == 0
