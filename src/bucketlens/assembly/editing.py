"""Edits of one collection, taken as the settings say."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from bucketlens.assembly.looking import build_view, made_by
from bucketlens.errors import BucketlensError
from bucketlens.pipeline.editing import Editor

if TYPE_CHECKING:
    from bucketlens.assembly import Collection
    from bucketlens.catalog import Catalog
    from bucketlens.pipeline.labelling import LabelView
    from bucketlens.settings import Settings

log = logging.getLogger(__name__)

SAME = "SELECT key FROM images WHERE sha256 = ? AND kind = 'labels' AND key_bytes IS NULL"


def open_editor(
    collection: Collection, settings: Settings, view: LabelView | None = None
) -> Editor:
    """What takes edits of a collection.

    Args:
        collection: Whose.
        settings: In force.
        view: Made of them already.
    """
    return Editor(
        book=collection.edits,
        recorder=collection.recorder,
        view=view or build_view(settings),
        models=made_by(settings),
        copies=lambda sha256: keys_of_content(collection.catalog, sha256),
        clock=time.time,
    )


def keys_of_content(catalog: Catalog, sha256: str) -> list[str]:
    """The keys of all images with these bytes, as far as the catalog knows."""
    try:
        with catalog.snapshot().connect() as connection:
            return [key for (key,) in connection.execute(SAME, [sha256]).fetchall()]
    except BucketlensError as exc:  # the next pass finds the copies
        log.warning("copies are not looked for: %s", exc.message)
        return []
