"""What starts quickly stays quick: modules that must not be loaded before they are needed."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "src"

# Dear to import, or of an extra that may not be installed.
HEAVY = {
    "PIL",
    "aws_lambda_powertools",
    "boto3",
    "botocore",
    "dask",
    "distributed",
    "duckdb",
    "numpy",
    "obstore",
    "onnxruntime",
    "pi_heif",
    "prometheus_client",
    "pycocotools",
    "simplejpeg",
    "starlette",
    "uvicorn",
    "watchfiles",
}

REPORT = """
import atexit, json, sys
atexit.register(lambda: sys.stderr.write("LOADED " + json.dumps(sorted(sys.modules))))
"""


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded when the code has run."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("COV", "BUCKETLENS_"))}
    done = subprocess.run(
        [sys.executable, "-c", REPORT + code],
        env=environment | {"PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in json.loads(done.stderr.rpartition("LOADED ")[2])}


def test_importing_the_package_loads_only_the_package():
    """`import bucketlens` costs nothing but itself."""
    assert not loaded_by("import bucketlens") & (HEAVY | {"msgspec", "jinja2", "rich", "click"})


@pytest.mark.parametrize("module", ["errors", "types", "settings", "records"])
def test_the_nouns_are_light(module: str):
    """Whoever only reads records or settings loads no picture, model or network library."""
    assert not loaded_by(f"import bucketlens.{module}") & HEAVY


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--help"], ["--version"], ["run", "--help"], ["worker", "--help"], ["watch", "--help"]),
        *(["serve", "--help"], ["access", "--help"]),
    ],
)
def test_help_loads_nothing_heavy(arguments: list[str]):
    """Help is there at once: no model, decoder, database or cloud library is loaded for it."""
    if find_spec("bucketlens.cli") is None:
        pytest.skip("there is no command line yet")
    assert not loaded_by(f"from bucketlens.cli import main; main({arguments!r})") & HEAVY
