"""What is installed: the wheel holds the whole package and nothing else, and works without src/."""

import os
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "bucketlens"
MOST_MEGABYTES = 30

IMPORT_ALL = """
import importlib, pkgutil, sys
import bucketlens
for module in pkgutil.walk_packages(bucketlens.__path__, "bucketlens."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(bucketlens.__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as a release builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel is installed into."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run([*pip, "--no-deps", "--no-index", "--target", str(folder), str(wheel)], cwd=folder)
    return folder


def run(command: list[str], cwd: Path, **environment: str) -> str:
    """The output of a command, which must succeed."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def test_the_wheel_holds_every_file_of_the_package(wheel: Path):
    """Code, types, schema, models, taxonomy and templates: what is in src/ is in the wheel."""
    there = {
        f"bucketlens/{path.relative_to(PACKAGE).as_posix()}"
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in names if name.startswith("bucketlens/")} == there
    assert {"bucketlens/py.typed", "bucketlens/record.schema.json"} <= names


def test_the_wheel_holds_nothing_else(wheel: Path):
    """No tests, tools or photos, but the licences."""
    names = zipfile.ZipFile(wheel).namelist()
    others = [name for name in names if not name.startswith("bucketlens/")]
    assert all(".dist-info/" in name for name in others)
    licences = {name.rpartition("/licenses/")[2] for name in others if "/licenses/" in name}
    assert licences == {"LICENSE", "NOTICE"}


def test_the_wheel_is_of_a_size_that_one_installs_gladly(wheel: Path):
    """Models and all."""
    assert wheel.stat().st_size <= MOST_MEGABYTES * 1_000_000


def test_every_module_imports_from_the_installed_wheel(installed: Path):
    """Nothing reaches for a file that only the checkout has."""
    where = run([sys.executable, "-c", IMPORT_ALL], cwd=installed, PYTHONPATH=str(installed))
    assert Path(where).resolve().is_relative_to(installed.resolve())


def test_the_command_runs_from_the_installed_wheel(installed: Path):
    """`bucketlens --version` answers with the version of the wheel."""
    if find_spec("bucketlens.cli") is None:
        pytest.skip("there is no command line yet")
    code = "from bucketlens.cli import main; main(['--version'])"
    said = run([sys.executable, "-c", code], cwd=installed, PYTHONPATH=str(installed))
    import bucketlens  # noqa: PLC0415 - the checkout's version, to compare with

    assert bucketlens.__version__ in said
