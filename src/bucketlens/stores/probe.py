"""Find out, before any work, whether a store keeps the promises that outputs rest on."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from bucketlens.errors import BucketlensError, ConfigError, TransientError
from bucketlens.stores.base import ConflictError

if TYPE_CHECKING:
    from bucketlens.stores.base import Store

PROBE_PREFIX = ".bucketlens-probe-"
"""Beginning of the key of the object that is written and removed again."""


def check_conditional_puts(store: Store, *, folder: str = "") -> None:
    """Write and remove one small object to see that conditional puts are honoured.

    Args:
        store: To be tried.
        folder: Where in it, with its slash: a permission may hold for that alone.

    Raises:
        ConfigError: They are not, and what can be done; nothing was changed otherwise.
        TransientError: It can't be told now.
    """
    key = folder + PROBE_PREFIX + os.urandom(8).hex()
    try:
        broken = _broken_promise(store, key)
    except (TransientError, ConfigError):
        raise
    except BucketlensError as exc:
        broken = str(exc)
    finally:
        with suppress(BucketlensError):
            store.delete(key)
    if broken is not None:
        raise ConfigError(
            f"{store.location} can't be used for outputs: {broken}. Two runs at once would "
            "overwrite each other there; use a store with conditional puts (If-None-Match and "
            "If-Match), or a folder"
        )


def _broken_promise(store: Store, key: str) -> str | None:
    first = store.put(key, b"1", if_absent=True)
    if not _conflicts(store, key, if_absent=True):
        return "a create-only put overwrote an object"
    if _conflicts(store, key, if_match=first):
        return "a put with the right etag was refused"
    if not _conflicts(store, key, if_match=first):
        return "a put with an outdated etag was taken"
    return None


def _conflicts(
    store: Store, key: str, *, if_absent: bool = False, if_match: str | None = None
) -> bool:
    # Other bytes each time: what a lost answer leaves in doubt is told by them.
    try:
        store.put(key, os.urandom(8), if_absent=if_absent, if_match=if_match)
    except ConflictError:
        return True
    return False
