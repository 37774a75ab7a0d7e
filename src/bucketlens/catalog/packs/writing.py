"""A pack written, on the condition that each of its rows replaces what it was made from.

The files are put first; until the manifest names them nobody sees them. The manifest is replaced
only if it is the one that the conditions were checked in, so of two writers of the same name one
finds the other's row and loses its own. What a killed writer leaves behind is swept a day later.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

import msgspec

from bucketlens.catalog.packs.manifest import PackManifest, Standing, replace_manifest
from bucketlens.catalog.packs.rows import Row, write_pack
from bucketlens.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bucketlens.catalog.packs.manifest import Pack
    from bucketlens.catalog.packs.packs import Packs

ATTEMPTS = 50
"""Races that one pack may lose; each means that another one was written."""


class NewRow(Protocol):
    """A record that is to go into a pack."""

    @property
    def name(self) -> str:
        """Of the record."""

    @property
    def data(self) -> bytes:
        """Its bytes."""

    @property
    def before(self) -> str | None:
        """Etag of the packed record that it replaces; None where there must be none."""


class PackWriter:
    """Writes packs.

    Args:
        packs: Those of the collection.
        clock: Gives the time, seconds since the epoch.
    """

    def __init__(self, packs: Packs, clock: Callable[[], float]) -> None:
        """Hold the packs."""
        self._packs = packs
        self._clock = clock

    def write(self, given: Sequence[NewRow]) -> list[str | None]:
        """Write rows of different names as one pack; the etag of each, None where it lost its race.

        Raises:
            TransientError: Others kept coming first.
            ConfigError: The store can't be written to, or what stands can't be read.
        """
        mark, now = os.urandom(8).hex(), self._clock()
        rows = {
            new.name: Row(new.name, f"{mark}.{place}", now, new.data)
            for place, new in enumerate(given)
        }
        pack: Pack | None = None
        written: frozenset[str] = frozenset()
        for _ in range(ATTEMPTS):
            standing, names = self._packs.settled(lambda s: self._holding(s, given), now=True)
            if not names:
                break
            if pack is None or names != written:
                pack = write_pack(self._packs.files, [rows[name] for name in sorted(names)])
                written = names
            if self._replace(standing, pack):
                break
        else:
            raise TransientError(f"packs were written by others {ATTEMPTS} times meanwhile")
        return [rows[new.name].etag if new.name in names else None for new in given]

    def _holding(
        self, standing: Standing, given: Sequence[NewRow]
    ) -> tuple[Standing, frozenset[str]]:
        """A state, and the names whose condition holds in it."""
        found = self._packs.find_in(standing, [new.name for new in given])
        stand = [one.facts.etag if one is not None else None for one in found]
        pairs = zip(given, stand, strict=True)
        return standing, frozenset(new.name for new, etag in pairs if new.before == etag)

    def _replace(self, standing: Standing, pack: Pack) -> bool:
        manifest = standing.manifest
        after = msgspec.structs.replace(manifest, packs=(*manifest.packs, pack))
        return replace(self._packs, standing, after)


def replace(packs: Packs, before: Standing, after: PackManifest) -> bool:
    """Make a manifest the one that stands, and take note of it; False when another came first."""
    etag = replace_manifest(packs.private, before.etag, after)
    if etag is not None:
        packs.took(Standing(after, etag))
    return etag is not None
