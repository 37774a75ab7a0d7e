"""A source watched by listing it: network mounts, buckets without notifications."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Protocol

from bucketlens.errors import BucketlensError, ConfigError, TransientError
from bucketlens.live.listings import Listings
from bucketlens.names import key_hash, key_of
from bucketlens.records import RECORD_SUFFIX

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from bucketlens.events import KeyFilter
    from bucketlens.stores import Store

log = logging.getLogger(__name__)

FOLDER_SECONDS = 5.0
BUCKET_SECONDS = 60.0
"""Between two listings, where the settings do not say; a bucket's listing costs money."""

PAUSE_FACTOR = 9.0
"""A listing that took so long is followed by a pause of so many times that: a tenth of a core."""


class Heard(Protocol):
    """Takes in what a listing shows; some of it may have to be looked at again later."""

    def changed(self, key: str) -> None:
        """An object came, changed or went."""

    def look(self) -> None:
        """Look again at what may be ready by now."""

    def pause(self) -> float | None:
        """Seconds until there is something to look at; None when nothing is waited for."""


class Poll:
    """Lists a source now and then, and tells what is new, changed or gone.

    Args:
        source: The images.
        records: Where their records are.
        wanted: Which keys are looked at.
        heard: Told of each key.
        lost: Told when reconciling has to look: more may be gone than anybody removed.
        seconds: Between two listings, at least.
    """

    def __init__(
        self,
        source: Store,
        records: Store,
        wanted: KeyFilter,
        heard: Heard,
        lost: Callable[[], None],
        seconds: float,
    ) -> None:
        """List nothing yet."""
        self._source = source
        self._records = records
        self._wanted = wanted
        self._heard = heard
        self._lost = lost
        self._seconds = seconds
        self._last = Listings()

    def begin(self) -> None:
        """Remember what is there now; what was there before is reconciling's to see to.

        Raises:
            TransientError: The source is not there, or can't be asked now.
            ConfigError: It can't be listed.
        """
        listing = self._last.compare(self._source.list())
        for _ in listing.changes():
            pass
        listing.accept()

    def run(self, stop: threading.Event) -> None:
        """List again and again, until ``stop`` or an error.

        Raises:
            TransientError, ConfigError: As from :meth:`begin`.
        """
        due = time.monotonic() + self._seconds
        while not stop.is_set():
            self._heard.look()
            pause = self._heard.pause()
            left = due - time.monotonic()
            if left > 0:
                stop.wait(left if pause is None else min(left, pause))
                continue
            began = time.monotonic()
            self.once()
            ended = time.monotonic()
            due = ended + max(self._seconds, PAUSE_FACTOR * (ended - began))

    def once(self) -> None:
        """List, compare, tell."""
        listing = self._last.compare(self._source.list())
        for key in listing.changes():
            if self._wanted.takes(key):
                self._heard.changed(key)
        if listing.vanished and not len(listing):
            self._lost()  # the safety stops of a pass say what is to be done
            return
        if listing.vanished:
            self._tell_vanished(listing.vanished)
        listing.accept()

    def _tell_vanished(self, hashes: frozenset[int]) -> None:
        """Of what is gone the listing knows hashes; the records know the keys."""
        for info in self._records.list():
            key = key_of(info.key, RECORD_SUFFIX)
            if key is not None and key_hash(key) in hashes:
                self._heard.changed(key)


class Direct:
    """Objects of a bucket: whole from their first moment, so each is settled at once."""

    def __init__(self, submit: Callable[[str], None]) -> None:
        """Hold what has a key settled."""
        self.changed = submit

    def look(self) -> None:
        """Nothing waits."""

    def pause(self) -> float | None:
        """Nothing waits."""
        return None


def poll_bucket(poll: Poll, begun: Callable[[], None], stop: threading.Event) -> None:
    """Poll a bucket until ``stop``, whatever happens to it meanwhile.

    Args:
        poll: Of the bucket.
        begun: Told when the first listing stands.
        stop: Ends it.
    """
    pause = 1.0
    standing = False
    while not stop.is_set():
        try:
            if not standing:
                poll.begin()
                standing = True
            begun()
            poll.run(stop)
        except (TransientError, ConfigError) as exc:
            tell_trouble("source not listed", exc)
            begun()  # reconciling finds out by itself
            stop.wait(pause)
            pause = min(2.0 * pause, 300.0)


def tell_trouble(what: str, exc: BucketlensError) -> None:
    """Log what keeps a source from being watched."""
    log.warning(what, extra={"fields": {"reason": exc.message, "setting": exc.setting}})
