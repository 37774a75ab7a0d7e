"""Measures what the site costs, on the records that `bucketlens run SOURCE OUT` left in OUT.

Usage: python tools/site/measure_pages.py OUT [--images 20000 100000]     (with PYTHONPATH=src)

Processor time is told, so that other work on the machine matters little. The index is built from
the entries of those records under new keys, as many as asked for.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bucketlens.records import LabelRecord, UnreadableRecordError, decode_record
from bucketlens.site.index import IndexBuilder, IndexEntry, entry_of
from bucketlens.site.pages import image_page, index_page
from bucketlens.site.public import encode_public_image

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5
HOUR = 3600.0


def main() -> None:
    """Print a line for each step."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--images", type=int, nargs="*", default=[20_000, 100_000])
    arguments = parser.parse_args()
    records = read_records(arguments.out / "metadata")
    if not records:
        raise SystemExit(f"no records of images in {arguments.out / 'metadata'}")
    size = sum(len(image_page(one, title="Photos").encode()) for one in records) / len(records)
    print(f"{len(records)} records, {size / 1000:.1f} KB a page")
    steps: dict[str, Callable[[LabelRecord], object]] = {
        "page of an image": lambda one: image_page(one, title="Photos"),
        "public JSON": encode_public_image,
        "entry of the index": entry_of,
    }
    for name, step in steps.items():
        print(f"{name}: {microseconds(step, records):.0f} µs")
    for count in arguments.images:
        print(measure_index([entry_of(one) for one in records], count))


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


def measure_index(entries: list[IndexEntry], count: int) -> str:
    """Build an index over that many images and render all its pages."""
    start = time.process_time()
    index = IndexBuilder()
    for number in range(count):
        entry = entries[number % len(entries)]
        index.add_entry(
            msgspec.structs.replace(
                entry,
                key=f"{number:09}.jpg",
                seconds=number * HOUR,
                labels=(*entry.labels,),  # each image holds a tuple of its own
            )
        )
    pages = sum(1 for page in index.pages() if index_page(page, title="P", thumbnail_size=320))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = time.process_time() - start
    return f"index of {count:,} images: {pages} pages in {seconds:.2f} s, peak memory {peak:.0f} MB"


if __name__ == "__main__":
    main()
