"""The catalog compared with the records that it was made from, row by row."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from bucketlens.catalog.comparing import unread, want_all
from bucketlens.catalog.engine import CatalogError, mapped, open_engine, parquet
from bucketlens.catalog.files import digest_of
from bucketlens.catalog.incoming import take_in
from bucketlens.catalog.schema import EMBEDDINGS, IMAGES, LABELS, SCORES
from bucketlens.catalog.snapshot import SEARCHED, create_views

if TYPE_CHECKING:
    from collections.abc import Iterable

    from duckdb import DuckDBPyConnection

    from bucketlens.catalog.files import Files
    from bucketlens.catalog.manifest import Manifest
    from bucketlens.catalog.updating import Reader
    from bucketlens.types import ObjectInfo

EXAMPLES = 10
"""Names that are told of each kind of difference."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """How catalog and records compare.

    Attributes:
        images: Rows of the catalog.
        behind: Records that are newer than their row, or have none: an update takes them in.
        surplus: Rows whose record is gone: an update removes them.
        wrong: Rows that say something else than the same version of their record.
        unscored: Rows whose scores or embedding are not there.
        damaged: Files that are missing or not what they were.
        examples: Some names of each, the first of these in the order above.
    """

    images: int = 0
    behind: int = 0
    surplus: int = 0
    wrong: int = 0
    unscored: int = 0
    damaged: int = 0
    examples: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether all that is there is right; it may be behind."""
        return not (self.wrong or self.unscored or self.damaged)


def check(
    manifest: Manifest, files: Files, reader: Reader, listing: Iterable[ObjectInfo]
) -> Checked:
    """Compare a state of the catalog with all records.

    Raises:
        TransientError: The store is away.
    """
    damaged = [name for name in (_damage(files, manifest)) if name]
    if damaged:
        return Checked(
            images=manifest.images, damaged=len(damaged), examples=tuple(damaged[:EXAMPLES])
        )
    with closing(open_engine()) as engine:
        create_views(engine, manifest, files, SEARCHED)
        want_all(engine, listing)
        pieces = tuple(reader.read_all(unread(engine, None, again=False), 0))
        take_in(engine, pieces, again=False)
        with mapped("the check"):
            return _compared(engine, manifest, files)


def _damage(files: Files, manifest: Manifest) -> Iterable[str]:
    """The names of files that are not what they were."""
    for file in manifest.files:
        try:
            (path,) = files.paths([file])
        except CatalogError:
            yield file.name
            continue
        if digest_of(path.read_bytes()) != file.digest:
            yield file.name


def _compared(engine: DuckDBPyConnection, manifest: Manifest, files: Files) -> Checked:
    engine.execute(
        "CREATE TABLE same AS SELECT i.id, r.row, i.name FROM images i"
        " JOIN incoming r USING (name, record_etag)"
    )
    found = {
        "behind": "SELECT name FROM incoming WHERE row NOT IN (SELECT row FROM same)",
        "surplus": "SELECT name FROM images WHERE name NOT IN (SELECT name FROM incoming)",
        "wrong": _wrong(),
        "unscored": _unscored(manifest, files),
    }
    counts = {}
    examples: list[str] = []
    for kind, query in found.items():
        engine.execute(f"CREATE OR REPLACE TABLE found AS SELECT DISTINCT name FROM ({query})")
        counts[kind] = int(engine.execute("SELECT count(*) FROM found").fetchall()[0][0])
        if not examples:
            rows = engine.execute(f"SELECT name FROM found ORDER BY name LIMIT {EXAMPLES}")
            examples = [name for (name,) in rows.fetchall()]
    return Checked(images=manifest.images, **counts, examples=tuple(examples))


def _wrong() -> str:
    """A query of the names whose row, labels or words differ from their record."""
    own = ", ".join(n for n in IMAGES.names if n not in {"id", "change", "scored"})
    rest = ", ".join(LABELS.names[2:])
    told = (
        f"SELECT image AS id, v.name AS label, {rest} FROM labels JOIN vocabulary v ON v.id = label"
    )
    read = (
        f"SELECT s.id, w.name AS label, {rest} FROM incoming_labels JOIN same s USING (row)"
        " JOIN incoming_words w USING (word)"
    )
    told = f"SELECT * FROM ({told}) WHERE id IN (SELECT id FROM same)"
    return (
        f"SELECT name FROM (SELECT {own} FROM incoming WHERE row IN (SELECT row FROM same)"
        f" EXCEPT SELECT {own} FROM images)"
        " UNION ALL SELECT s.name FROM same s WHERE s.id IN (SELECT id FROM ("
        f"({told} EXCEPT ALL {read}) UNION ALL ({read} EXCEPT ALL {told})))"
        # Rows of one name or one id twice, and labels of no image.
        " UNION ALL SELECT name FROM images GROUP BY name HAVING count(*) > 1"
        " UNION ALL SELECT any_value(name) FROM images GROUP BY id HAVING count(*) > 1"
        " UNION ALL SELECT 'image ' || image FROM labels WHERE image NOT IN (SELECT id FROM images)"
    )


def _unscored(manifest: Manifest, files: Files) -> str:
    """A query of the names whose scores are not there just once."""
    scores = parquet(files.paths(manifest.scores), SCORES)
    embeddings = parquet(files.paths(manifest.embeddings), EMBEDDINGS)
    return (
        "SELECT i.name FROM images i WHERE scored IS NOT NULL AND scored NOT IN"
        f" (SELECT id FROM (SELECT id FROM {scores} UNION SELECT id FROM {embeddings}))"
        f" UNION ALL SELECT 'scores ' || id FROM {scores} GROUP BY id HAVING count(*) > 1"
        f" UNION ALL SELECT 'embedding ' || id FROM {embeddings} GROUP BY id HAVING count(*) > 1"
    )
