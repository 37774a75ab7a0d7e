"""Measures what the pages of images cost, on records that `bucketlens run SOURCE OUT` left.

Usage: python tools/site/measure_pages.py OUT     (with PYTHONPATH=src)

Processor time is told, so that other work on the machine matters little. What the search of the
site costs, `make bench-site` measures.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bucketlens.records import LabelRecord, UnreadableRecordError, decode_record
from bucketlens.site import Design, image_page
from bucketlens.site.public import encode_public_image

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5
DESIGN = Design()


def main() -> None:
    """Print a line for each step."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    records = read_records(arguments.out / "metadata")
    if not records:
        raise SystemExit(f"no records of images in {arguments.out / 'metadata'}")
    size = sum(len(image_page(one, DESIGN).encode()) for one in records) / len(records)
    print(f"{len(records)} records, {size / 1000:.1f} KB a page")
    steps: dict[str, Callable[[LabelRecord], object]] = {
        "page of an image": lambda one: image_page(one, DESIGN),
        "public JSON": encode_public_image,
    }
    for name, step in steps.items():
        print(f"{name}: {microseconds(step, records):.0f} µs")


def read_records(folder: Path) -> list[LabelRecord]:
    """All records of images below a folder."""
    records = []
    for path in sorted(folder.rglob("*.json")):
        try:
            record = decode_record(path.read_bytes())
        except UnreadableRecordError:
            continue
        if isinstance(record, LabelRecord):
            records.append(record)
    return records


def microseconds(step: Callable[[LabelRecord], object], records: list[LabelRecord]) -> float:
    """The best of a few rounds, for one record."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for record in records:
            step(record)
        best = min(best, time.process_time() - start)
    return best / len(records) * 1e6


if __name__ == "__main__":
    main()
