"""Settling a key with the time of each stage taken, and the reasons of failures kept."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bucketlens.pipeline.labelling import Labeler
from bucketlens.pipeline.plans import Outcome
from bucketlens.pipeline.scoring import FileScorer
from bucketlens.pipeline.settling import Settler
from bucketlens.records import FailureRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bucketlens.pipeline.labelling import Labelled, LabelView, Loaded, Result
    from bucketlens.pipeline.plans import Plan
    from bucketlens.pipeline.recording import Recorder
    from bucketlens.pipeline.scoring import ImageFile, Scorer
    from bucketlens.records import FailureFacts, ModelFacts
    from bucketlens.settings import Settings
    from bucketlens.stores import Store
    from bucketlens.types import DecodedImage, ObjectInfo, Scores


class StageTimes:
    """How long the stages of a call took, in milliseconds, by the name of the stage."""

    def __init__(self, told: Callable[[str, float, float], None] = lambda *_: None) -> None:
        """Begin with none; ``told`` is called with each stage, its begin and its end."""
        self._told = told
        self._lock = threading.Lock()
        self._times: dict[str, list[float]] = {}

    @contextmanager
    def taking(self, stage: str) -> Iterator[None]:
        """Take the time of what is inside; also when it fails."""
        began = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - began
            with self._lock:
                self._times.setdefault(stage, []).append(1000 * spent)
            now = time.time()
            self._told(stage, now - spent, now)

    def take_all(self) -> dict[str, list[float]]:
        """What was taken since the last call."""
        with self._lock:
            times, self._times = self._times, {}
            return times


class _Timed:
    """What a wrapped scorer says of itself."""

    def __init__(self, scorer: Scorer | FileScorer, times: StageTimes) -> None:
        """Wrap a scorer."""
        self._wrapped = scorer
        self._times = times

    @property
    def facts(self) -> tuple[ModelFacts, ...]:
        """The scorer's own."""
        return self._wrapped.facts

    @property
    def fingerprint(self) -> str:
        """The scorer's own."""
        return self._wrapped.fingerprint


class TimedScorer(_Timed):
    """A scorer whose time is taken as ``score``."""

    def __init__(self, scorer: Scorer, times: StageTimes) -> None:
        """Wrap a scorer."""
        super().__init__(scorer, times)
        self._scorer = scorer

    def score(self, images: Sequence[DecodedImage]) -> list[Scores]:
        """Score several images."""
        with self._times.taking("score"):
            return self._scorer.score(images)


class TimedFileScorer(_Timed):
    """A service whose time is taken as ``score``."""

    def __init__(self, scorer: FileScorer, times: StageTimes) -> None:
        """Wrap a service."""
        super().__init__(scorer, times)
        self._service = scorer

    def score_files(self, files: Sequence[ImageFile]) -> list[Scores | Exception]:
        """Score several files."""
        with self._times.taking("score"):
            return self._service.score_files(files)

    def close(self) -> None:
        """Give back what the service holds."""
        self._service.close()


def timed(scorer: Scorer | FileScorer, times: StageTimes) -> Scorer | FileScorer:
    """A scorer or a service whose time is taken."""
    if isinstance(scorer, FileScorer):
        return TimedFileScorer(scorer, times)
    return TimedScorer(scorer, times)


class TimedLabeler(Labeler):
    """A labeler whose time is taken as ``label``, decoding, scoring and view together.

    So many threads label at once and no more: a function has the memory for as many decoded
    images as it has processors, while more threads may well wait for the store.
    """

    def __init__(
        self,
        settings: Settings,
        scorer: Scorer | FileScorer,
        view: LabelView,
        times: StageTimes,
        *,
        at_once: int,
    ) -> None:
        """Hold the parts of a labeler."""
        super().__init__(settings, timed(scorer, times), view, time.time)
        self._times = times
        self._turns = threading.Semaphore(at_once)

    def label(self, images: Sequence[Loaded]) -> list[Result]:
        """Label images when there is a turn."""
        with self._turns, self._times.taking("label"):
            return super().label(images)


class TimedSettler(Settler):
    """A settler whose stages are taken as ``inspect``, ``read`` and ``commit``.

    Attributes:
        failures: Why keys failed, until somebody takes them out.
    """

    def __init__(
        self, source: Store, recorder: Recorder, labeler: TimedLabeler, times: StageTimes
    ) -> None:
        """Hold the parts of a settler."""
        super().__init__(source, recorder, labeler, time.time)
        self._times = times
        self.failures: dict[str, FailureFacts] = {}

    def inspect(
        self,
        key: str,
        *,
        info: ObjectInfo | None = None,
        sequencer: str | None = None,
        doubt: bool = False,
    ) -> Plan:
        """Ask the source and the record."""
        with self._times.taking("inspect"):
            return super().inspect(key, info=info, sequencer=sequencer, doubt=doubt)

    def load(self, plan: Plan, max_bytes: int) -> Loaded | Labelled | FailureRecord | None:
        """Read the image."""
        with self._times.taking("read"):
            return super().load(plan, max_bytes)

    def commit(self, plan: Plan, result: Result) -> Outcome | None:
        """Write what the image gave."""
        with self._times.taking("commit"):
            outcome = super().commit(plan, result)
        if outcome is Outcome.FAILED and isinstance(result, FailureRecord):
            self.failures[plan.key] = result.failure
        return outcome

    def apply(self, plan: Plan) -> Outcome | None:
        """Carry out what needs no pixels."""
        outcome = super().apply(plan)
        if outcome is Outcome.FAILED and plan.failure:
            self.failures[plan.key] = plan.failure.failure
        return outcome
