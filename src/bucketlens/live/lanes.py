"""The lanes at the desk: who waits there, who goes first, and what labels whom."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from bucketlens.live.desk import Lane
from bucketlens.live.requests import FULL, PLAIN
from bucketlens.pipeline.labelling import Labeler
from bucketlens.pipeline.scoring import ModelScorer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bucketlens.settings import Settings

ARRIVED, BACKLOG = "arrived", "backlog"
"""The lanes of files that have just come, and of those that reconciling found."""

ARRIVED_GRACE = 0.1
"""Seconds that a file lets requests go first: somebody waits for those."""

BACKLOG_GRACE = 20.0
"""Seconds that the backlog lets all others go first."""

WAITING_BYTES = 256 * 1024 * 1024
"""Bytes of images that came with requests of one kind and wait, at most."""


def lane_labelers(
    labeler: Labeler, settings: Settings, requests: Labeler | None = None
) -> dict[str, Labeler]:
    """What labels the images of each lane; the models are opened once for all.

    Args:
        labeler: Of what is in the source.
        settings: In force.
        requests: Of images that no store holds, where it can't be made from the other one.
    """
    kept = {ARRIVED: labeler, BACKLOG: labeler}
    unkept = msgspec.structs.replace(settings, pages=False)
    if not isinstance(labeler.scorer, ModelScorer):
        return kept | {FULL: requests or labeler, PLAIN: requests or labeler}
    plain = msgspec.structs.replace(unkept, features=("GENERAL_LABELS",))
    return kept | {
        FULL: Labeler(unkept, labeler.scorer, labeler.view, time.time),
        PLAIN: Labeler(plain, labeler.scorer.under(plain), labeler.view, time.time),
    }


def build_lanes(labelers: Mapping[str, Labeler], settings: Settings) -> list[Lane]:
    """All lanes."""
    # On a processor a batch takes as long as its images one by one, and its first has to wait for
    # its last; and where a service is asked, it is asked about several at once.
    models = isinstance(labelers[ARRIVED].scorer, ModelScorer)
    batch = 1 if models and settings.provider == "cpu" else settings.batch_size
    return [
        Lane(FULL, labelers[FULL], 0.0, batch, WAITING_BYTES),
        Lane(PLAIN, labelers[PLAIN], 0.0, batch, WAITING_BYTES),
        Lane(ARRIVED, labelers[ARRIVED], ARRIVED_GRACE, batch),
        Lane(BACKLOG, labelers[BACKLOG], BACKLOG_GRACE, batch),
    ]
