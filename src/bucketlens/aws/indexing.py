"""The function that renews the site's index, called by schedule.

Several at once, or one that was ended half-way, do no harm: the index is made from the records,
and what it was last made from is replaced by compare-and-swap.
"""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bucketlens.assembly import Collection, open_pass
from bucketlens.aws.configuration import Configuration, read_configuration
from bucketlens.aws.telemetry import Telemetry, printable
from bucketlens.errors import InputError, TransientError
from bucketlens.pipeline.indexing import renew_index

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bucketlens.aws.invocation import Context
    from bucketlens.pipeline.settling import Settler


class IndexFunction:
    """What Lambda calls by schedule; what the event says does not matter.

    Args:
        configuration: Where the images, the records and the site are.
        telemetry: Logs and metrics.
    """

    def __init__(self, configuration: Configuration, telemetry: Telemetry) -> None:
        """Open the stores; no model is loaded before it is needed, which is almost never."""
        self._configuration = configuration
        self._telemetry = telemetry
        self._collection = Collection(configuration.out, configuration.settings)

    def __call__(self, event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        """Renew the index if the records are not what it was made from.

        Raises:
            TransientError: A store is away, or others kept renewing it; Lambda tries again.
        """
        del event
        self._telemetry.begin(context)
        began = time.perf_counter()
        dropped = renew_index(self._collection.records, self._collection.index)
        for key in dropped:
            self._settle_again(key)
        milliseconds = 1000 * (time.perf_counter() - began)
        self._telemetry.log.info(
            "the index is up to date",
            extra={"tombstones_dropped": len(dropped), "milliseconds": round(milliseconds, 1)},
        )
        self._telemetry.write_metrics(
            {"TombstonesDropped": len(dropped)}, milliseconds={"IndexTime": [milliseconds]}
        )
        return {"tombstones_dropped": len(dropped)}

    def _settle_again(self, key: str) -> None:
        """Settle a key whose tombstone went: its image may have come back in that moment."""
        try:
            self._settler.settle(key, self._configuration.settings.max_bytes)
        except (InputError, TransientError) as exc:
            self._telemetry.log.warning(
                "not settled; a reconcile will",
                extra={"key": printable(key), "reason": printable(str(exc))},
            )

    @cached_property
    def _settler(self) -> Settler:
        source, out, settings = self._configuration
        return open_pass(source, out, settings).settler


def build_index_function(environ: Mapping[str, str], *, began: float) -> IndexFunction:
    """The function as the environment configures it, with its stores open.

    Args:
        environ: Environment variables.
        began: When its start began, as ``time.perf_counter`` tells it.

    Raises:
        ConfigError: The operator must change something first.
    """
    configuration = read_configuration(environ)
    telemetry = Telemetry("index", init_seconds=time.perf_counter() - began)
    return IndexFunction(configuration, telemetry)
