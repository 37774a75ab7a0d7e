"""What one process of a spread run does: it settles the keys that it is sent, and tells of each.

It is an engine with one labelling thread, so the steps of a key, its races and its failures are
those of a run in one process. Where records are files, it first looks through what it is sent:
threads gain nothing there, and most of a source that is labelled already needs no more than that.
What may work later is told as failed; whoever sent the key decides about another try. Ctrl-C and
SIGTERM are not for it: it is told to stop, and it ends at once when the process that began it is no
more.
"""

from __future__ import annotations

import signal
import threading
import traceback
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Literal

import msgspec

from bucketlens.errors import ConfigError
from bucketlens.pipeline.parents import end_with_parent
from bucketlens.pipeline.plans import Sought, key_of_item
from bucketlens.pipeline.running import Engine
from bucketlens.stores import NO_STRAIN, StrainSince

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection

    from bucketlens.pipeline.labelling import Labeler
    from bucketlens.pipeline.plans import Item, Settled
    from bucketlens.pipeline.settling import Settler
    from bucketlens.settings import Settings

Task = tuple["Item", ...] | Literal["end", "stop"]
"""What is to be settled; nothing more; or begin no more."""


HEARTBEAT = 0.2
"""Seconds after which a run that can't go on is noticed, if nothing comes meanwhile."""


class HelperError(Exception):
    """A bug in another process, or the end of it; the text is the traceback there."""


@dataclass(frozen=True, slots=True)
class Halted:
    """Why a helper can't go on, nor any other: what an operator must change, or a bug.

    Attributes:
        setting: As of a ``ConfigError``.
        bug: It is a bug, and the message its traceback.
    """

    message: str
    setting: str | None = None
    bug: bool = False

    def error(self) -> Exception:
        """As it was raised there."""
        if self.bug:
            return HelperError(self.message)
        return ConfigError(self.message, setting=self.setting)


@dataclass(frozen=True, slots=True)
class Waits:
    """A key that is labelled, and whose record waits for others to be written with."""

    key: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Keys of one task that had nothing to be done for them.

    Attributes:
        all: They are the whole task.
    """

    keys: tuple[str, ...]
    all: bool


@dataclass(frozen=True, slots=True)
class Put:
    """A record that was put, for an index that would have to read it back."""

    name: str
    etag: str
    data: bytes


class Post:
    """A helper's end of the connection; safe to share between threads."""

    def __init__(self, tasks: Connection) -> None:
        """Send nothing yet."""
        self.tasks = tasks
        self._sending = threading.Lock()
        self._strain = StrainSince()

    def send(self, message: Settled | Halted | Put | Waits | Unchanged) -> None:
        """Send a message whole, behind what the stores cost in patience since the last one."""
        with self._sending:
            strain = self._strain.take()
            if strain != NO_STRAIN:
                self.tasks.send(strain)
            self.tasks.send(message)

    def put(self, name: str, etag: str, data: bytes) -> None:
        """Tell of a record that was put."""
        self.send(Put(name, etag, data))


def serve(
    post: Post, settler: Settler, labeler: Labeler, settings: Settings, *, looks: bool = False
) -> None:
    """Settle what comes through a connection, and send back what became of each key.

    Args:
        post: The connection.
        settler: Settles each key.
        labeler: Labels those that need it.
        settings: In force.
        looks: Look through what comes for what has nothing to be done, one after the other.
    """
    prepare_process()
    # One at a time: a batch gains a processor nothing, and all of it would have to be waited for.
    alone = msgspec.structs.replace(settings, workers=1, batch_size=1)
    engine = Engine(
        settler,
        labeler,
        alone,
        lambda settled: post.send(portable(settled)),
        retry_delays=(),
        waits=lambda key: post.send(Waits(key)),
    )
    try:
        coming: Iterable[Sequence[Item]] = received(post.tasks, engine)
        if looks:
            coming = (looked_through(post, settler, task) for task in coming)
        engine.run(chain.from_iterable(coming))
    except ConfigError as exc:
        post.send(Halted(exc.message, exc.setting))
    except BaseException as exc:  # noqa: BLE001 - nobody else would tell of it
        post.send(Halted("".join(traceback.format_exception(exc)), bug=True))
    post.tasks.close()


def prepare_process() -> None:
    """See that a process of ours leaves interruptions to its parent, and ends with it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    end_with_parent()


def received(tasks: Connection, engine: Engine) -> Iterator[tuple[Item, ...]]:
    """What comes through a connection, until it says that there is no more."""
    while True:
        while not tasks.poll(HEARTBEAT):
            if engine.ending():
                return
        task: Task = tasks.recv()
        if task == "stop":
            engine.stop.set()
        if isinstance(task, str):
            return
        yield task


def looked_through(post: Post, settler: Settler, task: Sequence[Item]) -> list[Item]:
    """What of a task has something to be done; the rest is told of at once."""
    left = [item for item in task if not _has_nothing_to_do(settler, item)]
    if len(left) < len(task):
        keys = {key_of_item(item) for item in left}
        unchanged = tuple(key for key in map(key_of_item, task) if key not in keys)
        post.send(Unchanged(unchanged, all=not left))
    return left


def _has_nothing_to_do(settler: Settler, item: Item) -> bool:
    if isinstance(item, Sought | str):
        return False
    try:
        return settler.has_nothing_to_do(item)
    except Exception:  # noqa: BLE001 - the engine meets it too, and tells
        return False


def portable(settled: Settled) -> Settled:
    """A report that can be sent: any exception as its text."""
    if settled.bug is None:
        return settled
    return replace(settled, bug=HelperError("".join(traceback.format_exception(settled.bug))))
