"""The functions for AWS Lambda: ``bucketlens.aws.handler`` and ``bucketlens.aws.index_handler``.

Each is built once for a container. Lambda imports this module in its init phase and names the
handler in ``_HANDLER``, so that models and stores are open before the first event and a mistake
in the configuration fails the start. Elsewhere nothing is built before the first call.
"""

from __future__ import annotations

import os
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bucketlens.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bucketlens.aws.indexing import IndexFunction
    from bucketlens.aws.invocation import Context
    from bucketlens.aws.labelling import LabelFunction

__all__ = ["handler", "index_handler"]

_BEGAN = time.perf_counter()

MACHINE = Path(__file__).with_name("machine")
"""In a package for Lambda, the processor that it was built for; nowhere else."""


def handler(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Settle the objects that an event speaks of, and answer in the way that its sender expects.

    Takes batches of SQS, notifications by S3, EventBridge or SNS as they are, and calls by S3
    Batch Operations.
    """
    return _label_function()(event, context)


def index_handler(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Bring the site's index up to date; whatever calls it, by schedule or by hand."""
    return _index_function()(event, context)


@cache
def _label_function() -> LabelFunction:
    from bucketlens.aws.labelling import build_label_function  # noqa: PLC0415 - only where used

    return build_label_function(os.environ, began=_BEGAN)


@cache
def _index_function() -> IndexFunction:
    from bucketlens.aws.indexing import build_index_function  # noqa: PLC0415

    return build_index_function(os.environ, began=_BEGAN)


def _check_machine(own: str) -> None:
    """Say so when a package is on another processor, before some library says it worse.

    Raises:
        ConfigError: The package is built for another one.
    """
    if MACHINE.is_file() and (built := MACHINE.read_text("ascii").strip()) != own:
        raise ConfigError(
            f"this package is built for {built}, and the function runs on {own}: give it the other"
            " package (make lambda-zip MACHINE=…) or the other Architecture"
        )


if "_HANDLER" in os.environ and hasattr(os, "uname"):
    _check_machine(os.uname().machine)
if os.environ.get("_HANDLER") == f"{__name__}.{handler.__name__}":
    _label_function()
if os.environ.get("_HANDLER") == f"{__name__}.{index_handler.__name__}":
    _index_function()
