"""From a path or URL to a store."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

from bucketlens.errors import ConfigError
from bucketlens.stores.local import LocalStore
from bucketlens.stores.memory import MemoryStore
from bucketlens.stores.reach import S3Options
from bucketlens.stores.retries import RetryingStore, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from obstore.store import ObjectStore as Backend

    from bucketlens.settings import Settings
    from bucketlens.stores.base import ListingIssue, Store

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
"""At least two letters, so that a drive of Windows is a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """How a store is opened; each kind uses what concerns it.

    Attributes:
        source: It holds people's files: what systems put among them is not shown.
        hidden: With ``source``, show also what begins with a dot.
        fsync: Force each file to disk.
        fresh: It may be that nothing was written yet: a folder that is not there is empty then.
        on_issue: Told of what a listing could not show; without one, it is logged.
        s3: How S3 is reached.
        retry: How often what is transient is tried again.
    """

    source: bool = False
    hidden: bool = False
    fsync: bool = False
    fresh: bool = False
    on_issue: Callable[[ListingIssue], None] | None = None
    s3: S3Options = field(default_factory=S3Options)
    retry: RetryPolicy = field(default_factory=RetryPolicy)


def store_options(
    settings: Settings,
    *,
    source: bool = False,
    fresh: bool = False,
    on_issue: Callable[[ListingIssue], None] | None = None,
) -> StoreOptions:
    """How the settings say that stores are opened; the rest is as :class:`StoreOptions` says."""
    styles = {"auto": None, "always": True, "never": False}
    return StoreOptions(
        source=source,
        hidden=source and settings.hidden,
        fsync=settings.fsync,
        fresh=fresh,
        on_issue=on_issue,
        s3=S3Options(
            endpoint=settings.s3_endpoint or None,
            region=settings.s3_region or None,
            path_style=styles[settings.s3_path_style],
            anonymous=settings.s3_anonymous,
            requester_pays=settings.s3_requester_pays,
        ),
        retry=RetryPolicy(attempts=settings.store_attempts, total=settings.store_seconds),
    )


def open_store(location: str, options: StoreOptions | None = None) -> Store:
    """Open the store at a path, ``file:///…``, ``memory://name``, ``s3://bucket/prefix`` and so on.

    Raises:
        ConfigError: There is no such kind of store, or a package for it is not installed.
    """
    options = options or StoreOptions()
    found = _SCHEME.match(location)
    if not found:
        return _folder(str(Path(location).expanduser()) if location else location, options)
    scheme = found[1].lower()
    if scheme == "file":
        return _folder(_file_path(location), options)
    if scheme not in _OPENERS:
        raise ConfigError(
            f"{location!r} is no store: a path, file:///, s3://, gs://, az:// or memory:// is"
        )
    name, _, prefix = location[found.end() :].partition("/")
    if not name:
        raise ConfigError(f"{location!r} names no bucket: {scheme}://bucket/prefix does")
    if prefix and not prefix.endswith("/"):
        prefix += "/"
    return _OPENERS[scheme](name, prefix, options)


def prefix_within(outer: Store, inner: Store) -> str | None:
    """Where one store lies inside another: the prefix that its keys have there.

    Empty if both are the same place, None if ``inner`` is elsewhere. A run whose outputs lie in
    its source must not take them for images.

    >>> prefix_within(open_store("memory://a"), open_store("memory://a/out"))
    'out/'
    """
    around, inside = (f"{store.location.rstrip('/')}/" for store in (outer, inner))
    return inside.removeprefix(around) if inside.startswith(around) else None


def _memory(name: str, prefix: str, _options: StoreOptions) -> Store:
    return MemoryStore(name, prefix)


def _s3(name: str, prefix: str, options: StoreOptions) -> Store:
    from bucketlens.stores.s3 import S3Store  # noqa: PLC0415 - only where it is used

    store = S3Store(name, prefix, options=options.s3, retry=options.retry)
    return RetryingStore(store, options.retry)


def _google(name: str, prefix: str, options: StoreOptions) -> Store:
    from obstore.store import GCSStore  # noqa: PLC0415

    return _objects(partial(GCSStore, name), f"gs://{name}/{prefix}", prefix, options)


def _azure(name: str, prefix: str, options: StoreOptions) -> Store:
    from obstore.store import AzureStore  # noqa: PLC0415

    return _objects(partial(AzureStore, name), f"az://{name}/{prefix}", prefix, options)


def _objects(
    connect: Callable[..., Backend], location: str, prefix: str, options: StoreOptions
) -> Store:
    from obstore.exceptions import BaseError  # noqa: PLC0415

    from bucketlens.stores.objects import ObjectStore  # noqa: PLC0415

    try:
        backend = connect(retry_config={"max_retries": 0})  # ours are enough
    except (BaseError, ValueError) as exc:
        reason = str(exc).partition("\n")[0]
        raise ConfigError(f"{location} can't be opened: {reason}") from exc
    store = ObjectStore(backend, location=location.rstrip("/"), prefix=prefix)
    return RetryingStore(store, options.retry)


_OPENERS = {"memory": _memory, "s3": _s3, "gs": _google, "az": _azure}


def _folder(path: str, options: StoreOptions) -> Store:
    if not path:
        raise ConfigError("the path of a folder is empty")
    store = LocalStore(
        path,
        source=options.source,
        hidden=options.hidden,
        fsync=options.fsync,
        fresh=options.fresh,
        on_issue=options.on_issue,
    )
    return RetryingStore(store, options.retry)


def _file_path(location: str) -> str:
    parts = urlsplit(location)
    if parts.netloc not in {"", "localhost"} or not parts.path:
        raise ConfigError(f"{location!r} is no folder of this machine; write file:///path")
    path = os.fsdecode(unquote_to_bytes(location.split("://", 1)[1].removeprefix(parts.netloc)))
    return path[1:] if os.name == "nt" and re.match(r"/[A-Za-z]:", path) else path
