"""One call of a function: what Lambda says of it, and the work that must end before it does."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

R = TypeVar("R")

RESERVE_SECONDS = 2.0
"""Kept for the answer: what is not finished by then goes back."""

RESERVE_SHARE = 0.2
"""Of the time that there is at the start, kept at most: a function may have three seconds."""


class Context(Protocol):
    """What is used of Lambda's context object."""

    @property
    def aws_request_id(self) -> str:
        """Names the call in logs."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the call."""


class Deadline:
    """When the work of a call must be done, so that its answer still gets out."""

    def __init__(self, context: Context, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the time that there is, less a reserve."""
        left = context.get_remaining_time_in_millis() / 1000
        self._clock = clock
        self._end = clock() + left - min(RESERVE_SECONDS, RESERVE_SHARE * left)

    def left(self) -> float:
        """Seconds; never below zero."""
        return max(0.0, self._end - self._clock())


def work_until(
    deadline: Deadline, tasks: Sequence[str], work: Callable[[str], R], *, threads: int
) -> dict[str, R]:
    """Work on tasks in threads, and return when all are done or the deadline is there.

    A task is not begun when the longest so far would no longer fit. One that is under way at the
    deadline is left behind: its thread is frozen with the container, and what it does later must
    be harmless, as settling a key is.

    Args:
        deadline: When to return.
        tasks: Different from each other.
        work: Does one and raises nothing.
        threads: How many work at once.

    Returns:
        The results of the tasks that are done.
    """
    crew = _Crew(deadline, tasks, work)
    return crew.run(min(threads, len(tasks)))


class _Crew(Generic[R]):
    def __init__(self, deadline: Deadline, tasks: Sequence[str], work: Callable[[str], R]) -> None:
        self._deadline = deadline
        self._waiting = deque(tasks)
        self._work = work
        self._done: dict[str, R] = {}
        self._longest = 0.0
        self._busy = 0
        self._changed = threading.Condition()

    def run(self, threads: int) -> dict[str, R]:
        self._busy = threads
        for number in range(threads):
            threading.Thread(target=self._drain, name=f"settler-{number}", daemon=True).start()
        with self._changed:
            self._changed.wait_for(lambda: self._busy == 0, self._deadline.left())
            self._waiting.clear()
            return dict(self._done)

    def _drain(self) -> None:
        while (task := self._next()) is not None:
            began = time.monotonic()
            result = self._work(task)
            with self._changed:
                self._done[task] = result
                self._longest = max(self._longest, time.monotonic() - began)

    def _next(self) -> str | None:
        with self._changed:
            if self._waiting and self._deadline.left() > self._longest:
                return self._waiting.popleft()
            self._busy -= 1
            self._changed.notify_all()
            return None
