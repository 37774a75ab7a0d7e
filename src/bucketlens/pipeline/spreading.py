"""A whole source over several processes, one a core.

    this process: listing, reports, retries  --keys-->  helpers: read, label, write
                                            <--what became of each--

Python's lock lets one thread of a process run at a time, and a photo is a third of its time in
Python; so each core has a process of its own that does everything with a key (``helping``). Only
keys and reports go between them. Each helper has a few keys ahead, no more: what it was sent, it
alone must finish.

A helper that goes down (a decoder that crashes, memory that is short) takes nothing along: its
keys are tried again, one at a time, and only the one that brings a helper down once more is
reported as a bug.
"""

from __future__ import annotations

import logging
import signal
import threading
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import connection
from typing import TYPE_CHECKING, Protocol

from bucketlens.pipeline.helping import Halted, HelperError, Put, Unchanged, Waits
from bucketlens.pipeline.later import RETRY_DELAYS, Later, again
from bucketlens.pipeline.plans import Outcome, Settled, key_of_item
from bucketlens.stores import STRAIN, Strain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from bucketlens.pipeline.helping import Task
    from bucketlens.pipeline.plans import Item, Sought
    from bucketlens.types import ObjectInfo

log = logging.getLogger(__name__)

AHEAD = 8
"""Keys that a helper has at most: enough to read and write while it labels another."""

MOST_AHEAD = 64
"""The same while it finds nothing to do, since messages are all that such keys cost."""

TRIES_TO_RECORD = 3
"""Rounds for what was labelled by a helper that went down before it was recorded."""

HEARTBEAT = 0.2
"""Seconds after which a wish to stop is noticed, if no report comes sooner."""


class Elsewhere(Protocol):
    """What settles many keys in the place of this machine's threads and processes."""

    def settle(
        self,
        objects: Iterable[ObjectInfo | Sought],
        report: Callable[[Settled], None],
        stop: threading.Event,
        retry_delays: Sequence[float],
    ) -> None:
        """Settle each, as :class:`Engine` does; returns when all are, or after ``stop``.

        Raises:
            ConfigError: The operator must change something first.
            TransientError: It went away; what was begun by then, another run goes on with.
        """


@dataclass(frozen=True, slots=True)
class Helpers:
    """How helpers are started, and when they pay.

    Attributes:
        count: How many work at once.
        start: Starts one and gives it this end of a connection.
        least: Objects that a source must have: below, starting them costs more than it gains.
        told: Told of each record that they put, where they say so: its name, its etag, its bytes.
        meanwhile: Called once when the first image was labelled: what has to be loaded for the
            end may be loaded while they work.
    """

    count: int
    start: Callable[[Connection], BaseProcess]
    least: int
    told: Callable[[str, str, bytes], None] = lambda *_: None
    meanwhile: Callable[[], None] = lambda: None


@dataclass(eq=False, slots=True)
class Helper:
    """A process at work.

    Attributes:
        held: What it was sent and has not told of yet, by key.
        waiting: What it has labelled, and not yet recorded together with others.
        ended: It was told that there is no more.
        ahead: Keys that it has at most.
    """

    process: BaseProcess
    tasks: Connection
    held: dict[str, Item] = field(default_factory=dict)
    waiting: dict[str, Item] = field(default_factory=dict)
    ended: bool = False
    ahead: int = AHEAD

    def send(self, task: Task) -> None:
        """Hand something out; a process that is no more tells so by its closed connection."""
        if not isinstance(task, str):
            self.held.update((key_of_item(item), item) for item in task)
        self.ended = self.ended or isinstance(task, str)
        try:
            self.tasks.send(task)
        except OSError:
            self.ended = True


@dataclass(slots=True)
class Spread:
    """Settles many keys at once in processes; stands in the place of an ``Engine``.

    Args:
        helpers: Started for each round of keys, and gone when it ends.
        report: Called for each key.
        stop: Set by others to have no more images begun.
        retry_delays: Seconds before each new try of what may work later.
    """

    helpers: Helpers
    report: Callable[[Settled], None]
    stop: threading.Event = field(default_factory=threading.Event)
    retry_delays: Sequence[float] = RETRY_DELAYS
    _later: Later = field(default_factory=Later)
    _suspects: list[Sought | str] = field(default_factory=list)
    _unrecorded: list[Sought | str] = field(default_factory=list)
    _labelled: bool = False
    _cause: BaseException | None = None

    def run(self, objects: Iterable[ObjectInfo | Sought]) -> None:
        """Settle each object of a listing; returns when all are settled, or after ``stop``.

        Raises:
            ConfigError: The operator must change something first; no more images were begun then.
        """
        self._later = Later(self.retry_delays)
        self._later.rounds(objects, self._round, self.stop, self._ending)
        for settled in self._later.left():
            self.report(settled)
        if self._cause is not None:
            raise self._cause

    def _round(self, items: Iterable[Item]) -> None:
        """Settle these, all helpers at once, then what brought a helper down, one by one."""
        self._share_out(iter(items), self.helpers.count, AHEAD)
        for _ in range(TRIES_TO_RECORD):
            if not self._unrecorded or self._ending():
                break
            items, self._unrecorded = self._unrecorded, []
            self._share_out(iter(items), self.helpers.count, AHEAD)
        self._suspects += self._unrecorded  # whatever ends the process, one by one tells
        self._unrecorded.clear()
        while self._suspects and not self._ending():
            item = self._suspects.pop()
            self._share_out(iter([item]), 1, 1)
        self._later.items += self._suspects
        self._suspects.clear()

    def _share_out(self, items: Iterator[Item], count: int, ahead: int) -> None:
        working: list[Helper] = []
        try:
            working += (self._start() for _ in range(count))
            while working:
                for helper in working:
                    self._feed(helper, items, ahead)
                for helper in self._heard_from(working):
                    if self._hear(helper):
                        continue
                    working.remove(helper)
                    if self._went_down(helper, alone=ahead == 1) and not self._ending():
                        working.append(self._start())
        finally:
            for helper in working:  # none are left, but where something unforeseen was raised
                helper.process.kill()

    def _heard_from(self, working: list[Helper]) -> list[Helper]:
        """The helpers that have something to tell, after a while at the latest."""
        ready = connection.wait([helper.tasks for helper in working], HEARTBEAT)
        return [helper for helper in working if helper.tasks in ready]

    def _start(self) -> Helper:
        ours, theirs = connection.Pipe()
        process = self.helpers.start(theirs)
        theirs.close()
        return Helper(process, ours)

    def _feed(self, helper: Helper, items: Iterator[Item], ahead: int) -> None:
        """Send a helper more, or that there is no more."""
        if helper.ended:
            return
        ahead = helper.ahead if ahead > 1 else 1
        if not self._ending() and len(helper.held) <= ahead // 2:  # one message for several keys
            try:
                more = tuple(islice(items, ahead - len(helper.held)))
            except BaseException as exc:  # noqa: BLE001 - raised when all that was begun has ended
                self._cause = self._cause or exc
            else:
                if more:
                    helper.send(more)
                if len(helper.held) < ahead:
                    helper.send("end")
        if self._ending() and not helper.ended:
            helper.send("stop")

    def _hear(self, helper: Helper) -> bool:
        """Take in one message; False when there will be no more."""
        try:
            message = helper.tasks.recv()
        except (EOFError, OSError):
            return False
        if isinstance(message, Halted):
            self._cause = self._cause or message.error()
            return True
        try:
            if isinstance(message, Strain):
                STRAIN.add(message)
            elif isinstance(message, Put):
                self.helpers.told(message.name, message.etag, message.data)
            elif isinstance(message, Unchanged):
                helper.ahead = min(2 * helper.ahead, MOST_AHEAD) if message.all else AHEAD
                for key in message.keys:
                    helper.held.pop(key, None)
                    self.report(Settled(key, Outcome.UNCHANGED))
            elif isinstance(message, Waits):
                helper.waiting[message.key] = helper.held.pop(message.key, message.key)
            else:
                item = helper.held.pop(message.key, None) or helper.waiting.pop(message.key, None)
                self._take(message, item or message.key)
        except BaseException as exc:  # noqa: BLE001 - as above
            self._cause = self._cause or exc
        return True

    def _take(self, settled: Settled, item: Item) -> None:
        if not self._later.takes(item, settled):
            self.report(settled)
        if settled.outcome is Outcome.LABELLED and not self._labelled:
            self._labelled = True
            self.helpers.meanwhile()

    def _went_down(self, helper: Helper, *, alone: bool) -> bool:
        """Wait for the end of a process; whether it ended as it should not have."""
        helper.tasks.close()
        helper.process.join()
        status = helper.process.exitcode
        if not status or self._cause is not None:
            return False
        how = _how(status)
        if not alone:
            log.warning("a process of the run %s; %d keys are tried again", how, len(helper.held))
            self._suspects += map(again, helper.held.values())
            self._unrecorded += map(again, helper.waiting.values())
            return True
        for key in helper.held | helper.waiting:
            bug = HelperError(f"the process that looked at it {how}")
            self.report(Settled(key, Outcome.FAILED, ("bug", str(bug), None), bug=bug))
        return True

    def _ending(self) -> bool:
        return self.stop.is_set() or self._cause is not None


def _how(status: int) -> str:
    """What an exit status says of the end of a process."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    short = ", perhaps since memory was short" if name == "SIGKILL" else ""
    return f"was ended by {name}{short}"
