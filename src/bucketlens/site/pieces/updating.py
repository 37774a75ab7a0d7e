"""The index brought up to date with a catalog: all at once, or only what has changed."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from bucketlens.errors import TransientError
from bucketlens.site.pieces import manifest as manifests
from bucketlens.site.pieces.columns import CatalogImages
from bucketlens.site.pieces.manifest import Manifest, Retired, Standing
from bucketlens.site.pieces.overview import Overview, read_overview, show_images
from bucketlens.site.pieces.planning import CatalogChanges, plan_build, plan_update
from bucketlens.site.pieces.putting import PieceWriter
from bucketlens.site.pieces.segments import build_segment
from bucketlens.site.pieces.sweeping import is_due, sweep
from bucketlens.site.pieces.vocabulary import encode_words, read_words
from bucketlens.site.pieces.wrapping import FOLDER, SUFFIX, BrokenPieceError, named_by_content
from bucketlens.site.public import visible_key
from bucketlens.stores import ConflictError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import duckdb

    from bucketlens.site.pieces.planning import Plan
    from bucketlens.stores import Store

log = logging.getLogger(__name__)

ATTEMPTS = 8
LABELS, OVERVIEW = "v", "o"


class CatalogState(Protocol):
    """One state of the catalog."""

    @property
    def lineage(self) -> str:
        """Changes when ids were given anew."""

    @property
    def change(self) -> int:
        """Grows with every change."""

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection of one's own with the views ``images``, ``labels`` and ``vocabulary``."""

    def changes_since(self, change: int) -> CatalogChanges:
        """What has changed since an earlier state of this lineage."""


class IndexUpdate(NamedTuple):
    """What an update did.

    Attributes:
        full: Whether all was built anew.
        images: Written into new segments.
        pieces: Files written, the manifest among them; 0 when nothing had to be done.
        written: Their bytes.
        overview: What was counted, where something was written.
    """

    full: bool = False
    images: int = 0
    pieces: int = 0
    written: int = 0
    overview: Overview | None = None


class SiteIndex:
    """The index of one site.

    Args:
        store: The site's.
        clock: Seconds since the epoch.
    """

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.time) -> None:
        """Nothing is read or written yet."""
        self._store = store
        self._clock = clock

    def update(
        self,
        catalog: CatalogState,
        *,
        look: str = "",
        publishes: Callable[[str], bool] | None = None,
        anew: bool = False,
    ) -> IndexUpdate:
        """Bring the index to this state of the catalog; one that is further already stays.

        Several at once do no harm: pieces are named by their content, and of two manifests the
        second one finds the first and begins again.

        Args:
            catalog: The state that is to be shown.
            look: Changes when the same state is to be shown otherwise; all is built anew then.
            publishes: Which keys are shown; None for all that have a page.
            anew: Keep nothing of what stands.

        Raises:
            TransientError: Others kept coming first.
        """
        for _ in range(ATTEMPTS):
            standing = manifests.read_manifest(self._store)
            try:
                if not anew and _shows(standing.manifest, catalog, look):
                    return self._swept(standing)
                if anew:
                    standing = Standing(None, standing.etag)
                return self._renew(standing, catalog, look, publishes)
            except ConflictError:
                continue
        raise TransientError(f"others renewed the site's index {ATTEMPTS} times meanwhile")

    def files(self) -> list[str]:
        """Names of all its files, but for the manifest."""
        return [info.key for info in self._store.list(FOLDER) if info.key != manifests.PATH]

    def remove(self, names: Iterable[str]) -> None:
        """Remove those of these files that nothing leads to now, however new they are."""
        found = manifests.read_manifest(self._store).manifest
        leading = found.names if found else []
        for name in names:
            piece = name.removeprefix(FOLDER).removesuffix(SUFFIX)
            if piece not in leading and f"{piece.partition('/')[0]}/" not in leading:
                self._store.delete(name)

    def _renew(
        self,
        standing: Standing,
        catalog: CatalogState,
        look: str,
        publishes: Callable[[str], bool] | None,
    ) -> IndexUpdate:
        connection = catalog.connect()
        try:
            show_images(connection, publishes)
            old = standing.manifest
            plan = None
            if old and (old.lineage, old.look) == (catalog.lineage, look):
                plan = self._planned_update(connection, old, catalog.changes_since(old.change))
            full = plan is None
            return self._write(
                standing, catalog, look, plan or plan_build(connection), connection
            )._replace(full=full)
        finally:
            connection.close()

    def _planned_update(
        self, connection: duckdb.DuckDBPyConnection, old: Manifest, changes: CatalogChanges
    ) -> Plan | None:
        """None where only a build from the beginning helps."""
        if not changes.complete:
            return None
        try:
            return plan_update(self._store, connection, old, changes)
        except BrokenPieceError as exc:
            log.warning("the site's index is built anew: %s", exc)
            return None

    def _write(
        self,
        standing: Standing,
        catalog: CatalogState,
        look: str,
        plan: Plan,
        connection: duckdb.DuckDBPyConnection,
    ) -> IndexUpdate:
        old = standing.manifest
        images = CatalogImages(connection, read_words(connection))
        segments = list(plan.kept)
        written = PieceWriter(self._store)
        written.put(plan.pieces)
        for ids in plan.new:
            built = build_segment(images.columns(ids), images.rows(ids, visible_key))
            segments.append(built.segment)
            written.put(built.pieces)
        overview = read_overview(connection)
        words = tuple(images.words[n] for n in sorted(number for number, _ in overview.labels))
        labels = named_by_content(LABELS, encode_words(words))
        counts = named_by_content(OVERVIEW, msgspec.json.encode(overview))
        there = old.names if old else []
        written.put(piece for piece in (labels, counts) if piece.name not in there)
        now = self._clock()
        renewed = Manifest(
            lineage=catalog.lineage,
            change=catalog.change,
            look=look,
            labels=labels.name,
            overview=counts.name,
            segments=tuple(sorted(segments, key=lambda one: (one.live, one.name))),
            swept=old.swept if old else now,
        )
        renewed = msgspec.structs.replace(renewed, retired=_retired(old, renewed, plan, now))
        manifests.put_manifest(self._store, renewed, standing)
        with suppress(ConflictError):  # whoever came after us sweeps
            self._swept(manifests.read_manifest(self._store))
        count = sum(len(ids) for ids in plan.new)
        return IndexUpdate(False, count, written.pieces + 1, written.bytes, overview)

    def _swept(self, standing: Standing) -> IndexUpdate:
        """Sweep if it is time to."""
        now = self._clock()
        found = standing.manifest
        if found is not None and is_due(found, now):
            kept = sweep(self._store, found, now)
            manifests.put_manifest(
                self._store, msgspec.structs.replace(found, retired=kept, swept=now), standing
            )
        return IndexUpdate()


def _shows(found: Manifest | None, catalog: CatalogState, look: str) -> bool:
    return (
        found is not None
        and (found.lineage, found.look) == (catalog.lineage, look)
        and found.change >= catalog.change
    )


def _retired(
    old: Manifest | None, renewed: Manifest, plan: Plan, now: float
) -> tuple[Retired, ...]:
    """What nothing leads to any more: before this, and from now on.

    What a segment of the same content had lost before it was built again is there again.
    """
    if old is None:
        return ()
    kept = {segment.name for segment in plan.kept}
    built = {one.name for one in renewed.segments if one.name not in kept}
    named = set(renewed.names)
    left = [name for name in (*old.names, *plan.retired) if name not in named]
    retired = [*old.retired, *(Retired(name, now) for name in dict.fromkeys(left))]
    return tuple(
        one for one in retired if one.name not in named and one.name.partition("/")[0] not in built
    )


__all__ = ["CatalogState", "IndexUpdate", "SiteIndex"]
