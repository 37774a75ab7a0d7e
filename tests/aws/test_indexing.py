"""The index function: what the records say is what the site shows."""

import time
from typing import TYPE_CHECKING

import pytest
from tests.aws.invoking import Emitted, FakeContext, Places, s3_record

if TYPE_CHECKING:
    from bucketlens.aws.indexing import IndexFunction
    from bucketlens.aws.labelling import LabelFunction

SCHEDULED = {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}


def build(environ: dict[str, str]) -> "IndexFunction":
    """The index function of an environment."""
    from bucketlens.aws.indexing import build_index_function  # noqa: PLC0415

    return build_index_function(environ, began=time.perf_counter())


def test_the_index_follows_the_records(
    places: Places, function: "LabelFunction", photo: bytes, emitted: Emitted
):
    """A new image is shown after the next call, one that went is not, and its tombstone goes."""
    index = build(dict(places.environ))
    event = {"Records": [s3_record(places.bucket, f"{places.prefix}dog one.jpg")]}
    places.put("dog one.jpg", photo)
    function(event, FakeContext())
    assert index(SCHEDULED, FakeContext()) == {"tombstones_dropped": 0}
    assert b"dog%20one.jpg" in places.site.get("index.html").data

    places.source.delete("dog one.jpg")
    function(event, FakeContext())
    assert places.names() == {"dog one.jpg.json"}
    assert index(SCHEDULED, FakeContext()) == {"tombstones_dropped": 1}
    assert places.names() == set()
    assert b"dog%20one.jpg" not in places.site.get("index.html").data
    assert any("IndexTime" in line for line in emitted())


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_without_pages_only_the_catalog_is_renewed(
    places: Places, function: "LabelFunction", photo: bytes
):
    """Images are in the catalog, and nothing is written into the site."""
    environ = dict(places.environ) | {"BUCKETLENS_PAGES": "false"}
    index = build(environ)
    places.put("a.jpg", photo)
    function({"Records": [s3_record(places.bucket, f"{places.prefix}a.jpg")]}, FakeContext())
    before = list(places.site.list())
    assert index(SCHEDULED, FakeContext()) == {"tombstones_dropped": 0}
    assert index._collection.catalog.snapshot().labelled == 1
    assert list(places.site.list()) == before
