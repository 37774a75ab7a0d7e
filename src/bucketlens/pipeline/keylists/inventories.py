"""Inventories that Amazon S3 makes of a bucket: a manifest, and the files that it names.

In files of CSV the keys are written as in a URL; in Parquet they are as they are.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from bucketlens.pipeline.keylists.parquet import read_parquet
from bucketlens.pipeline.keylists.texts import Columns, table
from bucketlens.pipeline.plans import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bucketlens.events import SourcePlace
    from bucketlens.pipeline.keylists.documents import Document
    from bucketlens.pipeline.keylists.rows import Row


class DataFile(msgspec.Struct, frozen=True):
    """One file of an inventory; its key counts from the bucket that the inventory is in."""

    key: str
    checksum: str = msgspec.field(default="", name="MD5checksum")


class Inventory(msgspec.Struct, frozen=True, rename="camel"):
    """What a manifest says."""

    source_bucket: str
    file_format: str
    file_schema: str
    files: tuple[DataFile, ...]


_INVENTORY: msgspec.json.Decoder[Inventory] = msgspec.json.Decoder(Inventory)


def read_inventory(manifest: Document, place: SourcePlace) -> Iterator[Row | Refused]:
    """The rows of all its files that are of what the bucket shows now.

    Args:
        manifest: The ``manifest.json``.
        place: Of the images.

    Raises:
        ConfigError: It is no such manifest, it is of another bucket, it is in a format that is not
            read, or a file is missing or is not the one that it names.
    """
    try:
        inventory = _INVENTORY.decode(manifest.read())
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise manifest.unreadable(f"it is no manifest of an inventory of S3 ({exc})") from exc
    if inventory.source_bucket != place.bucket:
        raise manifest.unreadable(
            f"it is of the bucket {inventory.source_bucket}, and SOURCE is not in it"
        )
    if inventory.file_format.lower() not in {"csv", "parquet"}:
        raise manifest.unreadable(
            f"its files are {inventory.file_format}: have the inventory made as CSV or Parquet"
        )
    for file in inventory.files:
        with _find(manifest, file).on_disk() as path:
            data = manifest.local(path, file.key.rpartition("/")[2])
            _check(data, path, file)
            if inventory.file_format.lower() == "parquet":
                yield from read_parquet(data, whole=True)
            else:
                yield from _read_csv(data, inventory)


def _read_csv(data: Document, inventory: Inventory) -> Iterator[Row | Refused]:
    columns = Columns.named(inventory.file_schema.split(","), encoded=True, whole=True)
    if columns is None:
        raise data.unreadable("its manifest names no column `Key`")
    with data.opened() as file:
        for row in table(file, data.name):
            if isinstance(row, Refused):
                yield row
            elif columns.is_current(row[1]):
                yield columns.row(*row)


def _find(manifest: Document, file: DataFile) -> Document:
    """A file of an inventory: in the bucket of its manifest, or downloaded beside that."""
    if manifest.path is None:
        return manifest.beside(file.key)
    name = file.key.rpartition("/")[2]
    folder = manifest.path.parent
    places: list[Path] = [folder / name, folder / "data" / name, folder.parent / "data" / name]
    for path in places:
        if path.is_file():
            return manifest.local(path)
    raise manifest.unreadable(f"{name}, which it names, is neither beside it nor in ../data")


def _check(data: Document, path: Path, file: DataFile) -> None:
    """See that a file is the one that the manifest means; what was cut off lacks images."""
    if not file.checksum:
        return
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as opened:
        while block := opened.read(1024 * 1024):
            digest.update(block)
    if digest.hexdigest() != file.checksum.lower():
        raise data.unreadable("it is not the file that its manifest names (MD5)")
