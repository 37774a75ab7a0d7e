"""Files that nothing names any more, removed a day after they were first found so.

A reader holds on to the manifest that it began with, so what a newer one no longer names must stay
for a while. What an update that was killed or lost its race has left is found the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bucketlens.catalog.manifest import FOLDER, read_manifest
from bucketlens.errors import MissingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.stores import Store

UNUSED = "catalog/unused.json"
HOUR = 3600.0
DAY = 24 * HOUR


class Unused(msgspec.Struct, frozen=True):
    """What the last look found.

    Attributes:
        at: When that was, seconds since the epoch.
        since: When each file was first found to be named by nothing.
    """

    at: float = 0.0
    since: dict[str, float] = {}


def sweep(private: Store, now: float) -> int:
    """Look for unused files, once an hour at most, and remove those of a day ago; how many.

    Raises:
        CatalogError: The manifest can't be read: nothing is removed then.
    """

    def named() -> set[str]:
        return {file.name for file in read_manifest(private).manifest.files}

    return sweep_folder(private, FOLDER, UNUSED, named, now)


def sweep_folder(
    private: Store, folder: str, unused: str, named: Callable[[], set[str]], now: float
) -> int:
    """The same for any folder whose files a manifest names; ``unused`` remembers the last look."""
    before = _read(private, unused)
    if before.at <= now < before.at + HOUR:
        return 0
    known = named()
    found = [
        info.key
        for info in private.list(folder)
        if info.key.endswith(".parquet") and info.key not in known
    ]
    since = {name: min(before.since.get(name, now), now) for name in found}
    old = [name for name, first in since.items() if now - first >= DAY]
    for name in old:
        private.delete(name)
        del since[name]
    private.put(unused, msgspec.json.encode(Unused(now, since)), content_type="application/json")
    return len(old)


def _read(private: Store, unused: str) -> Unused:
    try:
        return _DECODER.decode(private.get(unused).data)
    except (MissingError, msgspec.MsgspecError, UnicodeDecodeError):
        return Unused()


# Made when the module is, not when first needed: see bucketlens.records.
_DECODER: msgspec.json.Decoder[Unused] = msgspec.json.Decoder(Unused)
