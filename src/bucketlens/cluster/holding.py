"""What each worker of a cluster holds for a run, and the one task that uses it."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

from distributed import WorkerPlugin, get_worker, secede

from bucketlens.cluster.bench import Bench, Done
from bucketlens.cluster.charging import take_charge

if TYPE_CHECKING:
    from distributed import Worker

    from bucketlens.assembly import Collecting
    from bucketlens.cluster.charging import Charge
    from bucketlens.pipeline.plans import Item


class Holder(WorkerPlugin):  # type: ignore[misc]  # its types are not read
    """Keeps models, stores and an engine in the process of a worker, from its first chunk on.

    Args:
        charge: The run that it works for.
    """

    def __init__(self, charge: Charge) -> None:
        """Before it is sent to a worker, it holds nothing else."""
        self.name = plugin_name(charge.run)
        self.charge = charge
        self.bench: Bench | None = None

    def setup(self, worker: Worker) -> None:
        """Begin on a worker."""
        if self.charge.owned and threading.current_thread() is threading.main_thread():
            # A terminal sends it to the whole group; the driver decides what follows from it.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.bench = Bench(
            self.open,
            self.charge.settings,
            threads=worker.state.nthreads,
            where=f"worker {worker.address}",
        )

    def open(self) -> Collecting:
        """Open what is worked on, and see that it is what the run means.

        Raises:
            ConfigError: It is not.
            TransientError: A store is away.
        """
        return take_charge(self.charge)

    def teardown(self, worker: Worker) -> None:
        """Let go of all."""
        del worker
        if self.bench is not None:
            self.bench.stop()


def plugin_name(run: str) -> str:
    """What a run's holder is called on the workers."""
    return f"bucketlens-{run}"


def settle_chunk(run: str, items: tuple[Item, ...]) -> Done:
    """The task: settle these on the worker that this runs on."""
    holder: Holder | None = get_worker().plugins.get(plugin_name(run))
    if holder is None or holder.bench is None:
        return Done(away="the worker was not told of the run")
    return holder.bench.settle(items, secede)


def stop_run(run: str, dask_worker: Worker) -> None:
    """Have a worker begin no more images."""
    holder = dask_worker.plugins.get(plugin_name(run))
    if holder is not None:
        holder.bench.stop()
