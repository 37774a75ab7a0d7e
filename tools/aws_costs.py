"""What the stack costs in a month, in dollars; ``python tools/aws_costs.py`` prints the table.

Prices are those of AWS's list for us-east-1 without the free tier, as they were known on 2026-11-22
(https://aws.amazon.com/pricing/, each service's own page). Other regions are up to a third dearer.
"""

from __future__ import annotations

import argparse
import sys
from typing import NamedTuple

MILLION = 1e6
SCALES = (1_000, 100_000, 10_000_000)

GIGABYTE_SECOND = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
LAMBDA_CALL = 0.20 / MILLION
S3_WRITE, S3_READ = 5.0 / MILLION, 0.4 / MILLION
S3_GIGABYTE_MONTH = 0.023
SQS_REQUEST = 0.40 / MILLION
EVENT = 1.0 / MILLION
"""Of S3, through EventBridge: an event that is opted in to."""

LOG_GIGABYTE = 0.50
METRIC, ALARM, DASHBOARD = 0.30, 0.10, 3.0

MEMORY = 1769 / 1024
SECONDS = 0.3
"""Of the label function for an image, waiting for S3 included: an estimate for photos of 3 to 12
megapixels that come one by one; what the models take was measured, S3 was not."""

READS, WRITES = 6, 5
"""Requests for an image: HEAD and GET of the image, GET of the record, GET of what people said of
it, HEAD of the record, HEAD of the image; record, page, public JSON, thumbnail, preview."""

INDEX_READS = 1
"""The index reads each record that changed."""

EVENTS = 2
"""One of the image, one of its record."""

QUEUE_REQUESTS = 2 * (1 + 2 / 10)
"""Both are sent alone, and received and deleted by tens at best."""

KILOBYTES = 130
"""Of an image's record, page, public JSON, thumbnail and preview: mean of the example photos."""

LOG_KILOBYTES = 1.0
INDEX_CALLS, INDEX_SECONDS = 30 * 24 * 12, 1.5
"""Every five minutes; the time is that of a call that finds nothing to do."""

IDLE_POLLS = 30 * 24 * 3600 / 20 * 5
"""Lambda asks an empty queue five times in twenty seconds."""

METRICS, ALARMS = 22, 6

REKOGNITION = ((1e6, 0.001), (5e6, 0.0008), (35e6, 0.0006))
REKOGNITION_COLOURS = ((1e6, 0.00075), (5e6, 0.0006), (35e6, 0.00045))
"""Up to so many images of a month, the price of one: labels, and image properties."""


class Line(NamedTuple):
    """One line of the bill: what it is for, what an image costs, what every month costs."""

    what: str
    image: float
    month: float = 0.0

    def of(self, images: int) -> float:
        """For so many images."""
        return self.month + images * self.image


def lines(machine: str) -> list[Line]:
    """The bill without a service for labels."""
    second = MEMORY * GIGABYTE_SECOND[machine]
    return [
        Line("label function", SECONDS * second + LAMBDA_CALL),
        Line("S3 requests", (READS + INDEX_READS) * S3_READ + WRITES * S3_WRITE),
        Line(
            "S3 storage of the results, each month that they are kept",
            KILOBYTES / MILLION * S3_GIGABYTE_MONTH,
        ),
        Line("EventBridge", EVENTS * EVENT),
        Line("SQS", QUEUE_REQUESTS * SQS_REQUEST, IDLE_POLLS * SQS_REQUEST),
        Line("index function", 0.0, INDEX_CALLS * (INDEX_SECONDS * second + LAMBDA_CALL)),
        Line("logs", LOG_KILOBYTES / MILLION * LOG_GIGABYTE),
        Line("metrics, alarms, dashboard", 0.0, METRICS * METRIC + ALARMS * ALARM + DASHBOARD),
    ]


def tiered(images: int, tiers: tuple[tuple[float, float], ...]) -> float:
    """What so many images cost where the price falls with their number."""
    cost, below = 0.0, 0.0
    for most, price in tiers:
        cost += max(0.0, min(images, most) - below) * price
        below = most
    return cost


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--machine", choices=GIGABYTE_SECOND, default="x86_64")
    bill = lines(parser.parse_args().machine)
    rows = [(line.what, *(line.of(images) for images in SCALES)) for line in bill]
    rows.append(("**together**", *(sum(line.of(images) for line in bill) for images in SCALES)))
    rows.append(
        (
            "Rekognition instead of the packaged models: labels",
            *(tiered(n, REKOGNITION) for n in SCALES),
        )
    )
    rows.append(
        ("Rekognition: image properties", *(tiered(n, REKOGNITION_COLOURS) for n in SCALES))
    )
    print("| dollars a month | 1 k images | 100 k | 10 M |\n|---|---:|---:|---:|")
    for what, *costs in rows:
        print(f"| {what} | {' | '.join(f'{cost:,.2f}' for cost in costs)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
