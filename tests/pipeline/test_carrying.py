"""Records whose scores are passed on are those that reading and encoding them whole would give."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.labels.test_showing import CLASSIFIER, DETECTOR, VIEWS, photo, wishes

from bucketlens.catalog.extracts import LabelRecordExtract, extract, own_scores, scores_text
from bucketlens.edits import Edit
from bucketlens.labels.showing import BatchView
from bucketlens.pipeline.carrying import carried_records, labels_of
from bucketlens.pipeline.editing import edited_record
from bucketlens.pipeline.noting import Noted
from bucketlens.records import (
    ImageFacts,
    LabelRecord,
    ModelFacts,
    Observed,
    Outline,
    SourceFacts,
    decode_outline,
    decode_record,
    encode_record,
)
from bucketlens.settings import Settings
from bucketlens.types import Embedding, PictureTones, Scores, Swatch, Tone

if TYPE_CHECKING:
    from collections.abc import Callable

VIEW = VIEWS[True, True, True]


def tone(chance: np.random.Generator) -> Tone:
    """How some region looks, with as many colours as chance has it."""
    colors = tuple(
        Swatch(f"#{chance.integers(1 << 24):06x}", round(float(chance.uniform(0, 100)), 1))
        for _ in range(chance.integers(12))
    )
    brightness, sharpness = (round(float(chance.uniform(0, 100)), 1) for _ in range(2))
    contrast = 31.5 if chance.random() < 0.5 else None
    return Tone(brightness=brightness, sharpness=sharpness, contrast=contrast, colors=colors)


def scores_of(chance: np.random.Generator) -> Scores:
    """What models may have said of a picture."""
    plain = photo(chance, len(CLASSIFIER.labels), len(DETECTOR.labels))
    tones = PictureTones(whole=tone(chance), foreground=tone(chance), background=tone(chance))
    return msgspec.structs.replace(
        plain,
        embedding=Embedding(codes=chance.bytes(64), scale=float(chance.random()))
        if chance.random() < 0.8
        else None,
        tones=tones if chance.random() < 0.8 else None,
        reply=None,
    )


def record_of(chance: np.random.Generator) -> LabelRecord:
    """A record as a run leaves it, perhaps with what people said."""
    edits = (Edit(label="Dog", removed=True, by="me", at=1.5),) if chance.random() < 0.3 else ()
    blank = LabelRecord(
        labels=(),
        label_model_version="",
        source=SourceFacts(key="ü \udcff.jpg", size=9, sha256="a" * 64),
        image=ImageFacts(format="jpeg", width=4, height=3, taken="2020-02-02T02:02:02"),
        models=(ModelFacts(name="m", kind="classifier", version="1", sha256="0" * 64),),
        score_fingerprint="s",
        view_fingerprint="v",
        scores=scores_of(chance),
        observed=Observed(etag="e", modified=1e-7, recorded=1.0, edits="e" if edits else None),
    )
    return edited_record(VIEW, blank, Noted(edits, "e" if edits else None))


def outline_of(data: bytes) -> Outline:
    """The record of these bytes, as an outline."""
    outline = decode_outline(data)
    assert isinstance(outline, Outline)
    return outline


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.integers(0, 20), wishes)
def test_what_is_carried_is_what_reading_it_whole_gives(
    seed: int, count: int, wanted: dict[str, Any]
):
    """To the byte, whatever the scores and the settings."""
    view = VIEW.with_settings(Settings(**wanted))
    chance = np.random.default_rng(seed)
    stored = [encode_record(record_of(chance)) for _ in range(count)]
    carried = carried_records(BatchView(view), [outline_of(data) for data in stored])
    for data, record in zip(stored, carried, strict=True):
        whole = decode_record(data)
        assert isinstance(whole, LabelRecord)
        again = edited_record(view, whole, Noted())
        assert encode_record(record) == encode_record(again)
        assert labels_of(record) == again.labels


def own_form(data: bytes) -> bool:
    """What the catalog finds of a record's scores."""
    record = extract(data)
    assert isinstance(record, LabelRecordExtract)
    return own_scores(scores_text(record.scores), record.scores.embedding, data) is not None


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32))
def test_what_bucketlens_writes_is_in_its_own_form(seed: int):
    """So that its scores may be passed on."""
    assert own_form(encode_record(record_of(np.random.default_rng(seed))))


def spaced(document: dict[str, Any]) -> bytes:
    """As most programs write JSON."""
    return json.dumps(document).encode()


def whole_numbers(document: dict[str, Any]) -> bytes:
    """As JavaScript writes it: no decimals where there are none."""
    compact = json.dumps(document, separators=(",", ":"))
    return compact.replace('"percent":40.0', '"percent":40').replace(".0]", "]").encode()


def reordered(document: dict[str, Any]) -> bytes:
    """The members of the scores in another order."""
    scores = dict(reversed(document["scores"].items()))
    return msgspec.json.encode(document | {"scores": scores})


def longer_numbers(document: dict[str, Any]) -> bytes:
    """A score with a nought behind it."""
    data = msgspec.json.encode(document)
    score = b"%s," % msgspec.json.encode(document["scores"]["detections"][0][1])
    return data.replace(score, score[:-1] + b"0,", 1)


def with_more(document: dict[str, Any]) -> bytes:
    """A member that this version does not know."""
    return msgspec.json.encode(document | {"scores": document["scores"] | {"mood": [1]}})


def twice(document: dict[str, Any]) -> bytes:
    """Other scores before those that count."""
    return b'{"scores":{},' + msgspec.json.encode(document)[1:]


@pytest.mark.parametrize(
    "form", [spaced, whole_numbers, reordered, longer_numbers, with_more, twice]
)
def test_what_others_write_is_in_another_form(form: Callable[[dict[str, Any]], bytes]):
    """It is read whole then, since the record would not be that of a fresh run."""
    record = record_of(np.random.default_rng(3))
    assert record.scores.detections
    assert record.scores.detections[0].score not in {0.0, 1.0}
    document = msgspec.json.decode(encode_record(record))
    document["scores"]["detections"][0][2] = 1.0
    data = form(document)
    assert isinstance(decode_record(data), LabelRecord)
    assert not own_form(data)
