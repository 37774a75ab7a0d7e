"""A collection relabelled by its catalog, and what a dry run says of it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from bucketlens.assembly import Collection, build_view, made_by, relabelling
from bucketlens.assembly.editing import open_editor
from bucketlens.assembly.relabelling import relabel_all
from bucketlens.catalog.schema import SCORES
from bucketlens.edits import Changes
from bucketlens.labels.packing import Packed
from bucketlens.names import output_name
from bucketlens.pipeline.editing import edited_record
from bucketlens.pipeline.noting import Noted
from bucketlens.records import (
    RECORD_SUFFIX,
    FailureFacts,
    FailureRecord,
    ImageFacts,
    LabelRecord,
    ModelFacts,
    Observed,
    SourceFacts,
    canonical,
    decode_record,
    encode_record,
)
from bucketlens.scores import encode_log_probabilities
from bucketlens.settings import Settings
from bucketlens.types import (
    WHOLE,
    ClassScores,
    Detection,
    Embedding,
    Reply,
    Scores,
)

if TYPE_CHECKING:
    from pathlib import Path

    from bucketlens.pipeline.relabelled import Relabelled

IMAGES = 150
FIRST = Settings(pages=False)
VIEW = build_view(FIRST)


def photo(number: int) -> Scores:
    """What models may have said of a picture: some unsure, some odd, some of nothing at all."""
    chance = np.random.default_rng(number)
    if number % 50 == 7:
        return Scores()
    spread = chance.normal(0, chance.uniform(2, 6), 1000)
    codes = encode_log_probabilities(spread - np.log(np.exp(spread).sum()))
    said = ClassScores(box=WHOLE, codes=codes, energy=round(float(chance.normal(9, 2)), 2))
    found = tuple(
        Detection(
            class_index=int(chance.integers(80)),
            score=round(float(chance.random()) ** 2, 4),
            left=0.1,
            top=0.1,
            width=0.25,
            height=0.5,
        )
        for _ in range(chance.integers(12))
    )
    twice = number % 40 == 3
    embedding = Embedding(codes=codes[:64], scale=0.5)
    return Scores(classes=(said, said) if twice else (said,), detections=found, embedding=embedding)


def record_of(number: int, *, models: tuple[str, ...] = ()) -> LabelRecord:
    """The record of a picture as a run under the first settings leaves it."""
    blank = LabelRecord(
        labels=(),
        label_model_version="",
        source=SourceFacts(key=f"{number % 7}/img {number}.jpg", size=9, sha256=f"{number:064x}"),
        image=ImageFacts(format="jpeg", width=4, height=3),
        models=tuple(
            ModelFacts(name="m", kind="classifier", version="1", sha256=one)
            for one in models or sorted(made_by(FIRST))
        ),
        score_fingerprint="others" if models else "ours",
        view_fingerprint="",
        scores=photo(number),
        observed=Observed(etag="e", modified=float(number), recorded=1.0),
    )
    return edited_record(VIEW, blank, Noted())


def put(collection: Collection, record: LabelRecord | FailureRecord) -> None:
    """Put a record, whatever stands."""
    name = output_name(record.source.key, RECORD_SUFFIX)
    collection.records.put(name, encode_record(record))


def relabel(out: Path, settings: Settings, *, dry_run: bool = False) -> Relabelled:
    """Relabel a collection as a new process would."""
    stop = threading.Event()
    return relabel_all(Collection(str(out), settings), settings, stop=stop, dry_run=dry_run)


def told(done: Relabelled) -> tuple[Any, ...]:
    """What a relabelling says of the labels."""
    return (
        (done.changed, done.same, done.stale, done.passed_over),
        (done.gained.counts, done.lost.counts),
        {label: len(keys) for label, keys in done.gained.examples.items()},
    )


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A collection whose catalog is up to date."""
    collection = Collection(str(tmp_path), FIRST)
    for number in range(IMAGES):
        put(collection, record_of(number))
    put(collection, record_of(900, models=("0" * 64,)))
    failure = FailureRecord(
        failure=FailureFacts(error="damaged", reason="it is", setting=None),
        source=SourceFacts(key="broken.jpg", size=3),
        limits_fingerprint="l",
        observed=Observed(etag="e", modified=1.0, recorded=1.0),
    )
    put(collection, failure)
    collection.index.renew()
    return tmp_path


OTHERS = [
    {"min_confidence": 80.0},
    {"min_confidence": 20.0, "max_labels": 5},
    {"exclude_labels": ("Animal",), "display_names": {"Dog": "Hound"}},
    {"label_thresholds": {"Person": 5.0, "Animal": 95.0}},
]


@pytest.mark.parametrize("wanted", OTHERS)
def test_a_dry_run_tells_what_a_relabelling_then_does(out: Path, wanted: dict[str, Any]):
    """By the catalog, by the records without one, and by doing it: the same counts."""
    settings = Settings(pages=False, **wanted)
    records = Collection(str(out), settings).records
    before = {info.key: info.etag for info in records.list()}
    by_catalog = relabel(out, settings, dry_run=True)
    (out / "catalog").rename(out / "no-catalog")
    by_records = relabel(out, settings, dry_run=True)
    (out / "no-catalog").rename(out / "catalog")
    assert {info.key: info.etag for info in records.list()} == before
    done = relabel(out, settings)
    assert told(by_catalog) == told(by_records) == told(done)
    assert done.changed > IMAGES / 10
    assert (done.stale, done.passed_over, done.written) == (1, 1, IMAGES)


@pytest.mark.parametrize("wanted", OTHERS)
def test_relabelled_records_are_those_of_a_fresh_run(out: Path, wanted: dict[str, Any]):
    """Labels and fingerprints are as if the images had been labelled under these settings."""
    settings = Settings(pages=False, **wanted)
    relabel(out, settings)
    view = build_view(settings)
    records = Collection(str(out), settings).records
    for number in range(IMAGES):
        fresh = edited_record(view, record_of(number), Noted())
        stands = records.get(output_name(fresh.source.key, RECORD_SUFFIX)).data
        assert canonical(decode_record(stands)) == canonical(fresh)


def test_what_is_done_is_not_done_again(out: Path):
    """A second relabelling writes nothing, whether the catalog knows of the first or not."""
    settings = Settings(pages=False, min_confidence=80.0)
    names = ("catalog", "old-catalog")
    (out / names[0]).rename(out / names[1])
    relabel(out, settings)
    again = relabel(out, settings)
    assert (again.changed, again.written, again.same) == (0, 0, IMAGES)
    (out / names[0]).rename(out / "newer")
    (out / names[1]).rename(out / names[0])
    behind = relabel(out, settings)
    assert (behind.changed, behind.written, behind.same) == (0, 0, IMAGES)


def test_records_that_are_newer_than_the_catalog_win(out: Path):
    """What the catalog says of a record that was replaced since counts for nothing."""
    settings = Settings(pages=False, min_confidence=99.0)
    collection = Collection(str(out), settings)
    view = build_view(settings)
    for number in range(0, IMAGES, 2):
        put(collection, edited_record(view, record_of(number), Noted()))
    dry = relabel(out, settings, dry_run=True)
    done = relabel(out, settings)
    assert told(dry) == told(done)
    assert done.written == IMAGES // 2


def test_what_people_said_holds_and_is_foreseen(out: Path):
    """Labels that they took away stay away, and those that they added stay."""
    editor = open_editor(Collection(str(out), FIRST), FIRST)
    editor.edit("1/img 1.jpg", Changes(add=("Unicorn",)), "me")
    editor.edit("2/img 2.jpg", Changes(remove=("Person", "Animal")), "me")
    settings = Settings(pages=False, min_confidence=5.0)
    dry = relabel(out, settings, dry_run=True)
    done = relabel(out, settings)
    assert told(dry) == told(done)
    shown = {}
    for number in (1, 2):
        name = output_name(f"{number}/img {number}.jpg", RECORD_SUFFIX)
        record = decode_record(Collection(str(out), settings).records.get(name).data)
        assert isinstance(record, LabelRecord)
        shown[number] = {label.name for label in record.labels}
    assert "Unicorn" in shown[1]
    assert not shown[2] & {"Person", "Animal"}


def test_a_damaged_catalog_is_done_without(out: Path):
    """A dry run reads the records then."""
    settings = Settings(pages=False, min_confidence=80.0)
    whole = relabel(out, settings, dry_run=True)
    for path in (out / "catalog").glob("scores-*.parquet"):
        path.write_bytes(b"nothing of the kind")
    assert told(relabel(out, settings, dry_run=True)) == told(whole)


def test_scores_with_a_reply_are_of_other_models(out: Path):
    """A service's record in a collection of models is left to a run, and is no mistake."""
    replied = msgspec.structs.replace(
        record_of(901, models=("1" * 64,)), scores=Scores(reply=Reply())
    )
    put(Collection(str(out), FIRST), replied)
    dry = relabel(out, Settings(pages=False, min_confidence=80.0), dry_run=True)
    assert dry.stale == 2


def test_other_processes_tell_the_same(out: Path, monkeypatch: pytest.MonkeyPatch):
    """They list the records and compare labels; records newer than the catalog among them."""
    settings = Settings(pages=False, min_confidence=30.0)
    view = build_view(settings)
    for number in range(0, IMAGES, 3):
        put(Collection(str(out), settings), edited_record(view, record_of(number), Noted()))
    alone = relabel(out, settings, dry_run=True)
    monkeypatch.setattr(relabelling, "ALONE", 10)
    together = relabel(out, settings, dry_run=True)
    assert (told(together), together.gained) == (told(alone), alone.gained)
    assert told(relabel(out, settings)) == told(alone)


def test_a_catalog_from_before_scores_were_packed_serves_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Its rows are read from their records, also where newer rows were merged with them."""
    collection = Collection(str(tmp_path), FIRST)
    settings = Settings(pages=False, min_confidence=80.0)
    for number in range(10, 50):
        put(collection, record_of(number))
    with monkeypatch.context() as patched:
        old = SCORES._replace(columns=SCORES.columns[:2])
        patched.setattr("bucketlens.catalog.pieces.SCORES", old)
        collection.index.renew()
    before = relabel(tmp_path, settings, dry_run=True)
    assert before.changed > 4
    for number in range(60, 100):
        put(collection, record_of(number))
    collection.index.renew()
    dry = relabel(tmp_path, settings, dry_run=True)
    collection.catalog.compact()
    assert collection.catalog.check().sound
    merged = relabel(tmp_path, settings, dry_run=True)
    assert told(merged) == told(dry) == told(relabel(tmp_path, settings))
    with collection.catalog.snapshot().connect(["scores"]) as engine:
        packed = engine.execute("SELECT count(*), count(objects) FROM scores").fetchall()
    assert packed == [(80, 39)]  # at one of the newer ones the classifier looked twice


def test_packed_scores_that_a_view_can_not_take_are_read_from_their_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Codes of another number of classes than the classifier has, in a catalog gone wrong."""
    collection = Collection(str(tmp_path), FIRST)
    for number in range(40):
        put(collection, record_of(number))
    with monkeypatch.context() as patched:
        short = Packed(b"abc", 1.0, b"")
        patched.setattr("bucketlens.catalog.stored.pack", lambda _: short)
        collection.index.renew()
    settings = Settings(pages=False, min_confidence=80.0)
    dry = relabel(tmp_path, settings, dry_run=True)
    assert dry.changed > 4
    assert told(dry) == told(relabel(tmp_path, settings))
