"""The AWS CLI and the JavaScript SDK, as people use them, against a running server."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.server.asking import PHOTOS
from tests.server.clients import call, missing, program
from tests.server.conftest import KEY_ID, SECRET

if TYPE_CHECKING:
    from tests.server.asking import Running

OLDEST_NODE = 20
SCRIPTS = Path(__file__).parent / "javascript"


def aws(running: Running, *arguments: str, secret: str = SECRET) -> tuple[int, str, str]:
    """A call of the AWS CLI: status, output, errors."""
    done = call(
        program("aws"),
        "rekognition",
        "detect-labels",
        "--endpoint-url",
        running.url,
        *arguments,
        AWS_ACCESS_KEY_ID=KEY_ID,
        AWS_SECRET_ACCESS_KEY=secret,
        AWS_DEFAULT_REGION="eu-west-1",
        AWS_MAX_ATTEMPTS="1",
    )
    return done.returncode, done.stdout, done.stderr


def test_the_aws_cli_sends_an_image(guarded: Running):
    """Bytes from a file, with limits."""
    status, out, err = aws(
        guarded, "--image-bytes", f"fileb://{PHOTOS / 'zebra.jpg'}", "--max-labels", "3"
    )
    assert status == 0, err
    assert len(json.loads(out)["Labels"]) == 3


def test_the_aws_cli_names_an_object(guarded: Running):
    """With features and filters."""
    place = {"S3Object": {"Bucket": "holiday", "Name": "zebra.jpg"}}
    settings = {"GeneralLabels": {"LabelInclusionFilters": ["Zebra"]}}
    status, out, err = aws(
        guarded,
        *("--image", json.dumps(place), "--settings", json.dumps(settings)),
        *("--features", "GENERAL_LABELS", "IMAGE_PROPERTIES"),
    )
    assert status == 0, err
    reply = json.loads(out)
    assert [label["Name"] for label in reply["Labels"]] == ["Zebra"]
    assert reply["ImageProperties"]["Quality"]["Brightness"] > 0


def test_the_aws_cli_tells_what_is_wrong(guarded: Running):
    """Errors come with their names."""
    image = f"fileb://{PHOTOS / 'zebra.jpg'}"
    status, _, err = aws(guarded, "--image-bytes", image, secret="wrong-secret")  # noqa: S106
    assert status != 0
    assert "InvalidSignatureException" in err
    status, _, err = aws(guarded, "--image", '{"S3Object": {"Bucket": "other", "Name": "x"}}')
    assert status != 0
    assert "InvalidS3ObjectException" in err


@pytest.fixture(scope="module")
def javascript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the SDK from npm and the script that uses it."""
    if not (shutil.which("node") and shutil.which("npm")):
        missing("no node and npm for the JavaScript SDK; Debian's packages are nodejs and npm")
    version = call("node", "--version").stdout
    if int(version.lstrip("v").partition(".")[0]) < OLDEST_NODE:
        missing(f"the JavaScript SDK needs Node.js {OLDEST_NODE}, and this is {version.strip()}")
    folder = tmp_path_factory.mktemp("javascript")
    shutil.copytree(SCRIPTS, folder, dirs_exist_ok=True)
    done = call("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", folder=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_javascript_sdk_gets_labels_and_errors(guarded: Running, javascript: Path):
    """Bytes, objects, filters, and the classes of errors that its programs catch."""
    done = call(
        "node",
        "detect.mjs",
        guarded.url,
        PHOTOS / "zebra.jpg",
        folder=javascript,
        AWS_ACCESS_KEY_ID=KEY_ID,
        AWS_SECRET_ACCESS_KEY=SECRET,
        AWS_REGION="eu-west-1",
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["bytes"][0] == "Animal"
    assert found["object"] == found["bytes"]
    assert found["filtered"] == ["Zebra"]
    assert found["brightness"] > 0
    assert found["notAnImage"] == "InvalidImageFormatException"
    assert found["noObject"] == "InvalidS3ObjectException"
    assert found["wrongSecret"] == "InvalidSignatureException"
    assert found["faces"] == "UnknownOperationException"
