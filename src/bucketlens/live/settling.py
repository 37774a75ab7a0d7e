"""Keys settled beside each other: their images meet at the desk, their stages are timed."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from bucketlens.pipeline.labelling import Labeler
from bucketlens.pipeline.plans import Action
from bucketlens.pipeline.settling import Settler
from bucketlens.pipeline.stages import ByteBudget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketlens.live.desk import Desk
    from bucketlens.live.guarding import RemovalGuard
    from bucketlens.live.timing import StageTimes
    from bucketlens.pipeline.labelling import Labelled, Loaded, Result
    from bucketlens.pipeline.plans import Outcome, Plan
    from bucketlens.pipeline.recording import Recorder
    from bucketlens.records import FailureRecord
    from bucketlens.settings import Settings
    from bucketlens.stores import Store
    from bucketlens.types import ObjectInfo


READ_AHEAD_BYTES = 64 * 1024 * 1024
"""Bytes of images that are held at once, at most (one image may exceed it alone)."""


class QueuedLabeler(Labeler):
    """A labeler whose images are labelled at the desk, with those of others.

    Args:
        base: What labels them there.
        settings: In force.
        desk: Where they are labelled.
        lane: In which line they wait.
        times: Told how long they waited and took, by the thread that asked.
    """

    def __init__(
        self, base: Labeler, settings: Settings, desk: Desk, lane: str, times: StageTimes
    ) -> None:
        """Share the parts of the base."""
        super().__init__(settings, base.scorer, base.view, time.time)
        self._desk = desk
        self._lane = lane
        self._times = times

    def label(self, images: Sequence[Loaded]) -> list[Result]:
        """Have images labelled, and wait for that."""
        tickets = [self._desk.put(self._lane, image) for image in images]
        results = [ticket.result.result() for ticket in tickets]
        for ticket in tickets:
            self._times.add("queueing", ticket.begun - ticket.arrived)
            self._times.add("labelling", ticket.ended - ticket.begun)
        return results


class _Held(threading.local):
    """Bytes that this thread holds."""

    size = 0


class LiveSettler(Settler):
    """A settler that times its stages, bounds what is read, and removes nothing a guard forbids.

    Args:
        source: The images.
        recorder: The records, and what shows them.
        labeler: The core.
        times: Told how long each stage took.
        guard: Asked before each removal; None to ask nobody.
    """

    def __init__(
        self,
        source: Store,
        recorder: Recorder,
        labeler: Labeler,
        times: StageTimes,
        guard: RemovalGuard | None,
    ) -> None:
        """Hold the parts."""
        super().__init__(source, recorder, labeler, time.time)
        self._times = times
        self._guard = guard
        self._budget = ByteBudget(READ_AHEAD_BYTES)
        self._held = _Held()

    def settle(
        self, key: str, max_bytes: int, *, sequencer: str | None = None, doubt: bool = False
    ) -> Outcome:
        """Settle one key from start to end."""
        try:
            return super().settle(key, max_bytes, sequencer=sequencer, doubt=doubt)
        finally:
            self._hold(0)

    def inspect(
        self,
        key: str,
        *,
        info: ObjectInfo | None = None,
        sequencer: str | None = None,
        doubt: bool = False,
    ) -> Plan:
        """Step 1, timed."""
        with self._times.measured("reading"):
            return super().inspect(key, info=info, sequencer=sequencer, doubt=doubt)

    def load(self, plan: Plan, max_bytes: int) -> Loaded | Labelled | FailureRecord | None:
        """Read the image of a plan, timed, when there is room for it."""
        self._hold(min(plan.info.size if plan.info else 0, max_bytes))
        with self._times.measured("reading"):
            return super().load(plan, max_bytes)

    def commit(self, plan: Plan, result: Result) -> Outcome | None:
        """Steps 2 and 3, timed."""
        with self._times.measured("writing"):
            return super().commit(plan, result)

    def apply(self, plan: Plan) -> Outcome | None:
        """Carry out a plan that needs no pixels, timed."""
        if plan.action is Action.REMOVE and self._guard is not None:
            self._guard.check(plan.key)
        with self._times.measured("writing"):
            return super().apply(plan)

    def _hold(self, size: int) -> None:
        if self._held.size:
            self._budget.give(self._held.size)
        if size:
            self._budget.take(size)
        self._held.size = size
