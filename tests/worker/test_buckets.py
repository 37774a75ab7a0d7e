"""``run`` and ``reconcile`` as processes, on real servers that speak S3."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tests.servers import Server, ministack, seaweedfs
from tests.worker.conftest import PHOTOS, bucketlens, client_of, finish

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = ("a.jpg", "trip 1/b+ü%2F.jpg", "写真/🐶.JPG", "in.d/100%.jpg")


@dataclass
class Bucket:
    """One bucket, its images below ``in``, its outputs among them."""

    server: Server
    s3: Any
    name: str

    def call(self, command: str, *more: str) -> dict[str, Any]:
        """The summary that a command prints; its ``status`` is the exit status."""
        where = [f"s3://{self.name}/in", f"s3://{self.name}/in/out"]
        status, output, _ = finish(bucketlens(self.server, command, *where, "--json", *more))
        summary: dict[str, Any] = json.loads(output)
        return summary | {"status": status}

    def put(self, key: str, data: bytes) -> None:
        """Put an image."""
        self.s3.put_object(Bucket=self.name, Key=f"in/{key}", Body=data)

    def versions(self) -> dict[str, str]:
        """The etags of all outputs, by key."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix="in/out")
        return {
            entry["Key"].removeprefix("in/out/"): entry["ETag"]
            for page in pages
            for entry in page.get("Contents", ())
        }


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("seaweedfs", marks=pytest.mark.xdist_group("seaweedfs-run")),
        pytest.param("ministack", marks=pytest.mark.xdist_group("ministack")),
    ],
)
def bucket(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bucket]:
    """A bucket on each server."""
    start = {"seaweedfs": seaweedfs, "ministack": ministack}[request.param]
    with ExitStack() as stack:
        server = stack.enter_context(start(tmp_path_factory.mktemp("server")))
        s3 = client_of(server, "s3")
        s3.create_bucket(Bucket="photos")
        yield Bucket(server, s3, "photos")


def test_a_bucket_is_labelled_and_repaired(bucket: Bucket):
    """A run, a quiet second one, damage of every kind, a forecast of the repair, the repair."""
    photo = (PHOTOS / "beagle puppy.jpg").read_bytes()
    for key in KEYS:
        bucket.put(key, photo)
    bucket.put("gone.jpg", photo)
    done = bucket.call("run")
    assert (done["labelled"], done["status"]) == (len(KEYS) + 1, 0)
    before = bucket.versions()
    again = bucket.call("run")
    assert (again["unchanged"], again["labelled"]) == (len(KEYS) + 1, 0)
    assert bucket.versions() == before

    bucket.s3.delete_object(Bucket=bucket.name, Key="in/out/metadata/a.jpg.json")
    bucket.s3.delete_object(Bucket=bucket.name, Key="in/gone.jpg")
    bucket.put("late.jpg", photo)
    stray = bucket.s3.get_object(Bucket=bucket.name, Key="in/out/site/thumbs/a.jpg.jpg")
    body = stray["Body"].read()
    bucket.s3.put_object(Bucket=bucket.name, Key="in/out/site/thumbs/never.jpg.jpg", Body=body)
    damaged = bucket.versions()

    planned = bucket.call("reconcile", "--dry-run")
    assert planned["actions"]["score"] == 2
    assert planned["actions"]["remove"] == 1
    assert planned["orphaned_pages"] == 1
    assert bucket.versions() == damaged

    mended = bucket.call("reconcile")
    assert (mended["labelled"], mended["removed"], mended["status"]) == (2, 1, 0)
    shown = bucket.versions()
    assert "metadata/gone.jpg.json" not in shown
    assert "site/thumbs/never.jpg.jpg" not in shown

    nothing = bucket.call("reconcile", "--dry-run")
    assert nothing["actions"]["nothing"] == len(KEYS) + 1
    assert sum(nothing["actions"].values()) == len(KEYS) + 1
    assert nothing["orphaned_pages"] == 0
    bucket.call("reconcile")
    assert bucket.versions() == shown
