"""The catalog rid of images: no file is left that holds a row of theirs."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from bucketlens.catalog.composing import write_table
from bucketlens.catalog.engine import mapped, open_engine, parquet, quoted
from bucketlens.catalog.manifest import FOLDER, read_manifest, replace_manifest
from bucketlens.catalog.merging import merge_all
from bucketlens.catalog.schema import IMAGES, LABELS, VOCABULARY
from bucketlens.catalog.snapshot import live
from bucketlens.edits import readable
from bucketlens.errors import MissingError, TransientError
from bucketlens.names import encode_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bucketlens.catalog.files import Files
    from bucketlens.catalog.updating import Refreshed

ATTEMPTS = 8


def purge(files: Files, keys: Sequence[str], update: Callable[[list[str]], Refreshed]) -> Refreshed:
    """Take in that images are gone, write all files anew, and remove the old ones at once.

    A reader that began with an older state finds a file missing, and has to begin again.

    Args:
        files: Of the catalog.
        keys: Of images whose records are gone, or tombstones.
        update: Brings the catalog up to date with the records of these names.

    Raises:
        CatalogError: The catalog can't be read.
        TransientError: The store is away, or others kept coming first.
    """
    retired = _named(files)
    done = update([encode_name(key) for key in keys])
    retired |= _named(files)
    if not (merge_all(files) and _drop_words(files)):
        raise TransientError("the catalog was changed by others all the time")
    for name in (retired | set(_holders(files, keys))) - _named(files):
        files.private.delete(name)
    return done


def _drop_words(files: Files) -> bool:
    """Drop labels that no image has from the vocabulary: a person's own may tell of the image.

    Their ids are never given again. False if others kept coming.
    """
    for _ in range(ATTEMPTS):
        standing = read_manifest(files.private)
        before = standing.manifest
        if not before.vocabulary:
            return True
        words = parquet(files.paths(before.vocabulary), VOCABULARY)
        used = f"id IN (SELECT label FROM {live(before, files, LABELS)})"
        with closing(open_engine()) as engine:
            with mapped("the look for labels that no image has"):
                rows = engine.execute(f"SELECT count(*) FROM {words} WHERE NOT {used}").fetchall()
            if rows == [(0,)]:
                return True
            kept = write_table(engine, files, VOCABULARY, f"SELECT * FROM {words} WHERE {used}")
        after = msgspec.structs.replace(before, vocabulary=kept)
        if replace_manifest(files.private, standing.etag, after):
            return True
    return False


def _named(files: Files) -> set[str]:
    return {file.name for file in read_manifest(files.private).manifest.files}


def _holders(files: Files, keys: Sequence[str]) -> Iterator[str]:
    """Files of earlier states that hold a row of one of the images.

    Only these: what holds none may be of an update that is under way.
    """
    named = _named(files)
    listed = ", ".join(quoted(readable(key)) for key in keys)
    for info in files.private.list(f"{FOLDER}{IMAGES.name}-"):
        if not info.key.endswith(".parquet") or info.key in named:
            continue
        path = files.temporary(IMAGES.name)
        try:
            path.write_bytes(files.private.get(info.key).data)
            if _count(f"{parquet([path], IMAGES)} WHERE key IN ({listed})"):
                yield info.key
        except MissingError:
            continue  # somebody swept it
        finally:
            path.unlink(missing_ok=True)


def _count(rows: str) -> int:
    with closing(open_engine()) as engine, mapped("the look for what is to be forgotten"):
        found = engine.execute(f"SELECT count(*) FROM {rows}").fetchall()
    return int(found[0][0])
