"""The ways in which changes of a source are noticed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from bucketlens.errors import ConfigError
from bucketlens.live.polling import poll_bucket, tell_trouble

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from bucketlens.live.polling import Poll
    from bucketlens.live.status import Watching
    from bucketlens.worker import Worker

log = logging.getLogger(__name__)

AGAIN_SECONDS = 60.0
"""Until a queue that can't be used is tried again: an operator has to do something first."""


class Watcher(Protocol):
    """Notices changes of a source."""

    @property
    def how(self) -> Watching:
        """By what."""

    def run(self, begun: Callable[[], None], stop: threading.Event) -> None:
        """Watch until ``stop``, whatever happens to the source meanwhile.

        Args:
            begun: Told when from now on every change is noticed, or none will be.
            stop: Ends it.
        """


class NoWatcher:
    """Notices nothing by itself.

    Args:
        how: ``notifications`` where somebody posts them, else ``nothing``.
    """

    def __init__(self, how: Watching) -> None:
        """Remember what to say."""
        self.how = how

    def run(self, begun: Callable[[], None], stop: threading.Event) -> None:
        """Wait for the end."""
        begun()
        stop.wait()


class BucketWatch:
    """Notices what listings of a bucket show.

    Args:
        poll: Of the bucket.
    """

    how: Watching = "listings"

    def __init__(self, poll: Poll) -> None:
        """Hold it."""
        self._poll = poll

    def run(self, begun: Callable[[], None], stop: threading.Event) -> None:
        """List again and again."""
        poll_bucket(self._poll, begun, stop)


class QueueWatch:
    """Notices what a queue tells of.

    Args:
        worker: Makes one more worker; each works once.
        trouble: Told what an operator must change.
    """

    how: Watching = "queue"

    def __init__(
        self, worker: Callable[[], Worker], trouble: Callable[[ConfigError | None], None]
    ) -> None:
        """Begin nothing yet."""
        self._worker = worker
        self._trouble = trouble

    def run(self, begun: Callable[[], None], stop: threading.Event) -> None:
        """Take messages until ``stop``."""
        begun()  # the queue keeps what comes before the first is taken
        while not stop.is_set():
            try:
                self._worker().run(stop)
            except ConfigError as exc:
                self._trouble(exc)
                tell_trouble("queue not read", exc)
                stop.wait(AGAIN_SECONDS)
            except Exception:
                log.exception("bug")
                stop.wait(AGAIN_SECONDS)
