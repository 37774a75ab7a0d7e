"""Where the cluster is: one that others run, or one of this machine for the time of the run."""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bucketlens.errors import ConfigError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from distributed import Client

CONNECT_SECONDS = 30
CLOSE_SECONDS = 10

MALLOC = "distributed.nanny.pre-spawn-environ.MALLOC_"

OWN_CLUSTER = {
    # One death makes an image a suspect, and suspects are tried alone: more would only cost time.
    "distributed.scheduler.allowed-failures": 0,
    # Dask has each worker give memory back at once, and so ask the system for each picture anew.
    # These are the values that the C library of Linux finds by itself.
    f"{MALLOC}TRIM_THRESHOLD_": 64 * 1024 * 1024,
    f"{MALLOC}MMAP_THRESHOLD_": 32 * 1024 * 1024,
}
"""Of Dask's configuration, for a cluster of this machine."""

UNSEEN = {
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.tick.limit": "30s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.system-monitor.disk": False,
    "distributed.admin.system-monitor.gil.enabled": False,
}
"""What is measured many times a second, in each process, for a dashboard that nobody looks at."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Which cluster to use.

    Attributes:
        scheduler: Address of its scheduler, or the file that it wrote; None for an own cluster.
        workers: Processes of an own cluster, each with one thread.
        dashboard: Where an own cluster shows its dashboard, ``host:port``; None for nowhere.
    """

    scheduler: str | None = None
    workers: int = 1
    dashboard: str | None = None

    @property
    def owned(self) -> bool:
        """Whether it is one of this machine for the time of the run."""
        return self.scheduler is None


class Connection(NamedTuple):
    """A cluster that is there.

    Attributes:
        client: Of its scheduler.
        keep_up: Called now and then: has an own cluster replace workers that are gone for good.
            Dask's nannies start a worker again that dies, but not one that dies while it starts.
    """

    client: Client
    keep_up: Callable[[], None]


@contextmanager
def connected(deployment: Deployment) -> Iterator[Connection]:
    """A connection to the cluster; an own one is there for as long.

    Raises:
        ConfigError: The address makes no sense, or Dask is not installed.
        TransientError: No scheduler answers there.
    """
    try:
        import distributed  # noqa: PLC0415, F401 - only where it is used
    except ModuleNotFoundError as exc:
        raise ConfigError(f"a cluster needs {exc.name}: pip install 'bucketlens[cluster]'") from exc
    if deployment.scheduler is None:
        with _own_cluster(deployment) as connection:
            yield connection
        return
    client = _client_of(deployment.scheduler)
    try:
        yield Connection(client, lambda: None)
    finally:
        _close(client)


@contextmanager
def _own_cluster(deployment: Deployment) -> Iterator[Connection]:
    import dask  # noqa: PLC0415
    from distributed import Client, LocalCluster  # noqa: PLC0415

    with dask.config.set(OWN_CLUSTER | ({} if deployment.dashboard else UNSEEN)):
        try:
            cluster = LocalCluster(
                n_workers=deployment.workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                # Whoever may speak to a scheduler may run code as its user; other users of this
                # machine may not.
                security=True,
                dashboard_address=deployment.dashboard or "127.0.0.1:0",
                scheduler_kwargs={"dashboard": deployment.dashboard is not None},
                silence_logs=logging.ERROR,
            )
        except ImportError as exc:
            raise ConfigError(
                "a cluster needs cryptography: pip install 'bucketlens[cluster]'"
            ) from exc
        try:
            client = Client(cluster)
            try:
                yield Connection(client, lambda: cluster.scale(deployment.workers))
            finally:
                _close(client)
        finally:
            cluster.close(timeout=CLOSE_SECONDS)


def _client_of(scheduler: str) -> Client:
    from distributed import Client  # noqa: PLC0415

    place = {"address": scheduler}
    if "://" not in scheduler and Path(scheduler).is_file():
        place = {"scheduler_file": scheduler}
    try:
        return Client(**place, timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError) as exc:
        raise TransientError(f"no scheduler answers at {scheduler}: {exc}") from exc
    except (ValueError, RuntimeError, TypeError) as exc:
        raise ConfigError(f"{scheduler!r} is no address of a scheduler: {exc}") from exc


def _close(client: Client) -> None:
    with suppress(OSError, TimeoutError):  # it may be the scheduler that is gone
        client.close(timeout=CLOSE_SECONDS)
