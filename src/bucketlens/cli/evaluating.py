"""Labels the photos of sets on all cores, with progress, for ``bucketlens evaluate``."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bucketlens.evaluation.answers import Answer, AnswerReader
from bucketlens.evaluation.boxes import BoxedPhoto, boxed_photo
from bucketlens.evaluation.results import AnsweredSet, Failure
from bucketlens.pipeline.labelling import Loaded
from bucketlens.pipeline.running import available_cores
from bucketlens.records import FailureRecord
from bucketlens.types import ObjectInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bucketlens.evaluation.manifest import Manifest, Photo
    from bucketlens.evaluation.truth import Truths
    from bucketlens.labels.view import View
    from bucketlens.pipeline.labelling import Labeler, Result
    from bucketlens.settings import Settings

LINE_SECONDS = 10.0
"""Between two lines of progress, where there is no terminal."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one photo."""

    answer: Answer | None = None
    boxes: BoxedPhoto | None = None
    failure: Failure | None = None


class Examiner:
    """Labels photos and reads what the records say.

    Args:
        labeler: The core.
        settings: In force.
        view: What makes the labels that are measured.
        low: The view with the lowest threshold that is compared.
    """

    def __init__(self, labeler: Labeler, settings: Settings, view: View, *, low: View) -> None:
        """Hold the parts; they are shared by all threads."""
        self._labeler = labeler
        self._view = view
        self._threads = settings.workers or available_cores()
        self._batch = settings.batch_size
        self._reader = AnswerReader(view, display_names=settings.display_names, low=low)

    def examine(
        self, manifest: Manifest, truths: Truths, told: Callable[[int], None]
    ) -> AnsweredSet:
        """Label all photos of a set that can be measured by.

        Args:
            manifest: The set.
            truths: Of its photos.
            told: Called with the number of photos that were done.
        """
        outcomes: list[Outcome] = [Outcome()] * len(manifest.photos)
        wanted = [i for i, truth in enumerate(truths.photos) if truth is not None]
        chunks = [wanted[i : i + self._batch] for i in range(0, len(wanted), self._batch)]
        with ThreadPoolExecutor(self._threads) as pool:
            done = pool.map(
                lambda chunk: self._examine([manifest.photos[i] for i in chunk]), chunks
            )
            for chunk, results in zip(chunks, done, strict=True):
                for i, outcome in zip(chunk, results, strict=True):
                    outcomes[i] = outcome
                told(len(chunk))
        return AnsweredSet(
            manifest,
            truths,
            answers=[outcome.answer for outcome in outcomes],
            boxes=[outcome.boxes for outcome in outcomes if outcome.boxes is not None],
            failures=[outcome.failure for outcome in outcomes if outcome.failure is not None],
        )

    def _examine(self, photos: Sequence[Photo]) -> list[Outcome]:
        read = [_read(photo) for photo in photos]
        results = iter(self._labeler.label([one for one in read if isinstance(one, Loaded)]))
        return [
            Outcome(failure=one)
            if isinstance(one, Failure)
            else self._outcome(photo, next(results))
            for photo, one in zip(photos, read, strict=True)
        ]

    def _outcome(self, photo: Photo, result: Result) -> Outcome:
        if isinstance(result, Exception):
            raise result
        if isinstance(result, FailureRecord):
            return Outcome(failure=Failure(photo.row.file, result.failure.reason))
        record = result.record
        if photo.row.sha256 not in (None, record.source.sha256):
            reason = "another picture than the one that the manifest speaks of (sha256 differs)"
            return Outcome(failure=Failure(photo.row.file, reason))
        boxes = None
        if photo.row.boxes is not None:
            boxes = boxed_photo(photo.row, record, self._view.space)
        return Outcome(self._reader.read(record), boxes)


def _read(photo: Photo) -> Loaded | Failure:
    try:
        data = photo.path.read_bytes()
    except OSError as exc:
        return Failure(photo.row.file, f"can't be read: {exc.strerror}")
    return Loaded(ObjectInfo(key=photo.row.file, etag="", size=len(data), modified=0.0), data)


@contextmanager
def show_examined(total: int) -> Iterator[Callable[[int], None]]:
    """Show progress on standard error; gives what to call with the number of photos done."""
    if not sys.stderr.isatty():
        yield _lines(total)
        return
    columns = (
        TextColumn("measuring"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("measuring", total=total)
        yield lambda count: progress.update(task, advance=count)


def _lines(total: int) -> Callable[[int], None]:
    started = last = time.monotonic()
    done = 0

    def told(count: int) -> None:
        nonlocal done, last
        done += count
        now = time.monotonic()
        if now - last >= LINE_SECONDS:
            last = now
            left = (total - done) * (now - started) / done
            click.echo(f"{done:,} of {total:,}, {left:.0f} s left", err=True)

    return told
