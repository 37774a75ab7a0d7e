"""The catalog's files: put under names that never recur, and read in place where they can be."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
import weakref
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bucketlens.catalog.engine import CatalogError
from bucketlens.catalog.manifest import FOLDER, FileFacts
from bucketlens.errors import MissingError, TransientError
from bucketlens.stores import ConflictError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bucketlens.stores import Store

ATTEMPTS = 4
"""Names for one file: one that is new is refused by a store that is disturbed."""

PARQUET = "application/vnd.apache.parquet"


class Files:
    """Files of one catalog.

    Args:
        private: Where they are kept.
        scratch: A folder of our own, for what is being made and what was fetched; without one,
            a temporary one that goes with this object.
        folder: Of the private store, with its slash.
    """

    def __init__(
        self, private: Store, scratch: Path | None = None, *, folder: str = FOLDER
    ) -> None:
        """Fetch nothing yet."""
        self.private = private
        self._folder = folder
        self._given = scratch
        self._own: Path | None = None
        self._lock = threading.Lock()

    @property
    def scratch(self) -> Path:
        """The folder of our own, made when it is first asked for."""
        if self._given is not None:
            return self._given
        with self._lock:
            if self._own is None:
                self._own = Path(tempfile.mkdtemp(prefix="bucketlens-catalog-"))
                weakref.finalize(self, shutil.rmtree, self._own, ignore_errors=True)
            return self._own

    def temporary(self, stem: str) -> Path:
        """A path in the folder of our own that nothing has."""
        return self.scratch / f"{stem}-{os.urandom(8).hex()}.parquet"

    def put(self, table: str, path: Path, rows: int) -> FileFacts:
        """Keep a file that was made in the folder of our own, and remove it there.

        Raises:
            TransientError: The store refuses one name after the other.
        """
        data = path.read_bytes()
        digest = digest_of(data)
        for _ in range(ATTEMPTS):
            # The random part keeps a name from ever coming back: a sweep that has seen an old file
            # of this name unused could remove the new one.
            name = f"{self._folder}{table}-{digest[:16]}-{os.urandom(4).hex()}.parquet"
            with suppress(ConflictError):  # what is in doubt may be ours, and a sweep finds it
                self.private.put(name, data, if_absent=True, content_type=PARQUET)
                path.unlink()
                return FileFacts(name, rows, len(data), digest)
        raise TransientError(f"{self.private.url(self._folder)} took no new file of {table}")

    def paths(self, files: Iterable[FileFacts]) -> list[Path]:
        """Where files can be read: in place in a folder, else fetched.

        Raises:
            CatalogError: One is missing, or has another size than it had.
        """
        return [self._path(file) for file in files]

    def close(self) -> None:
        """Remove what was made and fetched."""
        with self._lock:
            if self._own is not None:
                shutil.rmtree(self._own, ignore_errors=True)
                self._own = None

    def _path(self, file: FileFacts) -> Path:
        url = urlsplit(self.private.url(file.name))
        if url.scheme == "file":
            from urllib.request import url2pathname  # noqa: PLC0415 - a slow start for one function

            path = Path(url2pathname(url.path))
            size = path.stat().st_size if path.is_file() else None
        else:
            path = self.scratch / file.name.rpartition("/")[2]
            size = path.stat().st_size if path.is_file() else None
            if size is None:
                size = self._fetch(file, path)
        if size != file.size:
            raise self._wrong(file, "is missing" if size is None else "was cut off or changed")
        return path

    def _fetch(self, file: FileFacts, path: Path) -> int | None:
        try:
            data = self.private.get(file.name).data
        except MissingError:
            return None
        if digest_of(data) != file.digest:
            raise self._wrong(file, "is damaged")
        part = path.with_name(f"{path.name}.{os.urandom(4).hex()}.part")
        part.write_bytes(data)
        part.replace(path)
        return len(data)

    def _wrong(self, file: FileFacts, what: str) -> CatalogError:
        return CatalogError(f"{self.private.url(file.name)} of the catalog {what}")


def digest_of(data: bytes) -> str:
    """BLAKE2b, 128 bits in hex."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()
