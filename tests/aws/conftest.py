"""The functions as Lambda has them: real models and stores, events as AWS writes them."""

import json
import logging
import os
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import pytest
from tests.aws.invoking import Emitted, FakeContext, Places, build

from bucketlens.stores import open_store

if TYPE_CHECKING:
    from bucketlens.aws.labelling import LabelFunction

ROOT = Path(__file__).resolve().parents[2]
PHOTO = ROOT / "examples" / "photos"
LOUD = "NOT TESTED:"


@pytest.fixture(scope="session", autouse=True)
def _powertools() -> None:
    """The functions log through Powertools: without it they are not tested, and it is said."""
    if find_spec("aws_lambda_powertools") is None:
        reason = f"{LOUD} aws-lambda-powertools is not installed (the extra aws)"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(autouse=True)
def _own_log(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """A log that each test opens anew, since a logger outlives what it was opened with."""
    del capsys  # what the log writes to must be there first
    yield
    logger = logging.getLogger("bucketlens")
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    for mark in ("init", "powertools_handler"):
        logger.__dict__.pop(mark, None)


@pytest.fixture(scope="session")
def photo() -> bytes:
    """One small photo."""
    return min(PHOTO.glob("*.jpg"), key=lambda path: path.stat().st_size).read_bytes()


@pytest.fixture(params=["memory", "folder"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Places:
    """A place for images and one for results, once in memory and once in folders."""
    if request.param == "memory":
        name = f"photos-{uuid4().hex}"
        source, out, prefix = f"memory://{name}/in/", f"memory://{name}-out", "in/"
    else:
        name = str(tmp_path / "photos")
        Path(name).mkdir()
        source, out, prefix = name, str(tmp_path / "out"), ""
    return Places(
        open_store(source),
        open_store(f"{out}/metadata"),
        open_store(f"{out}/site"),
        open_store(out),
        name,
        prefix,
        {"BUCKETLENS_SOURCE": source, "BUCKETLENS_OUT": out},
    )


@pytest.fixture
def function(places: Places) -> "LabelFunction":
    """The label function of these places, built at its first call.

    Not here: what pytest has for standard output now is not what it has during the test.
    """
    built = cache(lambda: build(places.environ))

    def call(event: dict[str, Any], context: FakeContext) -> dict[str, Any]:
        return built()(event, context)

    return cast("LabelFunction", call)


@pytest.fixture
def emitted(capsys: pytest.CaptureFixture[str]) -> Emitted:
    """The JSON lines that were written since the last call: logs and metrics."""

    def read() -> list[dict[str, Any]]:
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return read
