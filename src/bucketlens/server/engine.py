"""What the server asks of the live side, and a small stand-in for it."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from bucketlens.errors import TransientError
from bucketlens.imaging import Limits, decode
from bucketlens.pipeline.running import available_cores
from bucketlens.pipeline.scoring import decode_cover
from bucketlens.records import ImageFacts

if TYPE_CHECKING:
    from bucketlens.pipeline.labelling import Labeler
    from bucketlens.settings import Settings
    from bucketlens.types import Scores


class Looked(Protocol):
    """What was seen in an image."""

    @property
    def image(self) -> ImageFacts:
        """What the file says."""

    @property
    def scores(self) -> Scores:
        """What the models say."""


class Engine(Protocol):
    """Looks at images, several at once."""

    def ask(self, data: bytes, *, properties: bool = True) -> Future[Looked]:
        """Have an image looked at; TransientError at once when too many wait."""


@dataclass(frozen=True, slots=True)
class Seen:
    """See :class:`Looked`."""

    image: ImageFacts
    scores: Scores


class ThreadEngine:
    """Threads that decode and score."""

    def __init__(self, labeler: Labeler, settings: Settings) -> None:
        self._labeler, self._settings = labeler, settings
        self._limits = Limits(max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
        self._queue: queue.Queue[tuple[bytes, Future[Looked]]] = queue.Queue(256)
        for _ in range(settings.workers or available_cores()):
            threading.Thread(target=self._work, daemon=True).start()

    def ask(self, data: bytes, *, properties: bool = True) -> Future[Looked]:
        future: Future[Looked] = Future()
        try:
            self._queue.put_nowait((data, future))
        except queue.Full as exc:
            raise TransientError("too many images wait") from exc
        return future

    def _work(self) -> None:
        while True:
            data, future = self._queue.get()
            try:
                image = decode(data, limits=self._limits, cover=decode_cover(self._settings))
                scorer: Any = self._labeler.scorer
                scores = scorer.score([image])[0]
                facts = ImageFacts(
                    format=image.format,
                    width=image.width,
                    height=image.height,
                    frames=image.frames,
                    orientation=image.orientation,
                    taken=image.taken,
                )
                future.set_result(Seen(facts, scores))
            except BaseException as exc:
                future.set_exception(exc)
