"""Passes of a server: as those of ``run``, but behind whatever has just come."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from bucketlens.assembly import pass_over
from bucketlens.pipeline.passing import Tally
from bucketlens.pipeline.plans import Outcome
from bucketlens.pipeline.running import available_cores
from bucketlens.pipeline.settling import Settler

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from bucketlens.assembly import Collecting
    from bucketlens.live.settling import QueuedLabeler
    from bucketlens.pipeline.plans import Settled, Sought
    from bucketlens.settings import Settings
    from bucketlens.stores import Store
    from bucketlens.types import ObjectInfo

log = logging.getLogger(__name__)


class LivePass:
    """Makes passes over a source, one at a time.

    Args:
        opened: The source and what is kept about it.
        images: The source as it is to be read.
        labeler: Labels in the lane of the backlog.
        settings: In force.
        busy: Whether a key is being seen to already.
        count: Told what became of each key.
        changed: Told of each key of which something changed.
    """

    def __init__(
        self,
        opened: Collecting,
        images: Store,
        labeler: QueuedLabeler,
        settings: Settings,
        *,
        busy: Callable[[str], bool],
        count: Callable[[str], None],
        changed: Callable[[str], None],
    ) -> None:
        """Hold the parts."""
        self._opened = opened
        self._busy = busy
        self._count = count
        self._changed = changed
        # As many threads that wait at the desk as keep it busy, each with one image: what is begun
        # has to be finished when it is to end.
        cores = settings.workers or available_cores()
        waiting = msgspec.structs.replace(settings, workers=2 * cores, batch_size=1)
        settler = Settler(images, opened.collection.recorder, labeler, time.time)
        self._pass = replace(
            pass_over(opened, settings),
            source=images,
            settings=waiting,
            settler=settler,
            labeler=labeler,
            wanted=self._wanted,
        )

    def run(self, stop: threading.Event) -> Tally:
        """One pass, until its end or ``stop``.

        Raises:
            ConfigError: A safety stop kept records from being removed, or as for any pass.
            TransientError: The source went away meanwhile.
        """
        self._opened.unlisted.clear()  # what could not be listed may be listed now
        tally = Tally()
        self._pass.run(tally, stop=stop, told=self._told)
        return tally

    def _wanted(self, info: ObjectInfo | Sought) -> bool:
        return self._opened.wanted.takes(info.key, info.size) and not self._busy(info.key)

    def _told(self, settled: Settled) -> None:
        if settled.outcome is Outcome.UNCHANGED or settled.known:
            return
        self._count(settled.outcome.value)
        self._changed(settled.key)
        fields: dict[str, object] = {"key": settled.key, "by": "reconcile"}
        if settled.failure is not None:
            error, reason, setting = settled.failure
            fields |= {"error": error, "reason": reason, "setting": setting}
        if settled.bug is not None:
            log.error("bug", exc_info=settled.bug, extra={"fields": fields})
        else:
            log.info(settled.outcome.value, extra={"fields": fields})
