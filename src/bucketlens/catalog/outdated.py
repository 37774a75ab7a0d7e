"""Rows whose labels are of another view, and the stored scores to make them again from.

Nothing here reads a record. Rows that are not as their records, and those that the catalog can't
tell enough of, are named, so that whoever asks reads those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bucketlens.catalog.engine import mapped, parquet
from bucketlens.catalog.schema import SCORES
from bucketlens.labels.packing import PackedMany

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

FETCHED = 65_536
"""Names that are fetched at once."""

SORTED = """
CREATE OR REPLACE TABLE sorted_out AS
SELECT id, name, key, record_etag, scored, scores_digest, CASE
    WHEN name IN (SELECT name FROM wanted) THEN 'unknown'
    WHEN kind = 'failure' THEN 'failure'
    WHEN score_fingerprint IN (SELECT value FROM others) THEN 'stale'
    WHEN score_fingerprint NOT IN (SELECT value FROM mine) THEN 'unknown'
    WHEN contains(view_fingerprint, '.') OR sha256 IN (SELECT value FROM edited) THEN 'unknown'
    WHEN view_fingerprint = $view THEN 'current'
    WHEN scored IN (SELECT id FROM {scores} WHERE objects IS NOT NULL) THEN 'outdated'
    ELSE 'unknown' END AS what
FROM images
"""

OUTDATED = """
SELECT o.id, o.key, s.codes, s.energy, s.objects FROM {scores} s
JOIN (SELECT * FROM sorted_out WHERE what = 'outdated') o ON o.scored = s.id
"""

NAMED = """
SELECT name, record_etag, scored, scores_digest, what = 'outdated' FROM sorted_out
WHERE what IN ({what}) AND name NOT IN (SELECT name FROM wanted) {unknown} ORDER BY name
"""

UNKNOWN = "UNION ALL SELECT DISTINCT name, NULL, NULL, NULL, false FROM wanted"

STANDING = """
SELECT g.place, l.label, l.confidence, l.instances FROM labels l JOIN given g ON g.id = l.image
"""


class Counts(NamedTuple):
    """How many rows are what.

    Attributes:
        current: Labels of this view.
        outdated: Labels of another view, of the same models.
        stale: Labels of other models.
        failures: Of images that have none.
    """

    current: int
    outdated: int
    stale: int
    failures: int


class Row(NamedTuple):
    """A record, and what the catalog knows of it.

    Attributes:
        name: Safe name of its key.
        etag: The version that the row shows; None where that is not the one that stands.
        scored: Of the row.
        digest: Of the row: ``scores_digest``.
        packed: Its scores are packed, so that they are in the form that bucketlens writes.
    """

    name: str
    etag: str | None = None
    scored: int | None = None
    digest: int | None = None
    packed: bool = False


class Scored(NamedTuple):
    """Some images with labels of another view.

    Attributes:
        ids: Their rows.
        keys: As people read them.
        scores: What a view needs of their scores.
        place: Of each label that is shown now: the place of its image among these.
        label: Its id in the vocabulary.
        confidence: 0 to 100.
        instances: In how many places of the image it is seen.
    """

    ids: NDArray[np.int64]
    keys: Sequence[str]
    scores: PackedMany
    place: NDArray[np.int64]
    label: NDArray[np.int32]
    confidence: NDArray[np.float32]
    instances: NDArray[np.int16]


class Word(NamedTuple):
    """A label as the vocabulary has it."""

    id: int
    name: str


class Outdated:
    """The rows of one state of the catalog, sorted out by what a view asks for.

    Args:
        engine: With the catalog's tables, and the table ``wanted``: names of records that are not
            as these show them.
        scores: The files of stored scores, in groups that are read at once.
    """

    def __init__(self, engine: DuckDBPyConnection, scores: Sequence[Sequence[Path]]) -> None:
        """Ask nothing yet."""
        self._engine = engine
        self._scores = scores

    def made(self) -> list[tuple[str, str]]:
        """Each score fingerprint of labels, with the name of a record that has it."""
        return self._fetched(
            "SELECT score_fingerprint, min(name) FROM images WHERE kind = 'labels'"
            " AND name NOT IN (SELECT name FROM wanted) GROUP BY ALL ORDER BY ALL"
        )

    def sort(
        self, view: str, *, mine: Iterable[str], others: Iterable[str], edited: Iterable[str]
    ) -> Counts:
        """Sort out all rows; to be called before what follows.

        Args:
            view: Fingerprint of the view, without edits.
            mine: Score fingerprints of the models that it understands.
            others: Score fingerprints of other models; of what is in neither the record is read.
            edited: sha256 of the pictures that people said something about.
        """
        with mapped("the look for labels of other settings"):
            for name, values in (("mine", mine), ("others", others), ("edited", edited)):
                self._give(name, values)
            files = [path for group in self._scores for path in group]
            query = SORTED.format(scores=parquet(files, SCORES))
            self._engine.execute(query, {"view": view})
        found = dict(self._fetched("SELECT what, count(*) FROM sorted_out GROUP BY what"))
        return Counts(*(found.get(what, 0) for what in ("current", "outdated", "stale", "failure")))

    def records(self, *what: str) -> Iterator[Row]:
        """Records: ``outdated`` or ``current`` ones, ``unknown`` where one must be read.

        Nothing else can be asked until all of them are fetched.
        """
        marks = ", ".join("?" * len(what))
        query = NAMED.format(what=marks, unknown=UNKNOWN if "unknown" in what else "")
        with mapped("the look for labels of other settings"):
            self._engine.execute(query, what)
            while rows := self._engine.fetchmany(FETCHED):
                yield from map(Row._make, rows)

    def named(self, ids: Sequence[int]) -> list[str]:
        """The names of the records of these rows."""
        rows = self._fetched("SELECT name FROM sorted_out WHERE id IN $ids ORDER BY name", ids=ids)
        return [name for (name,) in rows]

    def vocabulary(self) -> list[Word]:
        """All labels."""
        return [Word(*row) for row in self._fetched("SELECT id, name FROM vocabulary")]

    def scored(self) -> Iterator[Scored]:
        """The outdated rows with their scores, newest first within each part."""
        for group in self._scores:
            with mapped("the reading of stored scores"):
                query = OUTDATED.format(scores=parquet(group, SCORES))
                found = self._engine.execute(query).fetchnumpy()
                if len(found["id"]):
                    yield self._with_labels(found)

    def _with_labels(self, found: dict[str, NDArray[Any]]) -> Scored:
        order = np.argsort(-found["id"])
        ids = found["id"][order]
        self._engine.register("given", {"id": ids, "place": np.arange(len(ids))})
        standing = self._engine.execute(STANDING).fetchnumpy()
        self._engine.unregister("given")
        by_image = np.argsort(standing["place"], kind="stable")
        scores = PackedMany(
            found["codes"][order].tolist(),
            np.ma.filled(found["energy"], np.nan)[order],
            found["objects"][order].tolist(),
        )
        return Scored(
            ids,
            found["key"][order].tolist(),
            scores,
            *(standing[name][by_image] for name in ("place", "label", "confidence", "instances")),
        )

    def _give(self, name: str, values: Iterable[str]) -> None:
        """Make a table of texts."""
        self._engine.register("given", {"value": np.array([*values, ""], dtype=object)})
        self._engine.execute(
            f"CREATE OR REPLACE TABLE {name} AS SELECT value FROM given WHERE value <> ''"
        )
        self._engine.unregister("given")

    def _fetched(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        with mapped("the look for labels of other settings"):
            return self._engine.execute(query, values).fetchall()
