"""How long a run would take and what it would cost, without keeping or spending anything."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bucketlens.errors import BucketlensError
from bucketlens.pipeline.asking import RekognitionScorer
from bucketlens.pipeline.labelling import Loaded
from bucketlens.pipeline.plans import Action
from bucketlens.pipeline.running import available_cores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketlens.pipeline.foreseeing import Forecast
    from bucketlens.pipeline.passing import Pass
    from bucketlens.pipeline.spending import Estimate

SAMPLE_SECONDS = 3.0
"""No longer than this is spent on the forecast itself."""


def cost_of(work: Pass, images: int) -> Estimate | None:
    """What so many images would cost at most; None where models of our own look at them."""
    scorer = work.labeler.scorer
    return scorer.estimate(images) if isinstance(scorer, RekognitionScorer) else None


def duration_of(work: Pass, what: Forecast) -> float | None:
    """Seconds that the labelling would take; None where no image asks for it.

    A service is not tried, since that costs money: its rate is what is known.
    """
    images = what.actions[Action.SCORE]
    if not images:
        return None
    scorer = work.labeler.scorer
    if isinstance(scorer, RekognitionScorer):
        return scorer.seconds(images)
    return measure_pace(work, what.examples[Action.SCORE]) * images


def measure_pace(work: Pass, keys: Sequence[str]) -> float:
    """Seconds an image takes with all cores busy, from the first images that can be read."""
    cores = work.settings.workers or available_cores()
    started = time.monotonic()
    done = 0
    spent = 0.0
    for key in keys:
        try:
            blob = work.source.get(key, max_bytes=work.settings.max_bytes)
        except BucketlensError:
            continue
        before = time.monotonic()
        work.labeler.label([Loaded(blob.info, blob.data)])
        if done:  # the first call pays for what is loaded once
            spent += time.monotonic() - before
        done += 1
        if time.monotonic() - started > SAMPLE_SECONDS:
            break
    if done < 2:  # noqa: PLR2004 - the first is not counted
        return time.monotonic() - started
    return spent / (done - 1) / cores
