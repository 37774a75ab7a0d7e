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
def test_without_pages_there_is_nothing_to_renew(places: Places, emitted: Emitted):
    """The call says so and writes nothing."""
    index = build(dict(places.environ) | {"BUCKETLENS_PAGES": "false"})
    assert index(SCHEDULED, FakeContext()) == {"tombstones_dropped": 0}
    assert "no index" in emitted()[0]["message"]
    assert list(places.site.list()) == []
