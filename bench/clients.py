"""Clients of a server under measurement: each asks again as soon as it has its answer.

They send requests that were made beforehand over connections that stay open, and read no more of
an answer than they must, so that they take little from the machine that the server works on.
"""

from __future__ import annotations

import math
import socket
import threading
import time
from dataclasses import dataclass
from itertools import cycle, islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WARM_SECONDS = 2.0
"""Before anything counts."""

TIMEOUT = 120.0
CHUNK = 65_536


@dataclass(frozen=True)
class Taken:
    """What so many clients saw.

    Attributes:
        rate: Answers a second.
        times: Seconds of each, sorted.
    """

    rate: float
    times: tuple[float, ...]

    def percentile(self, percent: float) -> float:
        """Seconds within which so many of all answers came."""
        place = math.ceil(len(self.times) * percent / 100) - 1
        return self.times[max(0, place)]


def measure(
    address: tuple[str, int], requests: Sequence[bytes], *, clients: int, seconds: float
) -> Taken:
    """Let so many clients ask for so long.

    Raises:
        RuntimeError: An answer was not 200.
    """
    begin = time.perf_counter() + WARM_SECONDS
    end = begin + seconds
    times: list[list[float]] = [[] for _ in range(clients)]
    mistakes: list[Exception] = []

    def ask(number: int) -> None:
        own = islice(cycle(requests), number, None)
        try:
            with socket.create_connection(address, timeout=TIMEOUT) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while (started := time.perf_counter()) < end:
                    exchange(connection, next(own))
                    ended = time.perf_counter()
                    if begin <= ended <= end:
                        times[number].append(ended - started)
        except Exception as exc:  # noqa: BLE001 - told by whoever waits for the threads
            mistakes.append(exc)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if mistakes:
        raise RuntimeError(f"{len(mistakes)} clients failed, one with: {mistakes[0]}")
    whole = sorted(taken for own in times for taken in own)
    return Taken(len(whole) / seconds, tuple(whole))


def exchange(connection: socket.socket, request: bytes) -> bytes:
    """Send a request; the body of its answer.

    Raises:
        RuntimeError: It is not 200.
    """
    connection.sendall(request)
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(CHUNK)
        if not part:
            raise RuntimeError("the server closed the connection")
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    named = dict(line.lower().split(": ", 1) for line in lines[1:])
    length = int(named["content-length"])
    while len(body) < length:
        body += connection.recv(CHUNK)
    if " 200 " not in lines[0]:
        raise RuntimeError(f"{lines[0]}: {body[:300]!r}")
    return body
