"""One step of bench/site_index.py in a process of its own, whose memory is its own; prints JSON.

python bench/site_building.py build OUT         the whole index, from the catalog
python bench/site_building.py update OUT 100 N  so many new images, numbered from N
"""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import TYPE_CHECKING, Any

from bucketlens.assembly import SitePages
from bucketlens.catalog import Catalog
from bucketlens.settings import Settings
from bucketlens.site import SiteIndex
from bucketlens.stores import open_store
from synthetic import key_of, write_records

if TYPE_CHECKING:
    from bucketlens.catalog import Snapshot


def measure(out: str, snapshot: Snapshot) -> dict[str, Any]:
    """Bring the index up to date; what that took."""
    index = SiteIndex(open_store(f"{out}/site"))
    began, worked = time.perf_counter(), time.process_time()
    update = index.update(snapshot)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "seconds": time.perf_counter() - began,
        "work": time.process_time() - worked,
        "peak_mb": peak / 1024,
        **{name: value for name, value in update._asdict().items() if name != "overview"},
    }


def add_images(catalog: Catalog, out: str, count: int, first: int) -> float:
    """New records, taken into the catalog; seconds that the catalog took."""
    write_records(out, first, count, 1)
    began = time.perf_counter()
    catalog.refresh([key_of(number) for number in range(first, first + count)])
    return time.perf_counter() - began


def main() -> None:
    """Do one step and tell what it took."""
    what, out, *numbers = sys.argv[1:]
    catalog = Catalog(open_store(out), open_store(f"{out}/metadata"), clock=time.time)
    facts: dict[str, Any] = {}
    if what == "update":
        count, first = map(int, numbers)
        facts["catalog_seconds"] = add_images(catalog, out, count, first)
    snapshot = catalog.snapshot()
    facts |= measure(out, snapshot)
    SitePages(open_store(f"{out}/site"), Settings()).update_index(snapshot)
    json.dump(facts, sys.stdout)


if __name__ == "__main__":
    main()
