"""The lanes at the desk: who waits there, and who goes first."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from bucketlens.assembly import build_labeler
from bucketlens.live.desk import Lane
from bucketlens.live.requests import FULL, PLAIN
from bucketlens.pipeline.labelling import Labeler
from bucketlens.pipeline.scoring import ModelScorer

if TYPE_CHECKING:
    from bucketlens.assembly import Collecting
    from bucketlens.settings import Settings

ARRIVED, BACKLOG = "arrived", "backlog"
"""The lanes of files that have just come, and of those that reconciling found."""

ARRIVED_GRACE = 0.1
"""Seconds that a file lets requests go first: somebody waits for those."""

BACKLOG_GRACE = 20.0
"""Seconds that the backlog lets all others go first."""

BACKLOG_BATCH = 2
"""Of the backlog in one go: what has just come has to wait for no more than that."""

WAITING_BYTES = 256 * 1024 * 1024
"""Bytes of images that came with requests and wait, at most."""


def build_lanes(opened: Collecting, settings: Settings) -> list[Lane]:
    """All lanes, each with what labels its images; the models are opened once for all."""
    batch = settings.batch_size
    full = _for_requests(opened, settings)
    plain = _without_properties(full, settings)
    room = settings.max_waiting
    return [
        Lane(FULL, full, grace=0.0, batch=batch, room=room, room_bytes=WAITING_BYTES),
        Lane(PLAIN, plain, grace=0.0, batch=batch, room=room, room_bytes=WAITING_BYTES),
        Lane(ARRIVED, opened.labeler, grace=ARRIVED_GRACE, batch=batch),
        Lane(BACKLOG, opened.labeler, grace=BACKLOG_GRACE, batch=min(batch, BACKLOG_BATCH)),
    ]


def _for_requests(opened: Collecting, settings: Settings) -> Labeler:
    """Labels images that no store holds: no pictures for pages, nothing read by a service."""
    changed = msgspec.structs.replace(settings, pages=False)
    scorer = opened.labeler.scorer
    if isinstance(scorer, ModelScorer):
        return Labeler(changed, scorer, opened.labeler.view, time.time)
    return build_labeler(changed, private=opened.collection.private)


def _without_properties(full: Labeler, settings: Settings) -> Labeler:
    if not isinstance(full.scorer, ModelScorer):
        return full
    changed = msgspec.structs.replace(settings, pages=False, features=("GENERAL_LABELS",))
    return Labeler(changed, full.scorer.under(changed), full.view, time.time)
