"""Records: any record survives the way to JSON and back, and nothing else passes for one."""

import json
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect

from bucketlens.record_schema import record_schema
from bucketlens.records import (
    SCHEMA_VERSION,
    FailureFacts,
    FailureRecord,
    ImageFacts,
    LabelRecord,
    ModelFacts,
    Observed,
    Outline,
    Record,
    SourceFacts,
    Tombstone,
    UnreadableRecordError,
    canonical,
    decode_outline,
    decode_record,
    encode_record,
    fingerprint,
)
from bucketlens.types import BoundingBox, Instance, Label, Parent, Scores

# Any text that UTF-8 can hold; a lone surrogate is none.
characters = st.characters(exclude_categories=["Cs"])


def values_of(kind: inspect.Type) -> st.SearchStrategy[Any]:  # noqa: C901, PLR0911 - one a type
    """Any valid value of a type that a record holds, from the type itself."""
    match kind:
        case inspect.Metadata():
            return values_of(kind.type)
        case inspect.StructType():
            return structs_of(kind)
        case inspect.UnionType():
            return st.one_of([values_of(member) for member in kind.types])
        case inspect.VarTupleType():
            return st.lists(values_of(kind.item_type), max_size=2).map(tuple)
        case inspect.StrType(pattern=str(pattern)):
            return st.from_regex(pattern.replace("$", r"\Z"))
        case inspect.StrType():
            return st.text(characters, min_size=kind.min_length or 0, max_size=20)
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType():
            return st.integers(kind.ge or 0, kind.le or 2**53)
        case inspect.FloatType():
            return st.floats(kind.ge, kind.le, allow_nan=False, allow_infinity=False)
        case inspect.BytesType():
            return st.binary(max_size=20)
        case inspect.NoneType():
            return st.none()
        case _:
            raise NotImplementedError(kind)


def structs_of(kind: inspect.StructType) -> st.SearchStrategy[Any]:
    """Any valid value of a struct; a field with a default may be left out."""
    fields = {field.name: field for field in kind.fields}
    names = {field.name: st.deferred(lambda f=field: values_of(f.type)) for field in kind.fields}  # type: ignore[misc]
    names.pop("schema_version", None)
    names.pop("key_bytes", None)  # what encode_record makes of a key, never given by itself
    required = {n: s for n, s in names.items() if fields[n].required}
    optional = {n: s for n, s in names.items() if not fields[n].required}
    drawn = st.fixed_dictionaries(required, optional=optional)
    return drawn.map(lambda values: kind.cls(**values))


label_records = values_of(inspect.type_info(LabelRecord))
records = st.one_of(
    label_records,
    values_of(inspect.type_info(FailureRecord)),
    values_of(inspect.type_info(Tombstone)),
)
validator = jsonschema.Draft202012Validator(record_schema())

FAILURE = FailureRecord(
    failure=FailureFacts(error="too_large", reason="over 15 MB", setting="max_bytes"),
    source=SourceFacts(key="a b/ü.jpg", size=16_000_000),
    limits_fingerprint="0123456789abcdef",
    observed=Observed(etag="e1", modified=1.5, recorded=2.5),
)

LABELS = LabelRecord(
    labels=(
        Label(
            name="Dog",
            confidence=98.5,
            instances=(
                Instance(
                    bounding_box=BoundingBox(width=0.5, height=0.25, left=0.125, top=0.0),
                    confidence=91.0,
                ),
            ),
            parents=(Parent(name="Animal"),),
        ),
    ),
    label_model_version="1.0",
    source=SourceFacts(key="dog.jpg", size=3, sha256="0" * 64),
    image=ImageFacts(format="jpeg", width=4, height=3),
    models=(ModelFacts(name="m", kind="classifier", version="1", sha256="1" * 64),),
    score_fingerprint="00000000000000aa",
    view_fingerprint="00000000000000bb",
    scores=Scores(),
    observed=FAILURE.observed,
)
TOMBSTONE = Tombstone(
    source=SourceFacts(key="gone.jpg", size=0), removed=3.5, sequencer="0055AED6DCD90281E5"
)


@given(records)
def test_any_record_survives_the_round_trip(record: Record):
    """What is written is read back, and writing it again gives the same bytes."""
    data = encode_record(record)
    again = decode_record(data)
    assert again == record
    assert encode_record(again) == data


@given(records)
def test_an_outline_is_the_record(record: Record):
    """It tells the same of the image, and writing it gives the same bytes."""
    data = encode_record(record)
    outline = decode_outline(data)
    assert encode_record(outline) == data
    assert outline.source == record.source
    assert isinstance(outline, Outline) == isinstance(record, LabelRecord)


def test_an_outline_leaves_no_member_out():
    """What it did not know would be gone from each record that is put again."""
    assert Outline.__struct_encode_fields__ == LabelRecord.__struct_encode_fields__


@given(records)
def test_any_record_validates_against_the_schema(record: Record):
    """The published schema is true of what is written."""
    validator.validate(json.loads(encode_record(record)))


def test_a_label_record_reads_as_a_reply_of_detectlabels():
    """What reads Labels from DetectLabels' JSON finds the same names here."""
    document = json.loads(encode_record(LABELS))
    assert document["LabelModelVersion"] == "1.0"
    assert document["Labels"] == [
        {
            "Name": "Dog",
            "Confidence": 98.5,
            "Instances": [
                {
                    "BoundingBox": {"Width": 0.5, "Height": 0.25, "Left": 0.125, "Top": 0.0},
                    "Confidence": 91.0,
                }
            ],
            "Parents": [{"Name": "Animal"}],
            "Aliases": [],
            "Categories": [],
        }
    ]


@pytest.mark.parametrize("record", [LABELS, FAILURE, TOMBSTONE])
def test_the_schema_version_is_always_written(record: Record):
    """A reader of a later version can tell which schema it has before it."""
    assert json.loads(encode_record(record))["schema_version"] == SCHEMA_VERSION


def test_the_schema_asks_for_the_version_and_rejects_what_is_no_record():
    """The schema is no rubber stamp."""
    document = json.loads(encode_record(FAILURE))
    assert validator.is_valid(document)
    assert not validator.is_valid({k: v for k, v in document.items() if k != "schema_version"})
    assert not validator.is_valid(document | {"kind": "other"})
    assert not validator.is_valid(document | {"source": {"key": "k", "size": -1}})


@pytest.mark.parametrize("record", [LABELS, FAILURE, TOMBSTONE])
def test_a_newer_schema_is_not_misread(record: Record):
    """A record of a version that is not known here is stale, not half understood."""
    newer = msgspec.structs.replace(record, schema_version=SCHEMA_VERSION + 1)
    with pytest.raises(UnreadableRecordError, match="newer"):
        decode_record(encode_record(newer))


def test_an_older_schema_is_accepted(monkeypatch: pytest.MonkeyPatch):
    """A version that writes schema 2 goes on reading schema 1, and sees that it is 1."""
    data = encode_record(FAILURE)
    monkeypatch.setattr("bucketlens.records.SCHEMA_VERSION", SCHEMA_VERSION + 1)
    assert decode_record(data).schema_version == SCHEMA_VERSION


def test_fields_of_a_friendly_newer_writer_are_passed_over():
    """A field that is not known here does not make a record unreadable."""
    document = json.loads(encode_record(FAILURE)) | {"mood": "cheerful"}
    assert decode_record(json.dumps(document).encode()) == FAILURE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b"{}",
        b"<html>",
        b"\xff\xfe",
        b'{"kind":"other"}',
        b'{"kind":"tombstone","key":"a","removed":1}{}',
        b'{"kind":"tombstone","key":"a","removed":null}',
        b'{"kind":"tombstone","key":"a","removed":1,"schema_version":0}',
        b'{"kind":"tombstone","key":"a\xed\xa0\x80","removed":1}',
        b'{"kind":"tombstone","key":"\\ud800","removed":1}',
        b'{"kind":"tombstone","x":' + b"[" * 100_000,
    ],
    ids=lambda data: repr(data[:50]),
)
def test_what_is_no_record_is_unreadable(data: bytes):
    """Damaged bytes are stale, never a crash."""
    with pytest.raises(UnreadableRecordError):
        decode_record(data)


@given(st.integers(0, 300))
def test_a_cut_record_is_unreadable(length: int):
    """A write that stopped anywhere in the middle is noticed."""
    data = encode_record(FAILURE)
    with pytest.raises(UnreadableRecordError):
        decode_record(data[: min(length, len(data) - 1)])


@given(st.binary())
def test_any_bytes_are_a_record_or_unreadable(data: bytes):
    """No other exception comes out."""
    with pytest.raises(UnreadableRecordError):
        decode_record(data)


@pytest.mark.parametrize("record", [LABELS, FAILURE])
def test_the_canonical_part_leaves_out_what_was_observed(record: LabelRecord | FailureRecord):
    """The same bytes seen elsewhere at another time compare as equal."""
    elsewhere = Observed(etag="e2", modified=7.0, recorded=8.0, version="v", sequencer="s")
    assert canonical(msgspec.structs.replace(record, observed=elsewhere)) == canonical(record)
    assert b"observed" not in canonical(record)


def test_the_canonical_part_holds_all_the_rest():
    """Another label, source or fingerprint is another record."""
    others = [
        msgspec.structs.replace(LABELS, labels=()),
        msgspec.structs.replace(LABELS, source=SourceFacts(key="cat.jpg", size=3)),
        msgspec.structs.replace(LABELS, score_fingerprint="00000000000000cc"),
        msgspec.structs.replace(LABELS, view_fingerprint="00000000000000cc"),
    ]
    assert len({canonical(record) for record in [LABELS, *others]}) == len(others) + 1


def test_the_canonical_part_holds_names_that_are_not_utf8():
    """Two such names that look alike are told apart by their bytes."""
    keys = [raw.decode("utf-8", "surrogateescape") for raw in (b"caf\xe9.jpg", b"caf\xe8.jpg")]
    sources = [SourceFacts(key=key, size=3) for key in keys]
    records = [msgspec.structs.replace(LABELS, source=source) for source in sources]
    assert len({canonical(record) for record in records}) == 2


def test_tombstones_of_one_key_are_alike():
    """When and by which event an object went does not matter."""
    again = Tombstone(source=TOMBSTONE.source, removed=9.0)
    assert canonical(again) == canonical(TOMBSTONE)
    assert canonical(
        Tombstone(source=SourceFacts(key="other.jpg", size=0), removed=3.5)
    ) != canonical(TOMBSTONE)


def test_a_fingerprint_does_not_depend_on_the_order_of_tables():
    """Two settings files that say the same give the same fingerprint."""
    assert fingerprint({"a": 1, "b": 2}, "x") == fingerprint({"b": 2, "a": 1}, "x")


def test_a_fingerprint_tells_its_parts_apart():
    """Sixteen hex digits that differ when anything differs."""
    marks = {fingerprint("ab", "c"), fingerprint("a", "bc"), fingerprint("abc"), fingerprint()}
    assert len(marks) == 4
    assert all(len(mark) == 16 and int(mark, 16) >= 0 for mark in marks)


@given(label_records)
def test_a_fingerprint_of_records_is_stable(record: LabelRecord):
    """The same value has the same fingerprint after a round trip."""
    assert fingerprint(decode_record(encode_record(record))) == fingerprint(record)
