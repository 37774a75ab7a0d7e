"""Sign-ins that last: what the cookie holds, and how often a password may be tried.

A cookie is a user's name, an end and a MAC of both. The key of the MAC comes from the hash of the
user's password, so a new password ends all sessions, and a restart of the server none. Those that
people end are remembered.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.server.credentials import Credentials
    from bucketlens.server.ended import EndedSessions

WEEK = 7 * 24 * 3600
LASTS = 4 * WEEK
"""Seconds."""

TRIES = 10
TRIES_SECONDS = 300.0
"""Wrong passwords from one address in so many seconds, before it has to wait."""

MOST_ADDRESSES = 10_000


class Sessions:
    """Makes and checks cookies.

    Args:
        credentials: With the users.
        ended: The sessions that were ended before their time.
        clock: Gives the time, seconds since the epoch.
    """

    def __init__(
        self,
        credentials: Credentials,
        ended: EndedSessions,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Hold the parts."""
        self._credentials = credentials
        self._ended = ended
        self._clock = clock

    def begin(self, user: str) -> str:
        """The value of a cookie for a user that has proved to be one."""
        end = str(int(self._clock()) + LASTS)
        return f"{user}|{end}|{self._mac(user, end)}"

    def user_of(self, cookie: str) -> str | None:
        """Whose session a cookie is; None when it is none, or over."""
        user, _, rest = cookie.partition("|")
        end, _, mac = rest.partition("|")
        if user not in self._credentials.users or not (end.isascii() and end.isdigit()):
            return None
        if not hmac.compare_digest(self._mac(user, end).encode(), mac.encode("utf-8", "replace")):
            return None
        return user if self._clock() < int(end[:12]) and mac not in self._ended else None

    def end(self, cookie: str) -> None:
        """Take a cookie no longer."""
        if self.user_of(cookie) is not None:
            _, end, mac = cookie.split("|")
            self._ended.add(mac, int(end))

    def _mac(self, user: str, end: str) -> str:
        secret = self._credentials.users[user].password.encode()
        key = hmac.new(secret, b"bucketlens session", hashlib.sha256).digest()
        return hmac.new(key, f"{user}|{end}".encode(), hashlib.sha256).hexdigest()


class Attempts:
    """Counts wrong passwords by address.

    Args:
        clock: Gives the time, seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with none."""
        self._clock = clock
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Seconds until an address may try again; 0 if it may now."""
        since = self._clock() - TRIES_SECONDS
        recent = [moment for moment in self._wrong.get(address, []) if moment > since]
        return recent[-TRIES] - since if len(recent) >= TRIES else 0.0

    def failed(self, address: str) -> None:
        """Count one."""
        moments = self._wrong.setdefault(address, [])
        moments.append(self._clock())
        del moments[:-TRIES]
        self._wrong.move_to_end(address)
        while len(self._wrong) > MOST_ADDRESSES:
            self._wrong.popitem(last=False)
