"""A pass's keys over a whole cluster, from its beginning to its end."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from itertools import chain
from typing import TYPE_CHECKING

from bucketlens.cluster.charging import charge_workers, discharge
from bucketlens.cluster.deploying import connected
from bucketlens.errors import ConfigError, CrashError, MissingError, TransientError
from bucketlens.pipeline.plans import Outcome, Settled

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from distributed import Client

    from bucketlens.assembly import Collecting
    from bucketlens.cluster.charging import Charge
    from bucketlens.cluster.deploying import Deployment
    from bucketlens.pipeline.plans import Sought
    from bucketlens.settings import Settings
    from bucketlens.types import ObjectInfo


class Span:
    """Settles keys on a cluster, in the place of this machine's threads and processes.

    Args:
        opened: What is worked on, as the driver has it.
        settings: In force.
        deployment: Where the cluster is.
        tell: Given lines for people.
    """

    def __init__(
        self,
        opened: Collecting,
        settings: Settings,
        deployment: Deployment,
        tell: Callable[[str], None],
    ) -> None:
        """Reach nothing yet."""
        self._opened = opened
        self._settings = settings
        self._deployment = deployment
        self._tell = tell

    def settle(
        self,
        objects: Iterable[ObjectInfo | Sought],
        report: Callable[[Settled], None],
        stop: threading.Event,
        retry_delays: Sequence[float],
    ) -> None:
        """Settle each; see :class:`bucketlens.pipeline.spreading.Elsewhere`."""
        items = iter(objects)
        first = next(items, None)
        if first is None or stop.is_set():
            return
        with connected(self._deployment) as connection:
            # Only where it is used: the extra brings it.
            from bucketlens.cluster.driving import Drive  # noqa: PLC0415
            from bucketlens.cluster.pacing import Chunking  # noqa: PLC0415

            if self._deployment.dashboard or not self._deployment.owned:
                self._tell(f"dashboard of the cluster: {connection.client.dashboard_link}")
            charge = charge_workers(self._opened, self._settings, owned=self._deployment.owned)
            try:
                with _held(connection.client, charge):
                    drive = Drive(
                        connection,
                        charge.run,
                        report,
                        stop,
                        self._condemn,
                        self._tell,
                        Chunking.of(self._settings),
                    )
                    drive.run(chain([first], items), retry_delays)
            except ConfigError as exc:
                self._see_witness(charge, exc)
                raise
            finally:
                discharge(self._opened.collection.private, charge)

    def _see_witness(self, charge: Charge, error: ConfigError) -> None:
        """Tell a worker without the images from one that asked for an image that has gone."""
        if charge.witness is None:
            return
        try:
            self._opened.images.head(charge.witness)
        except MissingError as exc:
            raise TransientError(
                f"{charge.witness} went away meanwhile, by which workers know the source; the"
                f" same command goes on (a worker said: {error.message})"
            ) from exc

    def _condemn(self, key: str) -> Settled:
        """Record that an image ended each worker that looked at it; the report on it."""
        error = CrashError(f"{key} ended each worker that looked at it")
        settler, labeler = self._opened.settler, self._opened.labeler
        plan = settler.inspect(key)
        if plan.info is not None and plan.action.reads:
            # Where something else stands by now, that is newer, and holds.
            settler.commit(plan, labeler.failure(plan.info, error))
        return Settled(key, Outcome.FAILED, (error.code, error.message, None))


@contextmanager
def _held(client: Client, charge: Charge) -> Iterator[None]:
    """While workers hold what a run needs; those that come later, too."""
    from bucketlens.cluster.holding import Holder  # noqa: PLC0415 - as above

    holder = Holder(charge)
    try:
        client.register_plugin(holder)
    except ImportError as exc:
        raise ConfigError(
            f"a worker of the cluster lacks something ({exc}): install the same bucketlens on all"
        ) from exc
    except (OSError, TimeoutError) as exc:
        raise TransientError(f"the scheduler of the cluster went away: {exc}") from exc
    try:
        yield
    finally:
        if client.status == "running":
            with suppress(OSError, TimeoutError):
                client.unregister_worker_plugin(holder.name)
