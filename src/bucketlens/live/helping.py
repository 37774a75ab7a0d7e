"""What a process does that labels for the desk, and how images and results travel.

Records travel as JSON: that is what they are stored as, and sooner packed and unpacked than their
parts would be.
"""

from __future__ import annotations

import gc
import signal
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bucketlens.errors import BucketlensError
from bucketlens.pipeline.helping import HelperError
from bucketlens.pipeline.labelling import Labelled
from bucketlens.pipeline.parents import end_with_parent
from bucketlens.pipeline.recording import Pictures
from bucketlens.records import FailureRecord, LabelRecord, decode_record, encode_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from multiprocessing.connection import Connection

    from bucketlens.pipeline.labelling import Labeler, Loaded, Result

Packed = tuple[bytes, Pictures | None] | Exception
"""A result on its way: the JSON of its record and its pictures, or what went wrong."""


INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C reaches all processes of a terminal, and a supervisor may tell all of a group to end."""


def serve(calls: Connection, labelers: Mapping[str, Labeler]) -> None:
    """Label what comes through a connection, until it is closed."""
    prepare_process()
    while True:
        try:
            call: tuple[str, list[Loaded]] | None = calls.recv()
        except (EOFError, OSError):
            return
        if call is None:
            return
        lane, images = call
        calls.send([packed(result) for result in labelers[lane].label(images)])


def packed(result: Result) -> Packed:
    """A result as it travels."""
    if isinstance(result, Labelled):
        return encode_record(result.record), result.pictures
    if isinstance(result, FailureRecord):
        return encode_record(result), None
    if isinstance(result, BucketlensError):
        return result
    return HelperError("".join(traceback.format_exception(result)))


def unpacked(result: Packed) -> Result:
    """A result as it was."""
    if isinstance(result, Exception):
        return result
    data, pictures = result
    record = decode_record(data)
    if isinstance(record, LabelRecord):
        return Labelled(record, pictures)
    if isinstance(record, FailureRecord):
        return record
    raise AssertionError("nobody labels a tombstone")


def prepare_process() -> None:
    """See that interruptions are left to the parent, and that this process ends with it."""
    for number in INTERRUPTIONS:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTIONS)
    gc.freeze()  # what a fork shares with its parent stays shared
    end_with_parent()


@contextmanager
def interruptions_held_back() -> Iterator[None]:
    """Hold interruptions back from processes that are started meanwhile, until they are prepared.

    One that opens models may take seconds before it can say that it wants none.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTIONS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
