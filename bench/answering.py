"""The floor of a server's answers: decoding and models in tight loops, one process a core."""

from __future__ import annotations

import multiprocessing
import time
from typing import TYPE_CHECKING, Any

from bucketlens.assembly import build_labeler
from bucketlens.imaging import Limits, decode
from bucketlens.pipeline.scoring import decode_cover
from bucketlens.settings import Settings
from floor import Pace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.synchronize import Barrier


def floor(images: Sequence[bytes], *, cores: int, detector: bool, seconds: float) -> Pace:
    """Images a second of so many processes that do nothing but decode and score."""
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(cores)
    pipes, processes = [], []
    for _ in range(cores):
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_work, args=(list(images), theirs, together, seconds), kwargs={"full": detector}
        )
        process.start()
        pipes.append(ours)
        processes.append(process)
    done = [pipe.recv() for pipe in pipes]
    for process in processes:
        process.join()
    total = sum(count for count, _, _ in done)
    return Pace(
        rate=sum(count / wall for count, wall, _ in done),
        work=1e3 * sum(used for _, _, used in done) / total,
    )


def _work(
    images: list[bytes], pipe: Connection, together: Barrier, seconds: float, *, full: bool
) -> None:
    settings = Settings(
        workers=1,
        pages=False,
        features=("GENERAL_LABELS",),
        detector=Settings().detector if full else "none",
    )
    scorer: Any = build_labeler(settings).scorer
    limits, cover = Limits(), decode_cover(settings)

    def once() -> None:
        scorer.score([decode(data, limits=limits, cover=cover) for data in images])

    once()
    together.wait()
    used, started, count = time.process_time(), time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        once()
        count += len(images)
    pipe.send((count, time.perf_counter() - started, time.process_time() - used))
