"""What a DetectLabels request may say: types, ranges, and what goes together."""

from __future__ import annotations

from typing import Any

import botocore.session
import msgspec
import pytest

from bucketlens.server.protocol.errors import (
    ConstraintError,
    InvalidParameterError,
    SerializationError,
    ServiceError,
)
from bucketlens.server.protocol.requests import (
    DetectLabelsCall,
    check_call,
    features_of,
    read_call,
)

IMAGE = {"Bytes": "aGVsbG8="}


def call(**fields: Any) -> DetectLabelsCall:  # noqa: ANN401
    """A request of these fields."""
    return read_call(msgspec.json.encode({"Image": IMAGE, **fields}))


def filters(**lists: list[str]) -> dict[str, Any]:
    """Settings with these filters of labels."""
    return {"Settings": {"GeneralLabels": lists}}


def test_an_image_is_all_that_is_needed():
    """Everything else has a default."""
    asked = call()
    check_call(asked)
    assert asked.image
    assert asked.image.data == b"hello"
    assert features_of(asked) == ("GENERAL_LABELS",)


@pytest.mark.parametrize(
    "fields",
    [
        {"MaxLabels": 0},
        {"MaxLabels": 5000},
        {"MinConfidence": 0},
        {"MinConfidence": 100.0},
        {"Features": []},
        {"Features": ["GENERAL_LABELS", "IMAGE_PROPERTIES"]},
        {"Features": ["IMAGE_PROPERTIES"]},
        {"MaxLabels": None, "Settings": None, "Features": None},
        {"Settings": {"ImageProperties": {"MaxDominantColors": 0}}},
        {"Settings": {"ImageProperties": {"MaxDominantColors": 20}}},
        filters(LabelInclusionFilters=["Dog", "It's a (small) dog_1.", ""]),
        filters(LabelCategoryExclusionFilters=["x" * 50] * 100),
        {"FieldOfTomorrow": {"is": ["passed", "over"]}},
        {"Image": {"S3Object": {"Bucket": "abc", "Name": "ü/ b+c.jpg", "Version": "1"}}},
    ],
)
def test_what_is_in_range_is_taken(fields: dict[str, Any]):
    """The edges of all ranges belong to them, and null is a field that is not there."""
    check_call(call(**fields))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"Image": None}, "Value null at 'image' .* not be null"),
        ({"Image": {"Bytes": ""}}, "'image.bytes' .* greater than or equal to 1"),
        ({"MaxLabels": -1}, "'-1' at 'maxLabels' .* greater than or equal to 0"),
        ({"MinConfidence": 100.5}, "'100.5' at 'minConfidence' .* less than or equal to 100"),
        ({"MinConfidence": -0.1}, "at 'minConfidence' .* greater than or equal to 0"),
        ({"Features": ["FACES"]}, r"'features' .* enum value set: \[GENERAL_LABELS"),
        ({"Features": ["GENERAL_LABELS"] * 3}, "'features' .* length less than or equal to 2"),
        (
            {"Settings": {"ImageProperties": {"MaxDominantColors": 21}}},
            "maxDominantColors' .* less than or equal to 20",
        ),
        (
            {"Settings": {"ImageProperties": {"MaxDominantColors": -1}}},
            "maxDominantColors' .* greater than or equal to 0",
        ),
        (
            filters(LabelInclusionFilters=["x" * 51]),
            "'settings.generalLabels.labelInclusionFilters' .* less than or equal to 50",
        ),
        (filters(LabelExclusionFilters=["a;b"]), "satisfy regular expression pattern"),
        (
            filters(LabelCategoryInclusionFilters=["a"] * 101),
            "'settings.generalLabels.labelCategoryInclusionFilters' .* less than or equal to 100",
        ),
        ({"Image": {"S3Object": {"Bucket": "ab", "Name": "x"}}}, "s3Object.bucket' .* to 3"),
        ({"Image": {"S3Object": {"Bucket": "a/b/c", "Name": "x"}}}, "bucket' .* pattern"),
        ({"Image": {"S3Object": {"Bucket": "abc", "Name": ""}}}, "s3Object.name' .* to 1"),
        ({"Image": {"S3Object": {"Bucket": "abc", "Name": "x" * 1025}}}, "name' .* to 1024"),
    ],
)
def test_what_is_out_of_range_is_named(fields: dict[str, Any], words: str):
    """The message says which field breaks which rule."""
    with pytest.raises(ConstraintError, match=f"1 validation error detected: .*{words}"):
        check_call(call(**fields))


def test_all_that_is_out_of_range_is_named_at_once():
    """Two mistakes are told in one message."""
    with pytest.raises(ConstraintError, match=r"2 validation errors .*maxLabels.*minConfidence"):
        check_call(call(MaxLabels=-1, MinConfidence=101))


def test_an_image_over_the_limit_is_told_without_its_bytes():
    """The message says how long it is and how long it may be."""
    with pytest.raises(ConstraintError, match=r"'6 bytes' at 'image.bytes' .* or equal to 5$"):
        check_call(call(Image={"Bytes": "aGVsbG8h"}), most_bytes=5)


@pytest.mark.parametrize(
    "fields",
    [
        {"Image": {}},
        {"Image": {**IMAGE, "S3Object": {"Bucket": "abc", "Name": "x"}}},
        {"Features": ["IMAGE_PROPERTIES"], "MaxLabels": 3},
        {"Features": ["IMAGE_PROPERTIES"], "MinConfidence": 70},
    ],
)
def test_what_does_not_go_together_is_refused(fields: dict[str, Any]):
    """One image, in one way; and limits on labels only where labels are asked for."""
    with pytest.raises(InvalidParameterError, match="Request has invalid parameters"):
        check_call(call(**fields))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"Image": 5}',
        b'{"Image": {"Bytes": "not base64!"}}',
        b'{"Image": {"Bytes": "aGVsbG8="}, "MaxLabels": "3"}',
        b'{"Image": {"Bytes": "aGVsbG8="}, "MaxLabels": 3.5}',
        b'{"Image": {"Bytes": "aGVsbG8="}, "Features": "GENERAL_LABELS"}',
        b'{"Image": {"Bytes": "\xff"}}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_such_request_is_a_mistake_of_form(body: bytes):
    """Broken JSON and fields of another type are told from values out of range."""
    with pytest.raises(SerializationError):
        read_call(body)


def members(shape: Any) -> dict[str, Any]:  # noqa: ANN401
    """The fields of a structure of the service model, and theirs, by name."""
    return {
        name: members(member) if member.type_name == "structure" else {}
        for name, member in shape.members.items()
    }


def test_every_field_of_the_service_model_is_read():
    """The structs have the names that botocore's model has, no more and no fewer."""

    def own(struct: type[msgspec.Struct]) -> dict[str, Any]:
        found = {}
        for field in msgspec.structs.fields(struct):
            inner = [
                t for t in getattr(field.type, "__args__", ()) if hasattr(t, "__struct_fields__")
            ]
            found[field.encode_name] = own(inner[0]) if inner else {}
        return found

    model = botocore.session.get_session().get_service_model("rekognition")
    shape = model.operation_model("DetectLabels").input_shape
    assert own(DetectLabelsCall) == members(shape)


def test_every_error_of_the_operation_that_can_happen_is_known():
    """Errors have the names that clients have classes for; the two others can't happen here."""
    model = botocore.session.get_session().get_service_model("rekognition")
    declared = {shape.name for shape in model.operation_model("DetectLabels").error_shapes}
    ours = {kind.code for kind in ServiceError.__subclasses__()}
    assert declared - ours == {"AccessDeniedException", "ProvisionedThroughputExceededException"}
