"""The desk where images are labelled: one thread a core, and several lanes that wait for it.

Each lane is a line of its own, first come, first served. Which lane is next is decided by deadline:
an image is due at its arrival plus the grace of its lane. So somebody who waits for an answer goes
before a file that has just arrived, and that one before the backlog; and since every image comes
due in the end, none of them waits for ever.

A thread takes what is ready, up to a batch and up to its fair share, and never waits to fill one:
as long as there is a thread free, waiting gains nothing, and when there is none, batches fill
by themselves.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bucketlens.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketlens.live.measures import Measures
    from bucketlens.pipeline.labelling import Labeler, Loaded, Result


@dataclass(frozen=True, slots=True)
class Lane:
    """A kind of images that wait for the desk.

    Attributes:
        name: In messages.
        labeler: Labels them.
        grace: Seconds after its arrival at which an image is due.
        batch: Images that are labelled in one go, at most.
        room_bytes: Bytes that may wait, of all images together; None where whoever puts them
            bounds them.
    """

    name: str
    labeler: Labeler
    grace: float
    batch: int
    room_bytes: int | None = None


@dataclass(slots=True, eq=False)
class Ticket:
    """An image at the desk.

    Attributes:
        result: What becomes of it; never raises, since a failure is a result too.
        arrived: When it came, seconds of the monotonic clock, like the others.
        begun: When its batch was begun.
        ended: When its batch was done.
    """

    image: Loaded
    arrived: float
    result: Future[Result] = field(default_factory=Future)
    begun: float = 0.0
    ended: float = 0.0


class _Line:
    """The images of one lane that wait."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.tickets: deque[Ticket] = deque()
        self.bytes = 0

    @property
    def due(self) -> float:
        return self.tickets[0].arrived + self.lane.grace

    def refuses(self, size: int) -> bool:
        room = self.lane.room_bytes
        return room is not None and bool(self.tickets) and self.bytes + size > room

    def push(self, ticket: Ticket) -> None:
        self.tickets.append(ticket)
        self.bytes += len(ticket.image.data)

    def pop(self) -> Ticket:
        ticket = self.tickets.popleft()
        self.bytes -= len(ticket.image.data)
        return ticket


class Desk:
    """Labels images, several at once and in order of their deadlines.

    Args:
        lanes: All there are.
        threads: How many label.
        measures: Told the sizes of batches.
    """

    def __init__(self, lanes: Sequence[Lane], threads: int, measures: Measures) -> None:
        """Start the threads."""
        self._lines = {lane.name: _Line(lane) for lane in lanes}
        self._measures = measures
        self.batch = max(lane.batch for lane in lanes)
        self._changed = threading.Condition()
        self._closing = False
        self._threads = [
            threading.Thread(target=self._work, name=f"label-{i}", daemon=True)
            for i in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, lane: str, image: Loaded) -> Ticket:
        """Have an image labelled.

        Raises:
            TransientError: Too many wait already, or no more are taken.
        """
        ticket = Ticket(image, time.monotonic())
        with self._changed:
            if self._closing:
                raise TransientError("no more images are taken: it is about to end")
            line = self._lines[lane]
            if line.refuses(len(image.data)):
                raise TransientError(
                    f"{line.bytes:,} bytes of images wait already, and no more are kept"
                )
            line.push(ticket)
            self._changed.notify()
        return ticket

    def waiting(self, lane: str) -> int:
        """How many images of a lane wait."""
        return len(self._lines[lane].tickets)

    def close(self, seconds: float | None = None) -> bool:
        """Take no more, label those that wait, and end; False if that takes longer."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        end = None if seconds is None else time.monotonic() + seconds
        for thread in self._threads:
            thread.join(None if end is None else max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            labeler, tickets = taken
            tickets = [t for t in tickets if t.result.set_running_or_notify_cancel()]
            if not tickets:  # nobody waits for them any more
                continue
            self._measures.batch(len(tickets))
            began = time.monotonic()
            results: list[Result]
            try:
                results = labeler.label([ticket.image for ticket in tickets])
            except Exception as exc:  # noqa: BLE001 - whoever waits for it is told
                results = [exc] * len(tickets)
            ended = time.monotonic()
            for ticket, result in zip(tickets, results, strict=True):
                ticket.begun, ticket.ended = began, ended
                ticket.result.set_result(result)

    def _take(self) -> tuple[Labeler, list[Ticket]] | None:
        with self._changed:
            while not (lines := [line for line in self._lines.values() if line.tickets]):
                if self._closing:
                    return None
                self._changed.wait()
            line = min(lines, key=lambda line: line.due)
            share = -(-len(line.tickets) // len(self._threads))
            tickets = [line.pop() for _ in range(min(line.lane.batch, share))]
        return line.lane.labeler, tickets
