"""A list of keys in the place of a listing: text, CSV, Parquet, or an inventory of S3."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bucketlens.events import SourcePlace
from bucketlens.pipeline.keylists.documents import Document
from bucketlens.pipeline.keylists.inventories import read_inventory
from bucketlens.pipeline.keylists.parquet import read_parquet
from bucketlens.pipeline.keylists.rows import located
from bucketlens.pipeline.keylists.texts import read_csv, read_lines
from bucketlens.pipeline.plans import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bucketlens.pipeline.keylists.rows import Row
    from bucketlens.pipeline.plans import Sought
    from bucketlens.stores import StoreOptions

__all__ = ["key_list"]


def key_list(
    location: str, source: str, options: StoreOptions
) -> Callable[[], Iterator[Sought | Refused]]:
    """What reads a list of keys, from its beginning each time.

    Its name says what it is: ``.csv`` and ``.parquet``, ``.json`` for the ``manifest.json`` of an
    inventory of S3, and anything else is text with one key a line; texts may end in ``.gz``.

    Args:
        location: Path or URL of the list.
        source: Location of the images, as their store gives it.
        options: How stores are opened.

    Raises:
        ConfigError: There is no such list, or it can't be read (while it is read, too).
    """
    document = Document(location, options)
    document.check()
    return partial(_read, document, source)


def _read(document: Document, source: str) -> Iterator[Sought | Refused]:
    place = SourcePlace.of(source)
    for row in _rows(document, place):
        found = row if isinstance(row, Refused) else located(row, source, place)
        if found is not None:
            yield found


def _rows(document: Document, place: SourcePlace) -> Iterator[Row | Refused]:
    kind = document.name.lower().removesuffix(".gz").rpartition(".")[2]
    if kind == "json":
        return read_inventory(document, place)
    if kind == "parquet":
        return read_parquet(document)
    if kind == "csv":
        return read_csv(document)
    return read_lines(document)
