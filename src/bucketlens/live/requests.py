"""Images that come with requests: labelled at the desk, and nothing is kept of them."""

from __future__ import annotations

import time
from concurrent.futures import Future
from typing import TYPE_CHECKING

from bucketlens.errors import (
    DamagedError,
    InputError,
    MissingError,
    TooLargeError,
    TransientError,
    UnsupportedError,
)
from bucketlens.pipeline.labelling import Labelled, Loaded
from bucketlens.records import FailureRecord, LabelRecord
from bucketlens.types import ObjectInfo

if TYPE_CHECKING:
    from bucketlens.live.desk import Desk, Ticket
    from bucketlens.live.measures import Measures
    from bucketlens.pipeline.labelling import Result

FULL, PLAIN = "request", "request without properties"
"""The lanes at the desk: with and without what images look like."""

_CLASSES = {
    kind.code: kind
    for kind in (InputError, UnsupportedError, TooLargeError, DamagedError, MissingError)
}


class Requests:
    """Labels images for whoever asks.

    Args:
        desk: Where they are labelled; it bounds the bytes that wait.
        measures: Told how long each took.
        room: Images that may wait.
    """

    def __init__(self, desk: Desk, measures: Measures, room: int) -> None:
        """Begin with none."""
        self._desk = desk
        self._room = room
        self._measures = measures

    def __len__(self) -> int:
        """How many wait."""
        return self._desk.waiting(FULL) + self._desk.waiting(PLAIN)

    def ask(self, data: bytes, *, properties: bool = True) -> Future[LabelRecord]:
        """Have an image labelled; a request that is given up cancels the future.

        Args:
            data: The bytes of its file.
            properties: Measure colours, brightness and sharpness too, if the settings do at all.

        Returns:
            What raises, instead of a record, UnsupportedError, TooLargeError or DamagedError for
            an image that can't be labelled, and anything else where that is not its fault.

        Raises:
            TransientError: Too many wait already, or it is about to end.
        """
        if len(self) >= self._room:
            raise TransientError(
                f"{self._room:,} images wait already, and no more are kept", setting="max_waiting"
            )
        info = ObjectInfo(key="request", etag="", size=len(data), modified=time.time())
        ticket = self._desk.put(FULL if properties else PLAIN, Loaded(info, data))
        answer: Future[LabelRecord] = Future()

        def given_up(asked: Future[LabelRecord]) -> None:
            if asked.cancelled():
                ticket.result.cancel()

        answer.add_done_callback(given_up)
        ticket.result.add_done_callback(lambda result: self._answer(ticket, result, answer))
        return answer

    def _answer(self, ticket: Ticket, result: Future[Result], answer: Future[LabelRecord]) -> None:
        if result.cancelled() or not answer.set_running_or_notify_cancel():
            return
        self._measures.stage("request", ticket.ended - ticket.arrived)
        found = result.result()
        if isinstance(found, Labelled):
            answer.set_result(found.record)
        elif isinstance(found, FailureRecord):
            answer.set_exception(error_of(found))
        else:
            answer.set_exception(found)


def error_of(record: FailureRecord) -> InputError:
    """The error that a failure record was made from."""
    why = record.failure
    return _CLASSES.get(why.error, InputError)(why.reason, setting=why.setting)
