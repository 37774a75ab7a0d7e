"""Try again what may work later, with growing pauses and a limit."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from bucketlens.errors import BucketlensError, ConfigError, MissingError, TransientError
from bucketlens.stores.base import ClockError, ConflictError
from bucketlens.stores.strain import STRAIN
from bucketlens.stores.wrapping import WrappedStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.stores.base import Store
    from bucketlens.stores.strain import StrainCount
    from bucketlens.stores.wrapping import Verb

T = TypeVar("T")

CLOCK_ATTEMPTS = 3
"""Refusals of a request for its time, among all of its tries: a wrong clock does not get right by
itself, and one that is right may be refused once, where the machine slept."""


class Told(Protocol):
    """Is told of each try that failed."""

    def __call__(self, exc: TransientError, *, given_up: bool) -> None:
        """There will be another one, or none."""


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how long a call is tried.

    The pause before try n + 1 is a random part of ``first_pause`` times two to the n, so that
    clients that were refused together do not come back together.

    Attributes:
        attempts: Tries at most; 1 never tries again.
        first_pause: Seconds.
        longest_pause: Seconds.
        total: No further try after this many seconds.
    """

    attempts: int = 8
    first_pause: float = 0.1
    longest_pause: float = 10.0
    total: float = 60.0

    def call(
        self,
        function: Callable[[], T],
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        told: Told | None = None,
    ) -> T:
        """The function's result, from the first try that does not raise TransientError.

        Raises:
            TransientError: Of the last try.
            ConfigError: The last try was refused for its time.
        """
        end = clock() + self.total
        attempt = 1
        refused = 0
        while True:
            try:
                return function()
            except TransientError as exc:
                pause = min(self.longest_pause, self.first_pause * 2 ** (attempt - 1))
                pause *= random.random()  # noqa: S311 - nothing secret
                refused += isinstance(exc, ClockError)
                worth_more = attempt < self.attempts and refused < CLOCK_ATTEMPTS
                given_up = not worth_more or clock() + pause > end
                if told is not None:
                    told(exc, given_up=given_up)
                if given_up:
                    raise _last(exc) from exc
                sleep(pause)
            attempt += 1


def _last(exc: TransientError) -> BucketlensError:
    """What the error of a last try means."""
    return ConfigError(exc.message) if isinstance(exc, ClockError) else exc


NO_RETRIES = RetryPolicy(attempts=1)


class RetryingStore(WrappedStore):
    """A store whose calls are tried again.

    A listing passes through: the stores try each page again by themselves.
    """

    def __init__(
        self,
        store: Store,
        policy: RetryPolicy,
        *,
        sleep: Callable[[float], None] = time.sleep,
        strain: StrainCount = STRAIN,
    ) -> None:
        """Wrap a store, and count what it costs in patience."""
        super().__init__(store)
        self._policy = policy
        self._sleep = sleep
        self._strain = strain

    def _put(self, key: str, data: bytes, call: Callable[[], str]) -> str:
        """Write; a try that loses to an earlier one of ours, whose answer did not arrive, won."""
        in_doubt = False

        def attempt() -> str:
            nonlocal in_doubt
            try:
                return call()
            except TransientError:
                in_doubt = True
                raise
            except ConflictError:
                etag = self._etag_if_ours(key, data) if in_doubt else None
                if etag is None:
                    raise
                self._strain.answer_lost()
                return etag

        return self._ask("put", key, attempt)

    def _ask(self, verb: Verb, key: str, call: Callable[[], T]) -> T:
        del verb, key
        return self._policy.call(call, sleep=self._sleep, told=self._strain.failed)

    def _etag_if_ours(self, key: str, data: bytes) -> str | None:
        try:
            blob = self._store.get(key)
        except MissingError:
            return None
        return blob.info.etag if blob.data == data else None
