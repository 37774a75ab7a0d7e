"""One call: what is sent, what comes back, what each refusal means."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import boto3
import botocore.config
import pytest
from botocore.stub import Stubber
from tests.rekognition.double import OPERATION, REPLY, Double, Refused, checked

from bucketlens.errors import ConfigError, InputError, TransientError, UnsupportedError
from bucketlens.models.rekognition import (
    DetectLabels,
    DetectLabelsRequest,
    LostAnswerError,
    RefusedImageError,
    S3Image,
    ThrottledError,
    UnreadableObjectError,
    connect,
    parse_reply,
)
from bucketlens.models.rekognition.refusals import ACTIONS, meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bucketlens.settings import Feature

BOTH: tuple[Feature, ...] = ("GENERAL_LABELS", "IMAGE_PROPERTIES")
REQUEST = DetectLabelsRequest(features=BOTH, min_confidence=30.0)


@pytest.fixture
def stub() -> Iterator[tuple[DetectLabels, Stubber]]:
    """The operation with a client that checks arguments and answers against the model."""
    client = boto3.client(
        "rekognition",
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - no secret
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )
    with Stubber(client) as stubber:
        yield DetectLabels(client), stubber
        stubber.assert_no_pending_responses()


@pytest.mark.parametrize("features", [("GENERAL_LABELS",), ("IMAGE_PROPERTIES",), BOTH])
def test_every_request_is_one_that_the_service_takes(features: tuple[Feature, ...]):
    """Whatever is asked for, the arguments are in the model's ranges and of asked features only."""
    arguments = DetectLabelsRequest(features=features, min_confidence=0.0).arguments()
    checked({"Image": {"Bytes": b"x"}, **arguments}, OPERATION.input_shape)
    assert ("MinConfidence" in arguments) == ("GENERAL_LABELS" in features)
    assert ("Settings" in arguments) == ("IMAGE_PROPERTIES" in features)


def test_bytes_and_objects_are_sent_in_their_own_ways(stub: tuple[DetectLabels, Stubber]):
    """Bytes as Bytes; an object by bucket, name and, where there is one, version."""
    service, stubber = stub
    arguments = REQUEST.arguments()
    named = {"Bucket": "photos", "Name": "a b+ü.jpg"}
    for image in (
        {"Bytes": b"jpeg"},
        {"S3Object": named},
        {"S3Object": {**named, "Version": "v1"}},
    ):
        stubber.add_response("detect_labels", REPLY, {"Image": image, **arguments})
    service.detect(b"jpeg", REQUEST)
    service.detect(S3Image(bucket="photos", name="a b+ü.jpg"), REQUEST)
    service.detect(S3Image(bucket="photos", name="a b+ü.jpg", version="v1"), REQUEST)
    assert service.region == "eu-west-1"


def test_a_reply_is_kept_with_all_that_it_says():
    """Names, parents, aliases, categories, boxes, colours, qualities and the model's version."""
    reply = parse_reply(REPLY)
    assert [label.name for label in reply.labels] == [label["Name"] for label in REPLY["Labels"]]
    dog = reply.labels[1]
    assert dog.confidence == 98.517
    assert [parent.name for parent in dog.parents] == ["Animal", "Canine", "Mammal", "Pet"]
    assert dog.aliases[0].name == "Hound"
    assert dog.categories[0].name == "Animals and Pets"
    assert dog.instances[0].dominant_colors[0].css_color == "darkkhaki"
    assert reply.label_model_version == "3.0"
    assert reply.image_properties
    assert reply.image_properties.quality.contrast == 79.4
    assert reply.image_properties.foreground.quality.brightness == 70.25


def test_boxes_are_clipped_to_the_picture():
    """A box that reaches beyond an edge ends there."""
    first, second = (place.bounding_box for place in parse_reply(REPLY).labels[1].instances)
    assert (first.top, first.height) == (0.0, 0.828)
    assert (second.left, second.width) == (0.95, 0.05)


def test_any_field_may_be_absent():
    """The model requires none, so neither do we."""
    assert parse_reply({}).labels == ()
    empty = parse_reply({"Labels": [{"Name": "Dog"}], "ImageProperties": {"Quality": {}}})
    assert empty.labels[0].confidence == 0.0
    assert parse_reply({"Labels": [{"Instances": [{}]}]}).labels[0].instances == ()
    assert parse_reply({"ImageProperties": {"DominantColors": [{}]}}).image_properties


def test_every_error_of_the_operation_is_mapped():
    """The service model names the errors; each has a meaning of its own here."""
    declared = {shape.name for shape in OPERATION.error_shapes}
    assert len(declared) >= 8
    assert declared <= set(ACTIONS)


@pytest.mark.parametrize("name", sorted(shape.name for shape in OPERATION.error_shapes))
def test_each_declared_error_arrives_as_ours(stub: tuple[DetectLabels, Stubber], name: str):
    """Through a real client, each error comes out as the class that the doors act upon."""
    service, stubber = stub
    stubber.add_client_error("detect_labels", name, "why", 400)
    with pytest.raises(ACTIONS[name], match=f"Rekognition answered {name}: why"):
        service.detect(b"jpeg", REQUEST)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("AccessDeniedException", 400, ConfigError),
        ("ImageTooLargeException", 400, RefusedImageError),
        ("InvalidImageFormatException", 400, RefusedImageError),
        ("InvalidParameterException", 400, UnsupportedError),
        ("InvalidS3ObjectException", 400, UnreadableObjectError),
        ("ProvisionedThroughputExceededException", 400, ThrottledError),
        ("ThrottlingException", 500, ThrottledError),
        ("InternalServerError", 500, TransientError),
        ("ExpiredTokenException", 400, ConfigError),
        ("UnrecognizedClientException", 400, ConfigError),
        ("", 503, TransientError),
    ],
)
def test_an_error_is_what_the_caller_must_do(code: str, status: int, kind: type[Exception]):
    """The image's fault, the operator's, or nobody's for long."""
    assert type(meaning(code, status, "")) is kind


def test_what_never_arrived_is_told_from_what_may_have(
    bare_aws: pytest.MonkeyPatch, double: Double
):
    """A refused connection costs nothing; a broken answer may have been charged."""
    service = connect()

    def hang_up() -> None:
        raise ConnectionAbortedError

    double.before = hang_up
    with pytest.raises(LostAnswerError):
        service.detect(b"jpeg", REQUEST)
    bare_aws.setenv("AWS_ENDPOINT_URL_REKOGNITION", "http://127.0.0.1:1")
    with pytest.raises(TransientError) as unsent:
        connect().detect(b"jpeg", REQUEST)
    assert not isinstance(unsent.value, LostAnswerError)


def test_what_the_model_forbids_is_not_sent(double: Double):
    """Arguments that no request can hold are an object's failure, not a crash."""
    with pytest.raises(InputError):
        connect().detect(S3Image(bucket="photos", name=7), REQUEST)  # type: ignore[arg-type]
    assert not double.requests


def test_refusals_arrive_over_http(double: Double):
    """The wire's own form of an error is understood."""
    double.faults.append(Refused("ProvisionedThroughputExceededException"))
    with pytest.raises(ThrottledError):
        connect().detect(b"jpeg", REQUEST)


def test_a_region_is_needed(bare_aws: pytest.MonkeyPatch):
    """Without one the message says how to set it."""
    bare_aws.setenv("AWS_ACCESS_KEY_ID", "test")
    bare_aws.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with pytest.raises(ConfigError, match="rekognition_region"):
        connect()
    assert connect(region="eu-west-1").region == "eu-west-1"
    bare_aws.setenv("AWS_REGION", "us-west-2")
    assert connect().region == "us-west-2"


@pytest.mark.usefixtures("bare_aws")
def test_credentials_are_needed():
    """They are missed at the start, not at the first image."""
    with pytest.raises(ConfigError, match="credentials"):
        connect(region="eu-west-1")


def test_boto3_is_named_when_it_is_missing():
    """Without the extra, the message says which to install."""
    code = (
        "import sys; sys.modules['boto3'] = None\n"
        "from bucketlens.models.rekognition import connect\n"
        "from bucketlens.errors import ConfigError\n"
        "try: connect()\n"
        "except ConfigError as exc: print(exc)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=_sources()
    )
    assert "bucketlens[rekognition]" in done.stdout


def _sources() -> dict[str, str]:
    import os  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    return {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src")}
