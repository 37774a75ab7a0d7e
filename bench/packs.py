"""Records as files and in packs: written, read in order, listed, compacted, and their bytes.

    python bench/packs.py                   20,000 synthetic records in a temporary folder
    python bench/packs.py --records 100000 --folder /dev/shm

No image is labelled: this is what the store of the records costs. Each way writes the same records
in one thread, as one process of a run does; then a new view reads all of them by name, as a
second run does, lists them, and makes nothing anew.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bucketlens.assembly import Collection
from bucketlens.names import output_name
from bucketlens.pipeline.packing import NewRow
from bucketlens.records import encode_record
from bucketlens.settings import Settings
from synthetic import load_pool, synthetic

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def timed(what: str, count: int) -> Iterator[None]:
    """Print what something took."""
    clock, processor = time.monotonic(), time.process_time()
    yield
    clock, processor = time.monotonic() - clock, time.process_time() - processor
    print(f"| {what} | {count / clock:,.0f} | {1000 * processor / count:.3f} |", flush=True)


def files_below(folder: Path) -> tuple[int, int, int]:
    """Files, bytes, and bytes on a disk in blocks of 4 KiB."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes), sum(-(-size // 4096) * 4096 for size in sizes)


def main() -> None:
    """Measure both ways."""
    parser = argparse.ArgumentParser(description="Records as files and in packs")
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--folder", help="where the temporary folder is made")
    arguments = parser.parse_args()
    count = arguments.records
    pool = load_pool()
    made = [synthetic(pool, number) for number in range(count)]
    rows = [NewRow(output_name(r.source.key, ".json"), encode_record(r), None) for r in made]
    rows.sort()
    print(f"{count:,} records of {sum(len(row.data) for row in rows) / count:,.0f} bytes")
    print("| what | records a second | ms of processor time each |\n|---|---:|---:|")
    for kind in ("json", "parquet"):
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            measure(Path(folder), kind, rows)


def measure(folder: Path, kind: str, rows: list[NewRow]) -> None:
    """Measure one way."""
    settings = Settings(records_format="parquet" if kind == "parquet" else "json", pages=False)
    collection = Collection(str(folder), settings, fresh=True)
    packer = collection.packs.packer
    with timed(f"{kind}: written", len(rows)):
        if packer is None:
            for row in rows:
                collection.records.put(row.name, row.data, if_absent=True)
        else:
            size = packer.size * len(rows) // sum(len(row.data) for row in rows)
            step = min(packer.records, size)
            for first in range(0, len(rows), step):
                some = [row for row in rows[first : first + step] if packer.takes(row.name)]
                packer.write(some)
    fresh = Collection(str(folder), settings)
    with timed(f"{kind}: read by name, in order", len(rows)):
        for row in rows:
            if fresh.records.get(row.name).data != row.data:
                raise SystemExit(f"{row.name} is not what was written")
    with timed(f"{kind}: listed", len(rows)):
        if sum(1 for _ in fresh.records.list()) != len(rows):
            raise SystemExit("the listing is not whole")
    written, size, disk = files_below(folder)
    print(f"{kind}: {written:,} files, {size / 1e6:,.1f} MB, {disk / 1e6:,.1f} MB on a disk")
    if kind == "parquet":
        with timed("parquet: compacted", len(rows)):
            fresh.packs.compact()
    os.sync()


if __name__ == "__main__":
    main()
