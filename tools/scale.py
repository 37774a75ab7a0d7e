"""What an archive takes on Lambda, on spot instances and on Rekognition, reckoned on paper.

    python -m tools.scale                                  # 100 million images of 3 megapixels
    python -m tools.scale --images 10e6 --core-ms 63       # fewer and larger ones

Nothing is measured here: each figure is an argument, and its default says where it comes from.
Prices are dollars as AWS publishes them for us-east-1, without the free tier; they were written
down on 2026-11-22 and not looked up that day, and those of spot instances change by the hour.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.aws_costs import REKOGNITION, lines, tiered

from bucketlens.pipeline.forecasting import GIGABYTE, Calls, Prices

if TYPE_CHECKING:
    from collections.abc import Iterator

PRICES = Prices(million_writes=5.0, million_reads=0.4, gigabyte_month=0.023, core_hour=0.017)
"""A core of a spot instance: about two fifths of the 0.0425 dollars that one of c6i costs."""

OVER_35_MILLION = (float("inf"), 0.0004)
MONTH = 30 * 24 * 3600.0
DAY, HOUR = 24 * 3600.0, 3600.0

SOURCE = Calls(get=1, head=1, list=0.002)
JSON = Calls(get=2, head=1, put=5, list=0.0044)
PARQUET = Calls(get=2, head=1, put=3 / 4500)
"""Requests an image, as ``bucketlens plan`` counts them; a pack is two files and the manifest, and
64 MB of records are some 4,500."""

JSON_BYTES, PARQUET_BYTES = 130_000, 5_400
"""An image's files with pages and pictures, and its row in a pack: the example photos."""

REQUEST_MS = 0.15
"""Processor time of a request to S3 by obstore; see docs/stores.md."""

PUTS_A_PREFIX, GETS_A_PREFIX = 3500, 5500
"""Requests a second that one prefix of a bucket takes before it is split, by S3's documentation."""


@dataclass(frozen=True)
class Row:
    """One way of doing it."""

    way: str
    seconds: float
    computing: float
    calls: Calls
    storage_month: float
    bottleneck: str

    @property
    def requests(self) -> float:
        """What the requests cost; of Lambda and Rekognition they are in the rest."""
        return self.calls.cost(PRICES)

    @property
    def together(self) -> float:
        """Without the storage."""
        return self.computing + self.requests

    def cells(self) -> tuple[str, ...]:
        """As a line of a table."""
        reads, writes = self.calls.get + self.calls.head, self.calls.put + self.calls.list
        return (
            self.way,
            _time(self.seconds),
            f"{reads / 1e6:,.0f} M",
            f"{writes / 1e6:,.1f} M",
            f"{self.computing:,.0f}",
            f"{self.requests:,.0f}",
            f"{self.together:,.0f}",
            f"{self.storage_month:,.0f}",
            self.bottleneck,
        )


HEADS = (
    *("way", "time", "reads", "writes", "computing, $", "requests, $", "together, $"),
    *("storage a month, $", "bottleneck"),
)


def rows(arguments: argparse.Namespace) -> Iterator[Row]:
    """The ways, one after the other."""
    images = round(arguments.images)
    yield _lambda(images, arguments.concurrency)
    for name, out, size in (("JSON", JSON, JSON_BYTES), ("Parquet", PARQUET, PARQUET_BYTES)):
        yield _spot(arguments, f"{arguments.cores} spot cores, {name}", out, size)
    for rate in arguments.rates:
        yield _rekognition(images, rate)


def _lambda(images: int, concurrency: int) -> Row:
    """The stack of deploy/aws, fed by S3 Batch Operations; one file a record, and pages."""
    from tools.aws_costs import READS, SECONDS, WRITES  # noqa: PLC0415 - beside what they decide

    seconds = images * SECONDS / concurrency
    calls = Calls(get=READS + 1, put=WRITES).times(images)
    storage = images * JSON_BYTES / GIGABYTE * PRICES.gigabyte_month
    apart = ("S3 requests", "S3 storage")
    rest = sum(line.image * images for line in lines("x86_64") if not line.what.startswith(apart))
    puts = WRITES * concurrency / SECONDS
    return Row(
        f"Lambda, {concurrency:,} at once, JSON",
        seconds,
        rest,
        calls,
        storage,
        f"{puts:,.0f} PUT a second: {puts / PUTS_A_PREFIX:.0f} times what a new prefix takes",
    )


def _spot(arguments: argparse.Namespace, way: str, out: Calls, size: int) -> Row:
    """Workers that hold the models, each core with as many images as it can do."""
    images, cores = round(arguments.images), arguments.cores
    each = SOURCE + out
    asked = each.get + each.head + each.put
    pictures = arguments.pictures_ms if out is JSON else 0.0
    seconds = (arguments.core_ms + pictures + REQUEST_MS * asked) / 1000
    total = images * seconds / cores
    gigabits = images * arguments.megabytes * 8e-3 / total
    puts = images * out.put / total
    crowded = puts > PUTS_A_PREFIX
    return Row(
        way,
        total,
        images * seconds / HOUR * PRICES.core_hour,
        each.times(images),
        images * size / GIGABYTE * PRICES.gigabyte_month,
        f"{puts:,.0f} PUT a second" if crowded else f"cores; {gigabits:,.0f} Gbit/s are read",
    )


def _rekognition(images: int, rate: float) -> Row:
    """DetectLabels at an account's rate, month by month, since its price begins anew each month."""
    tiers = (*REKOGNITION, OVER_35_MILLION)
    whole, rest = divmod(images, rate * MONTH)
    cost = whole * tiered(round(rate * MONTH), tiers) + tiered(round(rest), tiers)
    return Row(
        f"Rekognition, {rate:g} a second, Parquet",
        images / rate,
        cost,
        (SOURCE + PARQUET).times(images),
        images * PARQUET_BYTES / GIGABYTE * PRICES.gigabyte_month,
        "the account's rate",
    )


def _time(seconds: float) -> str:
    return f"{seconds / HOUR:,.1f} h" if seconds < 3 * DAY else f"{seconds / DAY:,.0f} days"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", type=float, default=100e6)
    parser.add_argument("--megabytes", type=float, default=1.0, help="of an image")
    parser.add_argument(
        "--core-ms", type=float, default=48.0, help="of one core for an image, without pictures"
    )
    parser.add_argument(
        "--pictures-ms", type=float, default=3.0, help="of one core for thumbnail, preview, page"
    )
    parser.add_argument("--cores", type=int, default=512)
    parser.add_argument("--concurrency", type=int, default=1000, help="of the function")
    parser.add_argument("--rates", type=float, nargs="*", default=[5.0, 50.0])
    print(f"| {' | '.join(HEADS)} |\n|---|{'---:|' * (len(HEADS) - 2)}---|")
    for row in rows(parser.parse_args()):
        print(f"| {' | '.join(row.cells())} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
