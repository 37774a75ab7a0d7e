"""What may go wrong between a client and a store that speaks S3, and when it does.

Whether a request is disturbed, and how, follows from a seed, its method, its path and how often
it was seen before: not from the order in which threads happen to come.
"""

from __future__ import annotations

import enum
import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROBE = ".bucketlens-probe-"
"""Objects that find out whether a store honours conditions; one that lies about them fails."""


class Mishap(enum.Enum):
    """One way to go wrong. What is not said to be done is not passed on to the store."""

    BUSY = "503 SlowDown"
    BROKEN = "500 InternalError"
    GATEWAY = "502 with a page of a proxy"
    SLEPT = "400 RequestTimeout"
    SKEWED = "403 RequestTimeTooSkewed"
    GARBLED = "400 BadDigest"
    RESET = "the connection is reset before an answer"
    LOST = "done, but the connection is reset before the answer"
    DONE_AND_BROKEN = "done, but the answer is 500"
    CUT = "done, but the connection is reset in the middle of the body"
    SHORT = "done, but the connection is closed in the middle of the body"
    SLOW = "done, after a while"
    RIVALS = "409 ConditionalRequestConflict"
    BEATEN = "412, though nobody came between"


ANY = (
    *(Mishap.BUSY, Mishap.BROKEN, Mishap.GATEWAY, Mishap.SLEPT, Mishap.SKEWED, Mishap.RESET),
    *(Mishap.LOST, Mishap.DONE_AND_BROKEN, Mishap.SLOW),
)
OF_METHOD: Mapping[str, tuple[Mishap, ...]] = {
    "GET": (*ANY, Mishap.CUT, Mishap.SHORT),
    "PUT": (*ANY, Mishap.GARBLED),
    "POST": (Mishap.BUSY, Mishap.BROKEN, Mishap.RESET, Mishap.LOST, Mishap.SLOW, Mishap.CUT),
}
"""Others suffer ``ANY``. POST is for queues."""
OF_CONDITION = (Mishap.RIVALS, Mishap.BEATEN)

ERRORS: Mapping[Mishap, tuple[int, str]] = {
    Mishap.BUSY: (503, "SlowDown"),
    Mishap.BROKEN: (500, "InternalError"),
    Mishap.GATEWAY: (502, ""),
    Mishap.SLEPT: (400, "RequestTimeout"),
    Mishap.SKEWED: (403, "RequestTimeTooSkewed"),
    Mishap.GARBLED: (400, "BadDigest"),
    Mishap.DONE_AND_BROKEN: (500, "InternalError"),
    Mishap.RIVALS: (409, "ConditionalRequestConflict"),
    Mishap.BEATEN: (412, "PreconditionFailed"),
}
"""What the answer is, where there is a whole one."""

NOT_DONE = frozenset(ERRORS) - {Mishap.DONE_AND_BROKEN} | {Mishap.RESET}


@dataclass(frozen=True)
class Request:
    """What of a request decides about mishaps.

    Attributes:
        path: With its query.
        conditional: It has If-Match or If-None-Match.
    """

    method: str
    path: str
    conditional: bool = False

    @property
    def possible(self) -> tuple[Mishap, ...]:
        """What may go wrong with it."""
        found = OF_METHOD.get(self.method, ANY)
        if self.method == "PUT" and self.conditional and PROBE not in self.path:
            found += OF_CONDITION
        return found


@dataclass
class Misfortune:
    """Decides about requests; safe to share between threads.

    Attributes:
        share: Of all requests that are disturbed.
        seed: Of chance.
        only: What happens, where it is not to be any mishap.
        where: Which requests it happens to.
        count: How often each happened.
    """

    share: float = 0.0
    seed: int = 0
    only: frozenset[Mishap] = frozenset(Mishap)
    where: Callable[[Request], bool] = lambda _: True
    count: Counter[Mishap] = field(default_factory=Counter)
    _seen: Counter[Request] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def strike(self, request: Request) -> Mishap | None:
        """What happens to a request, if anything."""
        with self._lock:
            number = self._seen[request]
            self._seen[request] += 1
            if not self.where(request):
                return None
            name = f"{self.seed} {request.method} {request.path} {number}"
            chance = random.Random(name)  # noqa: S311 - nothing secret
            possible = [mishap for mishap in request.possible if mishap in self.only]
            if not possible or chance.random() >= self.share:
                return None
            mishap = chance.choice(possible)
            self.count[mishap] += 1
            return mishap
