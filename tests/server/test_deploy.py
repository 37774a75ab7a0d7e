"""What deploy/ has for the server fits the server that there is."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import click
import pytest

from bucketlens.cli import cli
from bucketlens.settings import FIELDS

if TYPE_CHECKING:
    from pathlib import Path

INSTRUCTIONS = {
    *("FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE"),
    *("STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"),
}


def check_call(words: list[str]) -> None:
    """See that the command line takes these words."""
    with click.Context(cli, info_name="bucketlens") as context:
        command = cli.get_command(context, words[0])
        assert command
        command.make_context(words[0], words[1:], parent=context)


def check_settings(names: list[str]) -> None:
    """See that these variables are settings."""
    own = [name for name in names if name.startswith("BUCKETLENS_")]
    assert own
    assert {name.removeprefix("BUCKETLENS_").lower() for name in own} <= set(FIELDS)


@pytest.fixture
def unit(root: Path) -> Path:
    """The unit of systemd."""
    return root / "deploy" / "systemd" / "bucketlens.service"


def test_the_unit_starts_what_there_is(unit: Path):
    """Its command and its variables are ours."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(unit)
    program, *words = shlex.split(parser["Service"]["ExecStart"])
    assert program.endswith("/bin/bucketlens")
    check_call(words)
    check_settings(re.findall(r"^Environment=(\w+)=", unit.read_text(), re.MULTILINE))
    assert parser["Service"]["User"] != "root"
    assert int(parser["Service"]["TimeoutStopSec"]) > 10


def test_systemd_understands_the_unit(unit: Path, tmp_path: Path):
    """No directive is unknown, and little is left that the service could reach."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("there is no systemd-analyze")
    program = tmp_path / "bucketlens"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / unit.name
    copy.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={program}", unit.read_text()))
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False
    )
    about = [line for line in done.stderr.splitlines() if copy.name in line]
    assert not about
    assert done.returncode == 0, done.stderr


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a Containerfile, with their arguments in one line."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^#.*\n", "", text))
    lines = [line.strip() for line in joined.splitlines() if line.strip()]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def test_the_container_is_non_root_and_starts_what_there_is(root: Path):
    """It is not built here; its file is read as a builder would read it."""
    text = (root / "deploy" / "container" / "Containerfile").read_text()
    found = instructions(text)
    assert {name for name, _ in found} <= INSTRUCTIONS
    told = dict(found)
    assert told["USER"].isdigit()
    assert int(told["USER"]) > 0
    assert json.loads(told["ENTRYPOINT"]) == ["/opt/bucketlens/bin/bucketlens"]
    check_call(json.loads(told["CMD"]))
    assert json.loads(told["HEALTHCHECK"].partition("CMD")[2])[1] == "-c"
    check_settings(re.findall(r"(\w+)=", told["ENV"]))
    for name, rest in found:
        if name == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (root / source).exists(), source
