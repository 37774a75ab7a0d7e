"""Rows taken from records, kept as columns: what DuckDB reads without a Python object a value.

Rows are numbered by the batch that they were read in: ``row``. Labels are numbered within the
batch too (``word``), since only the catalog knows the ids that hold everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bucketlens.catalog.arrays import lists, numbers, objects, times
from bucketlens.catalog.extracts import LabelRecordExtract, scores_digest, scores_text
from bucketlens.catalog.stored import StoredScores
from bucketlens.moments import LAST, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketlens.catalog.arrays import Columns
    from bucketlens.catalog.extracts import FailureRecordExtract, LabelExtract, PropertiesExtract
    from bucketlens.records import SourceFacts

LEAST_SHARE = 10.0
"""Per cent of the picture that a simple colour must have to be searched by; the largest always."""

SQUARE = 0.05
"""Width and height that differ by at most this share make a square."""

ROW_BITS = 20
"""Rows of a batch are numbered from its own number, shifted by so much."""


LISTS = frozenset({"categories", "colors", "parents", "aliases"})
"""Columns that hold lists; here they stand as JSON."""


_TAKEN = (
    *("row", "kind", "name", "key", "key_bytes", "size", "sha256", "record_etag", "observed"),
    *("taken", "taken_known", "format", "width", "height", "orientation"),
    *("categories", "colors", "color", "model", "label_model_version", "page", "thumbnail"),
    *("failure", "failure_reason", "failure_setting"),
    *("score_fingerprint", "view_fingerprint", "limits_fingerprint", "scored", "scores_digest"),
    "own_scores",
)
"""What is taken from a record, in this order; ``observed`` gives three columns."""

_BOOLEANS = ("taken_known", "page", "thumbnail", "own_scores")
_NUMBERS = ("width", "height", "scored", "scores_digest")


class Batch:
    """Columns that grow by records.

    Args:
        number: Of the batch; parts the numbers of its rows and words from those of others.

    Attributes:
        stored: Scores and embeddings that are new.
    """

    def __init__(self, number: int) -> None:
        """Begin with no rows."""
        self._first = number << ROW_BITS
        self._images: list[tuple[Any, ...]] = []
        self._labels: list[tuple[Any, ...]] = []
        self._words: dict[str, LabelExtract] = {}
        self._places: dict[str, int] = {}
        self.stored = StoredScores()

    def __len__(self) -> int:
        """Rows so far."""
        return len(self._images)

    def add_labels(
        self,
        record: LabelRecordExtract,
        name: str,
        etag: str,
        *,
        data: bytes,
        scored: int,
        known: tuple[int, int] | None = None,
    ) -> None:
        """Take in a record of labels.

        Args:
            record: The record.
            name: The safe name of its key.
            etag: The version of it that was read.
            data: Its JSON.
            scored: The id that its scores get.
            known: ``scored`` and ``scores_digest`` of the row that stands; the same scores are
                not taken again.
        """
        scores = scores_text(record.scores)
        digest = scores_digest(scores, record.scores.embedding)
        own = known is None or known[1] != digest
        if known is not None and not own:
            scored = known[0]
        else:
            self.stored.add(scored, scores, record.scores.embedding, data)
        self.add_viewed(record, name, etag, (scored, digest), own=own)

    def add_viewed(
        self,
        record: LabelRecordExtract,
        name: str,
        etag: str,
        known: tuple[int, int],
        *,
        own: bool = False,
    ) -> None:
        """Take in a record of labels whose scores are known, so that nobody looks at them.

        Args:
            record: The record.
            name: The safe name of its key.
            etag: The version of it.
            known: ``scored`` and ``scores_digest``.
            own: These scores are among those of this batch.
        """
        row = self._first + len(self._images)
        image = record.image
        when = moment(image.taken, record.observed.modified)
        words, color = _colors(record.image_properties)
        categories = {c.name for label in record.labels for c in label.categories}
        self._images.append(
            (
                *(row, "labels", name, *_source(record.source), etag, record.observed),
                *(_micros(when.seconds), when.taken),
                *(image.format, image.width, image.height),
                orientation(image.width, image.height),
                *(sorted(categories), words, color),
                " + ".join(f"{model.name} {model.version}" for model in record.models),
                record.label_model_version,
                *(record.observed.page is not None, bool(record.observed.pictures)),
                *(None, None, None),
                *(record.score_fingerprint, record.view_fingerprint, None),
                *(*known, own),
            )
        )
        service = any(model.kind == "service" for model in record.models)
        self._add_labels(row, record.labels, "service" if service else "model")

    def add_failure(self, record: FailureRecordExtract, name: str, etag: str) -> None:
        """Take in a record of a failure."""
        row = self._first + len(self._images)
        failure = record.failure
        when = moment(None, record.observed.modified)
        self._images.append(
            (
                *(row, "failure", name, *_source(record.source), etag, record.observed),
                *(_micros(when.seconds), False),
                *(None, None, None, None),
                *([], [], None),
                *(None, None),
                *(False, False),
                *(failure.error, failure.reason, failure.setting),
                *(None, None, record.limits_fingerprint),
                *(None, None, False),
            )
        )

    def _add_labels(self, row: int, labels: Sequence[LabelExtract], origin: str) -> None:
        refined = {parent.name for label in labels for parent in label.parents}
        for label in labels:
            name = label.name
            place = self._places.setdefault(name, len(self._places))
            self._words[name] = label
            self._labels.append(
                (
                    row,
                    self._first + place,
                    label.confidence,
                    origin,
                    min(len(label.instances), 32767),
                    name not in refined,
                )
            )

    def images(self) -> Columns:
        """The columns of ``images``, with ``row`` for the id and without ``change``.

        ``own_scores`` says that the scores are among those of this batch.
        """
        columns = dict(zip(_TAKEN, zip(*self._images, strict=True), strict=True))
        observed = columns.pop("observed")
        fixed = {
            "etag": objects([_readable(seen.etag) for seen in observed]),
            "modified": times([_micros(seen.modified) for seen in observed]),
            "recorded": times([_micros(seen.recorded) for seen in observed]),
            "taken": times(columns["taken"]),
            "row": np.array(columns["row"], dtype=np.int64),
            "size": np.array(columns["size"], dtype=np.int64),
            **{name: np.array(columns[name], dtype=np.bool_) for name in _BOOLEANS},
            **{name: numbers(columns[name]) for name in _NUMBERS},
            **{name: lists(columns[name]) for name in LISTS & columns.keys()},
        }
        return {
            name: objects(values) for name, values in columns.items() if name not in fixed
        } | fixed

    def labels(self) -> Columns:
        """The columns of ``labels``, with ``row`` and ``word`` for the ids."""
        columns = list(zip(*self._labels, strict=True)) or [()] * 6
        return {
            "row": np.array(columns[0], dtype=np.int64),
            "word": np.array(columns[1], dtype=np.int64),
            "confidence": np.array(columns[2], dtype=np.float32),
            "origin": objects(columns[3]),
            "instances": np.array(columns[4], dtype=np.int16),
            "specific": np.array(columns[5], dtype=np.bool_),
        }

    def words(self) -> Columns:
        """The columns of ``vocabulary``, with ``word`` for the id."""
        places = self._places.values()
        labels = [self._words[name] for name in self._places]
        return {
            "word": np.array([self._first + place for place in places], dtype=np.int64),
            "name": objects(list(self._places)),
            "parents": lists([[named.name for named in label.parents] for label in labels]),
            "aliases": lists([[named.name for named in label.aliases] for label in labels]),
            "categories": lists([[n.name for n in label.categories] for label in labels]),
        }


def orientation(width: int, height: int) -> str | None:
    """The word for a shape; None for one without an area."""
    if not width or not height:
        return None
    if abs(width - height) <= SQUARE * max(width, height):
        return "square"
    return "landscape" if width > height else "portrait"


def _colors(properties: PropertiesExtract | None) -> tuple[list[str], str | None]:
    """The simple words for the colours of a picture, largest first, and its largest colour."""
    if properties is None or not properties.dominant_colors:
        return [], None
    shares: dict[str, float] = {}
    for color in properties.dominant_colors:
        word = color.simplified_color
        shares[word] = shares.get(word, 0.0) + color.pixel_percent
    words = sorted(shares, key=lambda word: -shares[word])
    chosen = [word for word in words if shares[word] >= LEAST_SHARE] or words[:1]
    return chosen, properties.dominant_colors[0].hex_code


def _source(source: SourceFacts) -> tuple[str, bytes | None, int, str | None]:
    """Key, its bytes where it is no text, size and hash."""
    return _readable(source.key), source.key_bytes, source.size, source.sha256


def _readable(text: str) -> str:
    """A text as UTF-8 can hold it."""
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text


def _micros(seconds: float) -> int:
    return round(max(-LAST, min(seconds, LAST)) * 1e6)
