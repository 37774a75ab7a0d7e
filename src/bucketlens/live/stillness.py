"""When a file that has just changed is whole.

No system says when a program is done with a file, so its size and time are looked at twice. One
that had been still for a while when it got its name (moved into place, as careful programs do) is
whole at the first look. One that grew between two looks has to stand still for longer.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.types import ObjectInfo

SHORT_SECONDS = 0.04
"""Between two looks at a file that was never seen growing."""

LONG_SECONDS = 0.4
"""Between two looks at one that was: longer than a busy disk or network makes a writer pause."""

EMPTY_SECONDS = 2.0
"""After so long an empty file is what it is."""


@dataclass(slots=True)
class _Seen:
    """What is known of a file that may be being written.

    Attributes:
        since: When it was first heard of; the monotonic clock, as all times here.
        look: When to look next.
        etag: Its time and size at the last look; None when it was not there.
        pause: Seconds until the look after that.
    """

    since: float
    look: float
    etag: str | None
    pause: float = SHORT_SECONDS


class Stillness:
    """The files that were heard of and are not known to be whole.

    Not for several threads at once.

    Args:
        head: The facts of a file now; None when there is none.
        clock: Gives the time, seconds, monotonic.
        wall: Gives the time since the epoch, as files have it.
    """

    def __init__(
        self,
        head: Callable[[str], ObjectInfo | None],
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        """Begin with none."""
        self._head = head
        self._clock = clock
        self._wall = wall
        self._seen: dict[str, _Seen] = {}
        self._looks: list[tuple[float, str]] = []

    def __len__(self) -> int:
        """How many files are waited for."""
        return len(self._seen)

    def hear(self, key: str) -> bool:
        """A file may have changed; True if it is ready now: whole, or gone."""
        now = self._clock()
        info = self._head(key)
        seen = self._seen.get(key)
        if info is None or (seen is None and self._had_been_still(info)):
            self._seen.pop(key, None)
            return True
        if seen is None:
            seen = self._seen[key] = _Seen(now, 0.0, info.etag)
            self._look_later(key, seen, now)
        elif seen.etag != info.etag:
            seen.etag, seen.pause = info.etag, LONG_SECONDS
            self._look_later(key, seen, now)
        return False

    def ready(self) -> list[str]:
        """Look at the files whose time has come; those that are whole or gone."""
        now = self._clock()
        whole = []
        while self._looks and self._looks[0][0] <= now:
            look, key = heapq.heappop(self._looks)
            seen = self._seen.get(key)
            if seen is not None and seen.look == look and self._is_ready(key, seen, now):
                del self._seen[key]
                whole.append(key)
        return whole

    def pause(self) -> float | None:
        """Seconds until the next look; None when there is none."""
        return max(0.0, self._looks[0][0] - self._clock()) if self._looks else None

    def _is_ready(self, key: str, seen: _Seen, now: float) -> bool:
        info = self._head(key)
        if info is None:
            return True
        if info.etag != seen.etag:
            seen.etag, seen.pause = info.etag, LONG_SECONDS
        elif info.size or now - seen.since >= EMPTY_SECONDS:
            return True
        else:
            seen.pause = LONG_SECONDS
        self._look_later(key, seen, now)
        return False

    def _had_been_still(self, info: ObjectInfo) -> bool:
        """Whether nobody has written into it for a while; not of times that lie ahead."""
        return info.size > 0 and self._wall() - info.modified >= LONG_SECONDS

    def _look_later(self, key: str, seen: _Seen, now: float) -> None:
        seen.look = now + seen.pause
        heapq.heappush(self._looks, (seen.look, key))
