"""boto3, as programs use it, against a running server."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator
from PIL import Image
from tests.server.asking import PHOTOS, start
from tests.server.conftest import KEY_ID, SECRET

from bucketlens.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.server.asking import Running

Client = Any
"""A client of boto3, whose classes are made while it runs."""

ZEBRA = (PHOTOS / "zebra.jpg").read_bytes()
BOTH = ["GENERAL_LABELS", "IMAGE_PROPERTIES"]


def client_of(
    running: Running, key: str = KEY_ID, secret: str = SECRET, token: str | None = None
) -> Client:
    """A client of Rekognition with its address changed, and nothing else."""
    return boto3.client(
        "rekognition",
        endpoint_url=running.url,
        region_name="eu-west-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def rekognition(guarded: Running) -> Client:
    """A client whose requests are verified."""
    return client_of(guarded)


def picture(width: int, height: int, kind: str = "PNG") -> bytes:
    """A grey picture of a size."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), (90, 120, 90)).save(file, kind)
    return file.getvalue()


def names(reply: dict[str, Any]) -> list[str]:
    """Of the labels."""
    return [label["Name"] for label in reply["Labels"]]


def refusal(call: Callable[[], object]) -> tuple[str, int, str]:
    """Name, HTTP status and message of the error that a call ends in."""
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    return answer["Error"]["Code"], status, answer["Error"]["Message"]


def test_yesterdays_script_works(rekognition: Client):
    """Labels with parents, categories and boxes, surest first."""
    reply = rekognition.detect_labels(Image={"Bytes": ZEBRA}, MaxLabels=10, MinConfidence=75)
    zebra = next(label for label in reply["Labels"] if label["Name"] == "Zebra")
    assert {parent["Name"] for parent in zebra["Parents"]} >= {"Animal", "Mammal"}
    assert zebra["Categories"] == [{"Name": "Animals and Pets"}]
    assert 0 < zebra["Instances"][0]["BoundingBox"]["Width"] <= 1
    confidences = [label["Confidence"] for label in reply["Labels"]]
    assert confidences == sorted(confidences, reverse=True)
    assert reply["LabelModelVersion"].startswith("bucketlens-")
    assert len(reply["ResponseMetadata"]["RequestId"]) == 36


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"MaxLabels": 3},
        {"MinConfidence": 20.5},
        {"Features": BOTH},
        {"Features": ["IMAGE_PROPERTIES"]},
        {"Features": BOTH, "Settings": {"ImageProperties": {"MaxDominantColors": 3}}},
        {"Settings": {"GeneralLabels": {"LabelInclusionFilters": ["Zebra", "Mammal"]}}},
        {"Settings": {"GeneralLabels": {"LabelExclusionFilters": ["Zebra"]}}},
        {"Settings": {"GeneralLabels": {"LabelCategoryInclusionFilters": ["Animals and Pets"]}}},
        {"Settings": {"GeneralLabels": {"LabelCategoryExclusionFilters": ["Animals and Pets"]}}},
    ],
    ids=lambda wanted: json.dumps(wanted)[:60],
)
def test_every_parameter_is_taken_and_every_reply_is_valid(
    rekognition: Client,
    wanted: dict[str, Any],
):
    """Replies to all requests are what the service model of botocore says."""
    reply = rekognition.detect_labels(Image={"Bytes": ZEBRA}, **wanted)
    reply.pop("ResponseMetadata")
    shape = rekognition.meta.service_model.operation_model("DetectLabels").output_shape
    report = ParamValidator().validate(reply, shape)
    assert not report.has_errors(), report.generate_report()
    assert ("ImageProperties" in reply) == ("IMAGE_PROPERTIES" in wanted.get("Features", []))
    assert "Labels" in reply


def test_parameters_do_what_they_say(rekognition: Client):
    """Limits and filters show in the labels."""

    def labels(**wanted: object) -> list[str]:
        return names(rekognition.detect_labels(Image={"Bytes": ZEBRA}, **wanted))

    whole = labels()
    assert labels(MaxLabels=2) == whole[:2]
    assert set(whole) < set(labels(MinConfidence=1))
    only = {"GeneralLabels": {"LabelInclusionFilters": ["Zebra"]}}
    assert labels(Settings=only) == ["Zebra"]


def test_objects_of_a_bucket_are_read_from_its_store(rekognition: Client):
    """A bucket's name stands for a folder here; keys are as they are, blanks and all."""
    there = {"S3Object": {"Bucket": "holiday", "Name": "beagle puppy.jpg"}}
    sent = {"Bytes": (PHOTOS / "beagle puppy.jpg").read_bytes()}
    assert names(rekognition.detect_labels(Image=there)) == names(
        rekognition.detect_labels(Image=sent)
    )


@pytest.mark.parametrize(
    "place",
    [
        {"Bucket": "holiday", "Name": "nothing.jpg"},
        {"Bucket": "holiday", "Name": "../out/site/index.html"},
        {"Bucket": "holiday", "Name": "/etc/passwd"},
        {"Bucket": "another", "Name": "zebra.jpg"},
        {"Bucket": "photos", "Name": "zebra.jpg"},
        {"Bucket": "holiday", "Name": "zebra.jpg", "Version": "2"},
        {"Bucket": "holiday"},
    ],
)
def test_nothing_else_is_read(rekognition: Client, place: dict[str, str]):
    """Other buckets, other places and other versions are all the same: not to be had."""
    code, status, message = refusal(lambda: rekognition.detect_labels(Image={"S3Object": place}))
    assert (code, status) == ("InvalidS3ObjectException", 400)
    assert message.startswith("Unable to get object metadata from S3.")


@pytest.mark.parametrize(
    ("image", "code", "words"),
    [
        (b"not an image", "InvalidImageFormatException", "invalid image format"),
        (picture(300, 300, "WEBP"), "InvalidImageFormatException", "invalid image format"),
        (b"\xff\xd8\xff\xe0 cut off", "InvalidImageFormatException", "invalid image format"),
        (picture(79, 300), "InvalidParameterException", "invalid parameters"),
        (picture(10_001, 90), "ImageTooLargeException", "10001 x 90 exceed maximum dimension"),
        (b"\xff\xd8\xff" + bytes(5_242_880), "ValidationException", "equal to 5242880"),
        (b"\xff\xd8\xff" + bytes(9_000_000), "ValidationException", "equal to 5242880"),
    ],
    ids=["text", "webp", "damaged", "small", "wide", "bytes", "far-too-many-bytes"],
)
def test_what_the_service_does_not_take_is_refused(
    rekognition: Client,
    image: bytes,
    code: str,
    words: str,
):
    """Each with the name, the status and the words that the service has for it."""
    found = refusal(lambda: rekognition.detect_labels(Image={"Bytes": image}))
    assert found[:2] == (code, 400)
    assert words in found[2]


def test_the_script_of_the_docs_runs(server: Running, root: Path, tmp_path: Path):
    """As it stands there, but for the port."""
    page = (root / "docs" / "server.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "photo.jpg").write_bytes(ZEBRA)
    done = subprocess.run(
        [sys.executable, "-c", script.replace("http://127.0.0.1:8080", server.url)],
        cwd=tmp_path,
        env={**os.environ, "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "'Zebra'" in done.stdout


def test_errors_have_the_classes_of_the_client(rekognition: Client):
    """What programs catch by class is caught."""
    with pytest.raises(rekognition.exceptions.InvalidImageFormatException):
        rekognition.detect_labels(Image={"Bytes": b"x"})


def test_an_object_over_the_limit_is_too_large(folder: Path, credentials: Path):
    """15 MB of an object, not more; the limit can be lowered and is kept."""
    running = start(
        folder, "--credentials", str(credentials), buckets='{"holiday": "photos"}', max_bytes="9000"
    )
    try:
        place = {"S3Object": {"Bucket": "holiday", "Name": "zebra.jpg"}}
        client = client_of(running)
        assert refusal(lambda: client.detect_labels(Image=place)) == (
            "ImageTooLargeException",
            400,
            "Image size is too large",
        )
    finally:
        running.stop()


def test_other_operations_are_unknown(rekognition: Client):
    """The service has many; this server has one."""
    found = refusal(lambda: rekognition.detect_faces(Image={"Bytes": ZEBRA}))
    assert found[:2] == ("UnknownOperationException", 400)


@pytest.mark.parametrize(
    ("key", "secret", "token", "code"),
    [
        (KEY_ID, "wrong", None, "InvalidSignatureException"),
        ("BLKNOBODYNOBODYNOBOD", SECRET, None, "UnrecognizedClientException"),
        ("BLKEXPIRED0000000001", SECRET, None, "ExpiredTokenException"),
        ("BLKTEMPORARY00000001", SECRET, None, "UnrecognizedClientException"),
        ("BLKTEMPORARY00000001", SECRET, "other", "UnrecognizedClientException"),
    ],
)
def test_wrong_credentials_are_refused(
    guarded: Running, key: str, secret: str, token: str | None, code: str
):
    """Wrong secrets, unknown and expired keys, missing and wrong session tokens."""
    client = client_of(guarded, key, secret, token)
    assert refusal(lambda: client.detect_labels(Image={"Bytes": ZEBRA}))[:2] == (code, 400)


def test_temporary_credentials_are_taken(guarded: Running):
    """With their session token."""
    client = client_of(guarded, "BLKTEMPORARY00000001", SECRET, "session-token")
    assert client.detect_labels(Image={"Bytes": ZEBRA}, MaxLabels=1)["Labels"]


def test_an_unsigned_request_is_refused_where_keys_are_demanded(guarded: Running):
    """A token for the REST API is no signature either."""
    target = {"x_amz_target": "RekognitionService.DetectLabels"}
    for headers in (target, {**target, "authorization": "Bearer a-token-of-the-tests"}):
        answer = guarded.ask("/", "POST", b"{}", **headers)
        assert answer.status == 400
        assert answer.json["__type"] in {
            "MissingAuthenticationTokenException",
            "IncompleteSignatureException",
        }
        assert set(answer.json) == {"__type", "Code", "Logref", "Message"}


def test_without_credentials_any_signature_is_taken(server: Running):
    """On this machine alone, a server without credentials answers whoever asks."""
    reply = client_of(server, "anybody", "anything").detect_labels(Image={"Bytes": ZEBRA})
    assert "Zebra" in names(reply)


def test_lenient_servers_take_what_bucketlens_reads(folder: Path):
    """Other formats, and pictures smaller than the service takes."""
    running = start(folder, "--lenient")
    try:
        client = client_of(running)
        for image in (picture(300, 300, "WEBP"), picture(40, 40)):
            assert "Labels" in client.detect_labels(Image={"Bytes": image}, MinConfidence=1)
    finally:
        running.stop()


def test_the_labels_are_those_of_the_record(guarded: Running, labelled: Path):
    """The same bytes give the same labels through this door as through `bucketlens run`."""
    record = json.loads(open_store(str(labelled / "out" / "metadata")).get("zebra.jpg.json").data)
    reply = client_of(guarded).detect_labels(Image={"Bytes": ZEBRA}, Features=BOTH)
    assert reply["Labels"] == record["Labels"]
    assert reply["ImageProperties"] == record["ImageProperties"]
    assert reply["LabelModelVersion"] == record["LabelModelVersion"]
