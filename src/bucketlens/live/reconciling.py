"""Reconciling in the background: at the start, at an interval, and when something was lost."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from bucketlens.errors import BucketlensError, ConfigError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.pipeline.passing import Tally

log = logging.getLogger(__name__)

SOONEST_SECONDS = 10.0
"""Between the end of a pass and the next that something lost asks for."""

AGAIN_SECONDS = 60.0
"""Until another try, where the source or the outputs could not be reached."""

PAUSE_FACTOR = 4.0
"""A pass that took so long is followed by a pause of so many times that, at least."""


class Reconciler:
    """Makes a pass over the source now and then, in a thread of its own.

    Args:
        reconcile: Makes one pass; ends early when the event is set.
        seconds: Between two passes; 0 makes none but those that are asked for.
        failed: Told why a pass ended before its end, or with None that it did not.
    """

    def __init__(
        self,
        reconcile: Callable[[threading.Event], Tally],
        seconds: float,
        failed: Callable[[BucketlensError | None], None],
    ) -> None:
        """Begin nothing yet."""
        self.passes = 0
        self.running = False
        self.ended: float | None = None
        self._reconcile = reconcile
        self._seconds = seconds
        self._failed = failed
        self._asked = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reconcile", daemon=True)

    def start(self) -> None:
        """Begin with a pass."""
        self._asked.set()
        self._thread.start()

    def soon(self) -> None:
        """Something may have been missed: have another pass before long."""
        self._asked.set()

    def stop(self) -> None:
        """Begin nothing more, and end what runs when its images in flight are done."""
        self._stop.set()
        self._asked.set()

    def join(self, seconds: float) -> bool:
        """Wait for the end; False if it has not come."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._asked.clear()
            began = time.monotonic()
            again = self._once()
            ended = time.monotonic()
            rest = max(SOONEST_SECONDS, PAUSE_FACTOR * (ended - began))
            if self._stop.wait(rest if again is None else again):
                return
            if again is None:
                left = began + self._seconds - time.monotonic()
                self._asked.wait(max(0.0, left) if self._seconds else None)

    def _once(self) -> float | None:
        """One pass; seconds until another try, where there has to be one."""
        self.running = True
        try:
            tally = self._reconcile(self._stop)
        except ConfigError as exc:
            self._failed(exc)
            log.warning("not reconciled", extra={"fields": _fields(exc)})
        except TransientError as exc:
            self._failed(exc)
            log.warning("not reconciled", extra={"fields": _fields(exc)})
            return AGAIN_SECONDS
        except Exception:
            log.exception("bug")
        else:
            self._failed(None)
            outcomes = {outcome.value: count for outcome, count in tally.outcomes.items()}
            errors = {"errors": dict(tally.errors)} if tally.errors else {}
            log.info("reconciled", extra={"fields": outcomes | errors})
            self.passes += 1
            self.ended = time.time()
        finally:
            self.running = False
        return None


def _fields(exc: BucketlensError) -> dict[str, object]:
    return {"reason": exc.message, "setting": exc.setting}
