"""Collections of records for the catalog, and what it must say of them, told from the records."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bucketlens.catalog import Catalog
from bucketlens.moments import moment
from bucketlens.names import output_name
from bucketlens.records import (
    FailureFacts,
    FailureRecord,
    ImageFacts,
    LabelRecord,
    ModelFacts,
    Observed,
    Record,
    SourceFacts,
    Tombstone,
    UnreadableRecordError,
    decode_record,
    encode_record,
)
from bucketlens.settings import Settings
from bucketlens.stores import Store, open_store, store_options
from bucketlens.types import (
    WHOLE,
    Alias,
    Category,
    ClassScores,
    Embedding,
    Instance,
    Label,
    Parent,
    Scores,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bucketlens.catalog import Snapshot

NOON = 1_795_348_800.0
"""22 November 2026, 12:00 UTC."""

KIN = {"Dog": ("Mammal", "Animal"), "Mammal": ("Animal",), "Cat": ("Mammal", "Animal")}

_spaces = count()


def label(name: str, confidence: float = 90.0, *, boxes: int = 0) -> Label:
    """A label with the parents that it has here, and so many boxes."""
    return Label(
        name=name,
        confidence=confidence,
        instances=(Instance(bounding_box=WHOLE, confidence=confidence),) * boxes,
        parents=tuple(Parent(parent) for parent in KIN.get(name, ())),
        aliases=(Alias(f"{name} Too"),),
        categories=(Category("Animals and Pets" if name in {*KIN, "Animal"} else "Colors"),),
    )


def scores(seed: int = 0) -> Scores:
    """Scores that differ by the seed."""
    codes = bytes((seed + place) % 256 for place in range(16))
    return Scores(
        classes=(ClassScores(box=WHOLE, codes=codes, energy=1.0 + seed),),
        embedding=Embedding(codes=codes[::-1], scale=0.5),
    )


def labelled(
    key: str,
    *labels: Label,
    modified: float = NOON,
    taken: str | None = None,
    seed: int = 0,
    page: str | None = "look",
    **image: int,
) -> LabelRecord:
    """A record of labels."""
    return LabelRecord(
        labels=labels,
        label_model_version="test-1",
        source=SourceFacts(key=key, size=1000, sha256="0" * 64),
        image=ImageFacts(
            format="jpeg",
            width=image.get("width", 400),
            height=image.get("height", 300),
            taken=taken,
        ),
        models=(ModelFacts(name="net", kind="classifier", version="1", sha256="0" * 64),),
        score_fingerprint=f"scores-{seed}",
        view_fingerprint="view-1",
        scores=scores(seed),
        observed=Observed(
            etag=f"e{modified}", modified=modified, recorded=NOON, page=page, pictures=page
        ),
    )


def failed(key: str, code: str = "damaged", modified: float = NOON) -> FailureRecord:
    """A record of a failure."""
    return FailureRecord(
        failure=FailureFacts(error=code, reason=f"it is {code}", setting="max_bytes"),
        source=SourceFacts(key=key, size=10),
        limits_fingerprint="limits-1",
        observed=Observed(etag="e", modified=modified, recorded=NOON),
    )


def buried(key: str) -> Tombstone:
    """A tombstone."""
    return Tombstone(source=SourceFacts(key=key, size=0), removed=NOON)


class Row(NamedTuple):
    """What the catalog must say of an image, whatever its ids are."""

    key: str
    kind: str
    etag: str
    taken: float
    page: bool
    failure: str | None
    categories: tuple[str, ...]
    labels: tuple[tuple[str, float, int, bool], ...]
    scores: bytes
    embedding: bytes


@dataclass
class Cabinet:
    """Records, and a catalog of them."""

    private: Store
    records: Store
    now: float = field(default_factory=time.time)

    @property
    def catalog(self) -> Catalog:
        """A catalog that has nothing in its memory."""
        return Catalog(self.private, self.records, clock=lambda: self.now)

    def put(self, *records: Record) -> None:
        """Put records where they belong."""
        for record in records:
            self.records.put(output_name(record.source.key, ".json"), encode_record(record))

    def remove(self, key: str) -> None:
        """Remove a record."""
        self.records.delete(output_name(key, ".json"))

    def truth(self) -> dict[str, Row]:
        """What the records say, each read whole, by name."""
        rows = {}
        for info in self.records.list():
            blob = self.records.get(info.key)
            try:
                record = decode_record(blob.data)
            except UnreadableRecordError:
                continue
            if not isinstance(record, Tombstone):
                rows[info.key.removesuffix(".json")] = _row_of(record, blob.info.etag)
        return rows


def _row_of(record: LabelRecord | FailureRecord, etag: str) -> Row:
    modified = record.observed.modified
    if isinstance(record, FailureRecord):
        code = record.failure.error
        return Row(record.source.key, "failure", etag, modified, False, code, (), (), b"", b"")
    refined = {parent.name for label in record.labels for parent in label.parents}
    found = record.scores.embedding
    return Row(
        record.source.key,
        "labels",
        etag,
        moment(record.image.taken, modified).seconds,
        record.observed.page is not None,
        None,
        tuple(sorted({c.name for label in record.labels for c in label.categories})),
        tuple(
            sorted(
                (x.name, x.confidence, len(x.instances), x.name not in refined)
                for x in record.labels
            )
        ),
        msgspec.json.encode(msgspec.structs.replace(record.scores, embedding=None)),
        b"" if found is None else found.codes,
    )


def told(snapshot: Snapshot) -> dict[str, Row]:
    """What a state of the catalog says of all images, by name."""
    tables = ("images", "labels", "vocabulary", "scores", "embeddings")
    with snapshot.connect(tables) as engine:
        labels: dict[int, list[tuple[str, float, int, bool]]] = {}
        for image, *rest in engine.execute(
            "SELECT image, name, confidence, instances, specific FROM labels"
            " LEFT JOIN vocabulary v ON v.id = label"
        ).fetchall():
            labels.setdefault(image, []).append((rest[0], rest[1], rest[2], rest[3]))
        kept = dict(engine.execute("SELECT image, scores FROM scores").fetchall())
        vectors = dict(engine.execute("SELECT image, codes FROM embeddings").fetchall())
        images = engine.execute(
            "SELECT id, name, coalesce(decode(key_bytes), key), kind, record_etag, epoch(taken),"
            " page, failure, categories FROM images"
        ).fetchall()
    rows = {
        name: Row(
            *(key, kind, etag, taken, page, failure),
            tuple(categories),
            tuple(sorted(labels.pop(number, []))),
            kept.pop(number, "").encode(),
            vectors.pop(number, b""),
        )
        for number, name, key, kind, etag, taken, page, failure, categories in images
    }
    assert len(rows) == len(images), "a name has two rows"
    assert not labels, "labels of no image"
    assert not kept, "scores of no image"
    assert not vectors, "embeddings of no image"
    assert snapshot.images == len(rows)
    assert snapshot.labelled == sum(row.kind == "labels" for row in rows.values())
    return rows


def ids(snapshot: Snapshot) -> dict[str, int]:
    """The id of each name."""
    with snapshot.connect() as engine:
        return dict(engine.execute("SELECT name, id FROM images").fetchall())


def new_cabinet(folder: Path | None = None) -> Cabinet:
    """An empty one, in a folder or in memory."""
    root = str(folder / "out") if folder else f"memory://catalog{next(_spaces)}"
    options = store_options(Settings(), fresh=True)
    return Cabinet(open_store(root, options), open_store(f"{root}/metadata", options))


def keys(snapshot: Snapshot) -> Iterable[str]:
    """All keys, newest first."""
    with snapshot.connect() as engine:
        return [k for (k,) in engine.execute("SELECT key FROM images ORDER BY id DESC").fetchall()]
