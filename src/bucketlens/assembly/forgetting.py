"""Images of one collection, forgotten as the settings say."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bucketlens.assembly.editing import keys_of_content
from bucketlens.pipeline.forgetting import Forgetter

if TYPE_CHECKING:
    from bucketlens.assembly import Collection


def open_forgetter(collection: Collection) -> Forgetter:
    """What forgets images of a collection."""
    return Forgetter(
        records=collection.records,
        recorder=collection.recorder,
        book=collection.edits,
        private=collection.private,
        index=collection.index,
        copies=lambda sha256: keys_of_content(collection.catalog, sha256),
        clock=time.time,
    )
