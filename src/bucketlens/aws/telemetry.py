"""Logs with the request and the key in each line, and metrics in CloudWatch's embedded format.

Both come from Powertools and cost 50 ms of the start together, most of it for the logger. Its
batch processor is not used: it knows nothing of deadlines and takes messages one by one.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping, Sequence

    from bucketlens.aws.invocation import Context

NAMESPACE = "bucketlens"
"""Of the metrics; also the name of the logger, so that it writes what all our modules log."""


class Telemetry:
    """What one function tells of itself.

    Args:
        service: Of the metrics: their only dimension, since each combination is paid for.
        models: Names of the models; in the metrics' lines, to be searched for.
        init_seconds: What the start took.
    """

    def __init__(self, service: str, *, models: Sequence[str] = (), init_seconds: float) -> None:
        """Open the log.

        Raises:
            ConfigError: Powertools is not installed.
        """
        try:
            from aws_lambda_powertools import Logger  # noqa: PLC0415 - of an extra
            from aws_lambda_powertools.metrics import EphemeralMetrics  # noqa: PLC0415
        except ImportError as exc:
            raise ConfigError(
                "the functions for Lambda need aws-lambda-powertools: pip install 'bucketlens[aws]'"
            ) from exc
        self._service = service
        self._models = list(models)
        self._init_seconds: float | None = init_seconds
        self._new_metrics = partial(EphemeralMetrics, namespace=NAMESPACE, service=service)
        self.log = Logger(service=NAMESPACE)

    def begin(self, context: Context) -> None:
        """Have every line name the request, until the next one."""
        self.log.append_keys(
            function=self._service,
            request_id=context.aws_request_id,
            cold_start=self._init_seconds is not None,
        )

    def write_metrics(
        self,
        counts: Mapping[str, int],
        *,
        errors: Counter[str] | None = None,
        milliseconds: Mapping[str, Sequence[float]] | None = None,
        percent: Mapping[str, float] | None = None,
    ) -> None:
        """Write the metrics of one call.

        Args:
            counts: By the name of the metric; also those that are zero.
            errors: Failed images by their class, which becomes a dimension.
            milliseconds: Single values by the name of the metric.
            percent: By the name of the metric.
        """
        metrics = self._new_metrics()
        metrics.add_metadata("models", self._models)
        for name, count in counts.items():
            metrics.add_metric(name, "Count", count)
        for name, values in (milliseconds or {}).items():
            for value in values:
                metrics.add_metric(name, "Milliseconds", round(value, 3))
        for name, share in (percent or {}).items():
            metrics.add_metric(name, "Percent", round(share, 2))
        if self._init_seconds is not None:
            metrics.add_metric("ColdStart", "Count", 1)
            metrics.add_metric("InitTime", "Milliseconds", 1000 * self._init_seconds)
            self._init_seconds = None
        metrics.flush_metrics()
        for error, count in (errors or {}).items():
            failed = self._new_metrics()
            failed.add_dimension("error", error)
            failed.add_metric("ImagesFailedByClass", "Count", count)
            failed.flush_metrics()


def printable(text: str) -> str:
    """Text that every log takes: what is not Unicode is written as an escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
