"""The records as a table, listed by this process or by another one."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from bucketlens.catalog.engine import open_engine
from bucketlens.catalog.listing import take_listing, take_written, write_listing
from bucketlens.types import ObjectInfo

if TYPE_CHECKING:
    from pathlib import Path


def test_a_written_listing_is_the_listing(tmp_path: Path):
    """Whatever the names of records hold."""
    names = [
        "a,b.json",
        'say "x".json',
        "line\nand\r\nline.json",
        " é\t.json",
        "image.jpg",
        "'.json",
    ]
    listing = [
        ObjectInfo(key=name, etag=f"{n}-", size=1, modified=0.0) for n, name in enumerate(names)
    ]
    path = tmp_path / "it's listed.csv"
    write_listing(listing, path)
    with closing(open_engine()) as engine:
        take_listing(engine, listing)
        listed = sorted(engine.execute("SELECT * FROM listed").fetchall())
        take_written(engine, path)
        assert sorted(engine.execute("SELECT * FROM listed").fetchall()) == listed
    assert len(listed) == 5
