"""Packs on a server that speaks S3: files are fetched, and the manifest decides races there too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.servers import seaweedfs

from bucketlens.catalog.packs import PackedStore, Packs, PackWriter, compact, purge
from bucketlens.errors import MissingError
from bucketlens.pipeline.packing import NewRow
from bucketlens.stores import ConflictError, S3Options, StoreOptions, open_store
from bucketlens.stores.s3 import S3Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BUCKET = "packs"


@pytest.fixture
def opened(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], PackedStore]]:
    """Opens the records of one collection in a bucket, as another process would."""
    with seaweedfs(tmp_path_factory.mktemp("packs")) as server:
        server.set_variables(monkeypatch)
        s3 = S3Options(endpoint=server.endpoint, region="us-east-1")
        S3Store(BUCKET, options=s3)._boto._client().create_bucket(Bucket=BUCKET)

        def opening() -> PackedStore:
            options = StoreOptions(s3=s3)
            private = open_store(f"s3://{BUCKET}/out", options)
            loose = open_store(f"s3://{BUCKET}/out/metadata", options)
            return PackedStore(loose, Packs(private, wanted=True))

        yield opening


def write(store: PackedStore, *rows: NewRow) -> list[str | None]:
    """Write one pack."""
    return PackWriter(store.packs, lambda: 7.0).write(rows)


@pytest.mark.xdist_group("seaweedfs")
def test_packs_in_a_bucket_are_those_of_a_folder(opened: Callable[[], PackedStore]):
    """Written by one, read, replaced, removed, compacted and purged by another."""
    first = opened()
    rows = [NewRow(f"{number:03}.json", b"%d" % number, None) for number in range(300)]
    assert None not in write(first, *rows)
    second = opened()
    assert second.get("007.json").data == b"7"
    assert write(second, NewRow("007.json", b"other", None)) == [None]
    etag = second.head("007.json").etag
    assert write(second, NewRow("007.json", b"newer", etag)) != [None]
    second.put("008.json", b"loose", if_match=second.head("008.json").etag)
    with pytest.raises(ConflictError):
        second.put("009.json", b"late", if_match=etag)
    second.delete("010.json")
    third = opened()
    assert third.get("007.json").data == b"newer"
    assert third.get("008.json").data == b"loose"
    with pytest.raises(MissingError):
        third.head("010.json")
    assert sum(1 for _ in third.list()) == 299
    compact(third, rows=100, size=1_000_000, now=1e9)
    assert list(third.list_loose()) == []
    assert len(third.packs.standing().manifest.packs) == 3
    third.delete("011.json")
    purge(third, {"011.json"})
    fourth = opened()
    assert sum(1 for _ in fourth.list()) == 298
    assert fourth.get("299.json").data == b"299"
