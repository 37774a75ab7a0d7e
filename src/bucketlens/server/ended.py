"""Sessions that people ended: kept in OUT, so that a restart of the server revives none of them.

Of each only the hash of its MAC is kept, which opens nothing, until the session would be over.
"""

from __future__ import annotations

import hashlib
import logging
import time
from typing import TYPE_CHECKING

import msgspec

from bucketlens.errors import BucketlensError, MissingError, TransientError
from bucketlens.stores import replace_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.stores import Store

log = logging.getLogger(__name__)

NAME = "state/ended-sessions.json"
ATTEMPTS = 5
MOST = 10_000
"""Sessions that are remembered; of more, those that end last."""


class EndedSessions:
    """The sessions that were ended before their time.

    Args:
        private: Store of OUT; without one they are remembered until the process ends.
        clock: Gives the time, seconds since the epoch.
    """

    def __init__(self, private: Store | None, clock: Callable[[], float] = time.time) -> None:
        """Read what is kept; what can't be read is told, and made anew by the next one."""
        self._private = private
        self._clock = clock
        self._ends: dict[str, int] = {}
        if private is not None:
            self._ends, _ = self._read(private)

    def __contains__(self, mac: str) -> bool:
        """Whether the session with this MAC was ended."""
        return _digest(mac) in self._ends

    def add(self, mac: str, end: int) -> None:
        """Remember one until the second in which it would be over."""
        self._ends = self._kept({**self._ends, _digest(mac): end})
        if self._private is None:
            return
        try:
            self._write(self._private)
        except BucketlensError as exc:  # it is ended here all the same
            log.warning("the end of a session was not kept", extra={"fields": {"reason": str(exc)}})

    def _write(self, private: Store) -> None:
        for _ in range(ATTEMPTS):
            others, etag = self._read(private)
            self._ends = self._kept({**others, **self._ends})
            data = msgspec.json.encode(self._ends)
            if replace_document(private, NAME, etag, data) is not None:
                return
        raise TransientError(
            f"{private.url(NAME)} was changed by others {ATTEMPTS} times meanwhile"
        )

    def _kept(self, ends: dict[str, int]) -> dict[str, int]:
        now = self._clock()
        return dict(sorted(((d, end) for d, end in ends.items() if end > now), key=_end)[-MOST:])

    def _read(self, private: Store) -> tuple[dict[str, int], str | None]:
        try:
            blob = private.get(NAME)
        except MissingError:
            return {}, None
        try:
            return msgspec.json.decode(blob.data, type=dict[str, int]), blob.info.etag
        except (msgspec.MsgspecError, UnicodeDecodeError):
            log.warning("%s is damaged; sessions in it may be open again", private.url(NAME))
            return {}, blob.info.etag


def _end(one: tuple[str, int]) -> int:
    return one[1]


def _digest(mac: str) -> str:
    return hashlib.sha256(mac.encode("utf-8", "replace")).hexdigest()
