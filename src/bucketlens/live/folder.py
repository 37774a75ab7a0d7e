"""A folder watched by the system's own events, or by listings where those can't be counted on."""

from __future__ import annotations

import importlib.util
import logging
import os
import time
from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError, TransientError
from bucketlens.live.mounts import tells_of_changes
from bucketlens.live.polling import tell_trouble

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable

    from bucketlens.live.arrivals import Arrivals
    from bucketlens.live.polling import Poll
    from bucketlens.live.status import Watching
    from bucketlens.live.steady import SteadySource

log = logging.getLogger(__name__)

STEP_MS = 20
"""Events that come within so long of each other are handed over together."""

GROUP_MS = 100
"""After so long they are handed over even if more keep coming."""

LOOK_MS = 40
"""Without any event, files that are not yet whole are looked at so often."""

CHECK_SECONDS = 1.0
"""Between two looks at whether the folder is still there."""

MANY = 8192
"""Events in one go that make it likely that the system dropped some; Linux keeps 16,384."""

ADDED, DELETED = 1, 3
"""Of ``watchfiles.Change``."""


class FolderWatch:
    """Watches a folder for as long as it is asked to.

    Args:
        source: The folder.
        arrivals: Told what was heard.
        poll: Lists it, where there are no events.
        events: Whether to use events; None finds out by the kind of file system.
        lost: Told when events may have been lost.
    """

    def __init__(
        self,
        source: SteadySource,
        arrivals: Arrivals,
        poll: Poll,
        lost: Callable[[], None],
        *,
        events: bool | None = None,
    ) -> None:
        """Decide how to watch."""
        self._source = source
        self._arrivals = arrivals
        self._poll = poll
        self._lost = lost
        self._events = tells_of_changes(source.location) if events is None else events
        self._listed = False
        self._missed = False
        self.how: Watching = "nothing"

    def run(self, begun: Callable[[], None], stop: threading.Event) -> None:
        """Watch until ``stop``, whatever happens to the folder meanwhile.

        Args:
            begun: Told each time that from now on every change is noticed.
            stop: Ends it.
        """

        def standing(how: Watching) -> None:
            """What came before this moment and was missed is found by looking after it."""
            self.how = how
            if self._missed:
                self._missed = False
                self._lost()
            begun()

        while not stop.is_set():
            if not self._source.accept():
                self._wait_for_folder(begun, stop)
                continue
            try:
                if self._events:
                    self._by_events(standing, stop)
                else:
                    self._by_listings(standing, stop)
            except (TransientError, ConfigError) as exc:
                tell_trouble("folder not watched", exc)
                stop.wait(CHECK_SECONDS)
            self.how = "nothing"
            self._missed = True

    def _wait_for_folder(self, begun: Callable[[], None], stop: threading.Event) -> None:
        log.warning(
            "the folder is not there, or empty where it was not: is its disk mounted?",
            extra={"fields": {"source": self._source.location}},
        )
        self._missed = True
        begun()  # nobody should wait for what may never come
        while not stop.wait(CHECK_SECONDS):
            if self._source.accept():
                log.warning("the folder is there again")
                return

    def _by_listings(self, standing: Callable[[Watching], None], stop: threading.Event) -> None:
        if not self._listed:
            self._poll.begin()
            self._listed = True
        standing("listings")
        self._poll.run(stop)

    def _by_events(self, standing: Callable[[Watching], None], stop: threading.Event) -> None:
        started = False
        try:
            for changes in _watch(self._source.location, stop):
                if not started:
                    started = True
                    standing("events")
                    check = time.monotonic() + CHECK_SECONDS
                self._take_in(changes)
                self._arrivals.look()
                if time.monotonic() >= check:
                    if not self._source.is_there():
                        return
                    check = time.monotonic() + CHECK_SECONDS
        except FileNotFoundError:
            return  # the folder went: the next look at it says so
        except (OSError, RuntimeError) as exc:
            self._without_events(exc, started=started)

    def _without_events(self, exc: Exception, *, started: bool) -> None:
        """Events can't be had, or ended: for good, or because of one that can't be told."""
        reason = str(exc)
        limit = "limit" in reason or "too many open files" in reason.lower()
        if limit or not started:
            self._events = False
            hint = (
                "; raise fs.inotify.max_user_watches and max_user_instances to have events"
                if limit
                else ""
            )
            log.warning(
                "the system does not tell of changes below %s (%s): it is listed every few seconds"
                " instead%s",
                self._source.location,
                reason,
                hint,
            )
        else:  # one file's name is not UTF-8
            log.info("events interrupted: %s", reason)

    def _take_in(self, changes: Iterable[tuple[int, str]]) -> None:
        root = self._source.location.rstrip(os.sep) + os.sep
        count = 0
        for change, path in changes:
            count += 1
            if not path.startswith(root):
                continue
            key = path.removeprefix(root).replace(os.sep, "/")
            if change == DELETED:
                self._arrivals.went(key)
            elif change == ADDED and os.path.isdir(path):  # noqa: PTH112 - a path is text here
                self._arrivals.folder_came(key)
            else:
                self._arrivals.changed(key)
        if count >= MANY:
            self._lost()


def check_events(wanted: bool | None) -> None:  # noqa: FBT001 - a value, not a switch
    """See that events can be had where they may be wanted (None: the file system says).

    Raises:
        ConfigError: A package is missing.
    """
    if wanted is not False and importlib.util.find_spec("watchfiles") is None:
        raise ConfigError(
            "watching a folder by events needs watchfiles: pip install 'bucketlens[server]', or set"
            " watch to poll",
            setting="watch",
        )


def _watch(root: str, stop: threading.Event) -> Iterable[set[tuple[int, str]]]:
    from watchfiles import watch  # noqa: PLC0415 - only where it is used

    return watch(  # type: ignore[return-value]
        root,
        watch_filter=None,
        debounce=GROUP_MS,
        step=STEP_MS,
        rust_timeout=LOOK_MS,
        yield_on_timeout=True,
        stop_event=stop,
        raise_interrupt=False,
        force_polling=False,
        ignore_permission_denied=True,
    )
