"""Progress of a pass: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from bucketlens.pipeline.plans import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Task

    from bucketlens.pipeline.passing import Pass, Tally
    from bucketlens.pipeline.plans import Settled

LINE_SECONDS = 10.0
"""Between two lines, where there is no terminal."""


class Rate(ProgressColumn):
    """Images a second."""

    def render(self, task: Task) -> Text:
        """Show the rate of the last while."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f}/s" if speed else "", style="progress.data.speed")


@contextmanager
def show_progress(
    work: Pass, tally: Tally, *, limit: int | None
) -> Iterator[Callable[[Settled], None]]:
    """Show progress on standard error; gives what to call for each key."""
    counted = _Counted(work, limit)
    if sys.stderr.isatty():
        with _bar(counted) as told:
            yield told
    else:
        yield _lines(tally, counted)
    counted.stop.set()


class _Counted:
    """How many images there are, counted beside the work: the total for the time left."""

    def __init__(self, work: Pass, limit: int | None) -> None:
        self.total: int | None = None
        self.stop = threading.Event()
        self._work = work
        self._limit = limit
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        count = 0
        try:
            for item in self._work.objects():
                if self.stop.is_set() or count == self._limit:
                    break
                count += isinstance(item, Refused) or self._work.wanted(item)
        except Exception:  # noqa: BLE001 - the work itself meets the same error and tells it
            return
        self.total = count


@contextmanager
def _bar(counted: _Counted) -> Iterator[Callable[[Settled], None]]:
    progress = Progress(
        TextColumn("labelling"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[failed]}"),
        console=Console(stderr=True),
        transient=True,
    )
    task = progress.add_task("labelling", total=None, failed="")
    failed = 0

    def told(settled: Settled) -> None:
        nonlocal failed
        failed += settled.failure is not None
        text = f"{failed:,} failed" if failed else ""
        progress.update(task, advance=1, total=counted.total, failed=text)

    with progress:
        yield told


def _lines(tally: Tally, counted: _Counted) -> Callable[[Settled], None]:
    started = last = time.monotonic()

    def told(settled: Settled) -> None:
        nonlocal last
        del settled
        now = time.monotonic()
        if now - last < LINE_SECONDS:
            return
        last = now
        rate = tally.settled / (now - started)
        of = f" of {counted.total:,}" if counted.total is not None else ""
        left = ""
        if counted.total is not None and rate:
            left = f", {(counted.total - tally.settled) / rate:.0f} s left"
        failed = f", {tally.errors.total():,} failed" if tally.errors else ""
        with suppress(OSError):  # nobody may read it any more; the work goes on
            click.echo(f"{tally.settled:,}{of}, {rate:.1f}/s{left}{failed}", err=True)

    return told
