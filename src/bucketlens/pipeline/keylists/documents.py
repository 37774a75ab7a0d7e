"""The file of a list of keys, wherever it is: a path of this machine, or an object of a store."""

from __future__ import annotations

import gzip
import io
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from bucketlens.errors import ConfigError, MissingError, TooLargeError
from bucketlens.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bucketlens.stores import StoreOptions

MOST_REMOTE_BYTES = 1024 * 1024 * 1024
"""Of one file that comes from a store, since it is held in memory; on a disk it may be larger."""


class Document:
    """A file that is read as a whole, or streamed where it is on a disk.

    Args:
        location: Path or URL.
        options: How its store is opened.
        name: What messages call it, and what it is told by; else the name of the file.
    """

    def __init__(self, location: str, options: StoreOptions, name: str = "") -> None:
        """Read nothing yet."""
        self.location = location
        self.name = name or location.replace("\\", "/").rpartition("/")[2]
        self._options = options

    @property
    def path(self) -> Path | None:
        """Where it is on this machine; None for an object of a store."""
        if "://" not in self.location:
            return Path(self.location).expanduser()
        if self.location.startswith("file:///"):
            return Path(open_store(self._folder, self._options).location, self._key)
        return None

    @property
    def _folder(self) -> str:
        return self.location.rpartition("/")[0]

    @property
    def _key(self) -> str:
        return self.location.rpartition("/")[2]

    def beside(self, key: str) -> Document:
        """Another object of the same bucket."""
        scheme, _, rest = self.location.partition("://")
        return Document(f"{scheme}://{rest.partition('/')[0]}/{key}", self._options)

    def local(self, path: Path, name: str = "") -> Document:
        """A file of this machine."""
        return Document(str(path), self._options, name)

    def check(self) -> None:
        """See that it is there.

        Raises:
            ConfigError: It is not.
        """
        if self.path is None:
            try:
                open_store(self._folder, self._options).head(self._key)
            except MissingError as exc:
                raise ConfigError(f"the list of keys {self.location} is not there") from exc
        elif not self.path.is_file():
            raise ConfigError(f"the list of keys {self.location} is no file")

    def read(self) -> bytes:
        """All of it."""
        if self.path is None:
            return self._fetch()
        try:
            return self.path.read_bytes()
        except OSError as exc:
            raise self.unreadable(exc.strerror or str(exc)) from exc

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Its bytes as a stream, unpacked where the name ends in ``.gz``."""
        try:
            with self._stream() as file:
                packed = self.name.lower().endswith(".gz")
                yield cast("BinaryIO", gzip.GzipFile(fileobj=file)) if packed else file
        except (OSError, EOFError) as exc:
            raise self.unreadable(str(exc)) from exc

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """As a file of this machine, for what reads only such."""
        if self.path is not None:
            yield self.path
            return
        with tempfile.TemporaryDirectory(prefix="bucketlens-keys-") as folder:
            copy = Path(folder, "keys")
            copy.write_bytes(self._fetch())
            yield copy

    def unreadable(self, why: str) -> ConfigError:
        """What is raised where its content makes no sense."""
        return ConfigError(f"the list of keys {self.location} can't be read: {why}")

    def _stream(self) -> BinaryIO:
        return io.BytesIO(self._fetch()) if self.path is None else self.path.open("rb")

    def _fetch(self) -> bytes:
        store = open_store(self._folder, self._options)
        try:
            return store.get(self._key, max_bytes=MOST_REMOTE_BYTES).data
        except MissingError as exc:
            raise ConfigError(f"the list of keys {self.location} is not there") from exc
        except TooLargeError as exc:
            raise ConfigError(
                f"the list of keys {self.location} has over {MOST_REMOTE_BYTES:,} bytes: download"
                " it, and name the file"
            ) from exc
