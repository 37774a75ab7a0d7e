"""Packs written anew: fewer and fuller, less what no longer holds, with what stood loose.

A run that is killed, or writes by time, leaves packs that are not full, and what was written later
stands loose over them. Old files stay for a day, for readers of an older manifest; what is
forgotten goes at once.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from bucketlens.catalog.packs.manifest import FOLDER, PackManifest
from bucketlens.catalog.packs.packs import rows_of
from bucketlens.catalog.packs.rows import Row, write_pack
from bucketlens.catalog.packs.view import VOID
from bucketlens.catalog.packs.writing import replace
from bucketlens.catalog.sweeping import sweep_folder
from bucketlens.errors import MissingError, TransientError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from bucketlens.catalog.packs.manifest import Pack
    from bucketlens.catalog.packs.packs import Packs
    from bucketlens.catalog.packs.view import PackedStore
    from bucketlens.stores import Blob

ATTEMPTS = 8

MANY = 8
"""Small packs that are merged at the end of a run; fewer cost a reader little."""

MERGED = 64
"""Of them at once, so that what is held of each stays in memory."""

UNUSED = "packs/unused.json"


def compact(store: PackedStore, *, rows: int, size: int, now: float) -> int:
    """Write all packs anew, with what stands loose; how many there are then.

    What others put loose in the moment between its last look and its removal is lost with it, and
    made again by the next run; so this is for when nothing else is writing.

    Args:
        store: The records.
        rows: In a pack at most.
        size: Bytes of records in a pack at most, about.
        now: Seconds since the epoch.

    Raises:
        TransientError: Others kept coming first.
    """
    packs = store.packs
    for _ in range(ATTEMPTS):
        before = packs.standing(now=True)
        fresh = tuple(_packed(packs, _all_rows(store), rows, size))
        if replace(packs, before, PackManifest(packs=fresh)):
            _remove_loose(store)
            sweep(packs, now)
            return len(fresh)
    raise TransientError(f"packs were written by others {ATTEMPTS} times meanwhile")


def merge_small(packs: Packs, *, rows: int, size: int) -> None:
    """Write packs that are less than half full as few full ones, where there are many of them.

    Only rows that hold go into the new ones, so these may stand last. Given up when another
    writer comes first: a later run does it.
    """
    before = packs.standing(now=True)
    small = [pack for pack in before.manifest.packs if 2 * pack.rows < rows][:MERGED]
    if len(small) < MANY:
        return
    held = (
        row
        for row in heapq.merge(*(rows_of(packs, pack) for pack in small), key=lambda r: r.name)
        if (found := packs.find(row.name)) is not None and found.facts.etag == row.etag
    )
    fresh = tuple(_packed(packs, held, rows, size))
    kept = tuple(pack for pack in before.manifest.packs if pack not in small)
    replace(packs, before, PackManifest(packs=kept + fresh))


def purge(store: PackedStore, names: Collection[str]) -> None:
    """Leave nothing in any pack of these names, but where nothing stands loose over it.

    Raises:
        TransientError: Others kept coming first.
    """
    packs = store.packs
    for _ in range(ATTEMPTS):
        before = packs.standing(now=True)
        gone = {name for name in names if not store.takes(name)}
        touched = [pack for pack in before.manifest.packs if gone & packs.names(pack).keys()]
        if not touched:
            return
        renewed = tuple(
            one
            for pack in before.manifest.packs
            for one in (_without(packs, pack, gone) if pack in touched else [pack])
        )
        if replace(packs, before, PackManifest(packs=renewed)):
            for file in (file for pack in touched for file in pack.files):
                packs.private.delete(file.name)
            return
    raise TransientError(f"packs were written by others {ATTEMPTS} times meanwhile")


def sweep(packs: Packs, now: float) -> int:
    """Remove files that no manifest has named for a day; how many."""

    def named() -> set[str]:
        manifest = packs.standing(now=True).manifest
        return {file.name for pack in manifest.packs for file in pack.files}

    return sweep_folder(packs.private, FOLDER, UNUSED, named, now)


def _all_rows(store: PackedStore) -> Iterator[Row]:
    """What the store shows, by name; what stands loose keeps its etag."""
    for info in store.list():
        found = store.packs.find(info.key)
        if found is not None and found.facts.etag == info.etag:
            yield store.packs.row(info.key, found)
            continue
        try:
            blob: Blob = store.get(info.key)
        except MissingError:
            continue
        yield Row(info.key, blob.info.etag, blob.info.modified, blob.data)


def _remove_loose(store: PackedStore) -> None:
    """Remove what stands in a pack as it stands loose, and voids over nothing."""
    for info in store.list_loose():
        found = store.packs.find(info.key)
        same = found is not None and found.facts.etag == info.etag
        if same or (found is None and info.size == len(VOID) and store.is_void(info.key)):
            try:
                if store.loose.head(info.key).etag == info.etag:
                    store.loose.delete(info.key)
            except MissingError:
                continue


def _packed(packs: Packs, rows: Iterable[Row], most: int, size: int) -> Iterator[Pack]:
    held: list[Row] = []
    held_size = 0
    for row in rows:
        held.append(row)
        held_size += len(row.data)
        if len(held) >= most or held_size >= size:
            yield write_pack(packs.files, held)
            held, held_size = [], 0
    if held:
        yield write_pack(packs.files, held)


def _without(packs: Packs, pack: Pack, gone: Collection[str]) -> list[Pack]:
    kept = [row for row in rows_of(packs, pack) if row.name not in gone]
    return [write_pack(packs.files, kept)] if kept else []
