"""From a path or URL to a store."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

from bucketlens.errors import ConfigError
from bucketlens.stores.local import LocalStore
from bucketlens.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

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
        on_issue: Told of what a listing could not show; without one, it is logged.
    """

    source: bool = False
    hidden: bool = False
    fsync: bool = False
    on_issue: Callable[[ListingIssue], None] | None = None


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
    rest = location[found.end() :]
    if scheme == "file":
        return _folder(_file_path(location), options)
    name, _, prefix = rest.partition("/")
    if scheme == "memory":
        return MemoryStore(name, _folder_prefix(prefix))
    raise ConfigError(
        f"{location!r} is no store: a path, file:///, s3://, gs://, az:// or memory:// is"
    )


def _folder(path: str, options: StoreOptions) -> LocalStore:
    if not path:
        raise ConfigError("the path of a folder is empty")
    return LocalStore(
        path,
        source=options.source,
        hidden=options.hidden,
        fsync=options.fsync,
        on_issue=options.on_issue,
    )


def _file_path(location: str) -> str:
    parts = urlsplit(location)
    if parts.netloc not in {"", "localhost"} or not parts.path:
        raise ConfigError(f"{location!r} is no folder of this machine; write file:///path")
    path = os.fsdecode(unquote_to_bytes(location.split("://", 1)[1].removeprefix(parts.netloc)))
    return path[1:] if os.name == "nt" and re.match(r"/[A-Za-z]:", path) else path


def _folder_prefix(prefix: str) -> str:
    """A prefix that ends in a slash, unless it is empty."""
    return prefix if not prefix or prefix.endswith("/") else prefix + "/"
