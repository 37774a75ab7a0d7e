"""Runs over archives on a cluster of Dask: the same core in many processes on many machines.

    driver: listing, reports, retries  --chunks of keys-->  scheduler  -->  workers: the core
                                       <--what became of each--

Workers read, label and write by themselves; only keys and reports pass the scheduler. Nothing of a
run is kept there: the records say what is done, so that any part of the cluster may go, and the
same command goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.assembly import open_collecting, pass_over
from bucketlens.cluster.deploying import Deployment
from bucketlens.cluster.spanning import Span
from bucketlens.errors import ConfigError
from bucketlens.models.rekognition import REKOGNITION

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.pipeline.passing import Pass
    from bucketlens.settings import Settings

__all__ = ["Deployment", "open_cluster_pass"]


def open_cluster_pass(  # noqa: PLR0913 - as of a pass on this machine, and where the cluster is
    source: str,
    out: str,
    settings: Settings,
    deployment: Deployment,
    *,
    allow_deletes: bool = False,
    check: bool = False,
    processes: int = 1,
    keys: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Pass:
    """A pass over SOURCE into OUT whose images are labelled by the workers of a cluster.

    Args:
        source: As of :func:`bucketlens.assembly.open_pass`, like the others that are not told of.
        out: As there.
        settings: As there; ``workers`` is how many processes a cluster of this machine has.
        deployment: Where the cluster is; nothing is reached or started before there is work.
        allow_deletes: As there.
        check: As there.
        processes: As there; for the catalog, which is made here.
        keys: As there.
        tell: Given lines for people.

    Raises:
        ConfigError: As there, or it is nothing that processes of several machines can share.
    """
    if settings.classifier == REKOGNITION:
        raise ConfigError(
            "Rekognition is asked by one process, which keeps its rate and its limit: run this"
            " without a cluster",
            setting="classifier",
        )
    opened = open_collecting(source, out, settings, check=check, processes=processes)
    for location in (opened.images.location, *opened.collection.locations):
        if location.startswith("memory://"):
            raise ConfigError(f"{location} is in the memory of one process: no cluster can use it")
    span = Span(opened, settings, deployment, tell)
    return pass_over(opened, settings, allow_deletes=allow_deletes, elsewhere=span, keys=keys)
