"""The prices that a forecast reckons with; nothing is ever bought or refused by them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Price = Annotated[float, Meta(ge=0.0, le=1_000_000)]


class ForecastSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Prices of ``bucketlens plan``; part of :class:`bucketlens.settings.Settings`.

    The defaults are those of Amazon's list for S3 in us-east-1.
    """

    price_million_writes: Annotated[
        Price, Meta(description="price of a million PUT and LIST requests to a bucket")
    ] = 5.0
    price_million_reads: Annotated[
        Price, Meta(description="price of a million GET and HEAD requests to a bucket")
    ] = 0.4
    price_gigabyte_month: Annotated[
        Price, Meta(description="price of keeping a gigabyte in a bucket for a month")
    ] = 0.023
    price_core_hour: Annotated[
        Price, Meta(description="price of one core for an hour; 0 where it costs nothing")
    ] = 0.0
