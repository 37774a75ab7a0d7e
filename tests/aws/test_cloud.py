"""The shipped template from nothing to labels, without AWS: buckets, queues, functions, index."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from tests.aws.emulated import POISON, Cloud, until
from tests.rekognition.double import Refused
from tests.rekognition.double import Server as Rekognition
from tests.servers import ministack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.xdist_group("ministack"), pytest.mark.slow]

CREDENTIAL = "ada:gBXv0H3qPz7mYb5tW2rK"
AWKWARD = (
    "trip 1/a b+ü%2F.jpg",
    "a+b=c&d.jpg",
    "100%.jpg",
    "/double.jpg",
    "写真/🐶.JPG",
    "back\\slash#?.jpg",
    "<svg onload=alert(1)>.jpg",
)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """An account with the stack as it is by default, and a site for who knows the password."""
    with ministack(tmp_path_factory.mktemp("ministack"), rights=True) as server:
        cloud = Cloud(server)
        sign_in = hashlib.sha256(CREDENTIAL.encode()).hexdigest()
        cloud.deploy(
            "photos", Publish="cloudfront-private", SignIn=sign_in, PublishExclude="hidden/"
        )
        yield cloud


def put(cloud: Cloud, key: str, data: bytes, bucket: str = "photos") -> None:
    """Upload an image in one piece."""
    cloud.client("s3").put_object(Bucket=bucket, Key=f"uploads/{key}", Body=data)


def results(cloud: Cloud) -> str:
    """The bucket of the records."""
    return cloud.resources["Results"]


def settled(cloud: Cloud, *keys: str, kind: str = "labels") -> bool:
    """Wait until all of these keys have records of a kind."""
    return until(
        lambda: (
            {key for key, one in cloud.records(results(cloud)).items() if one["kind"] == kind}
            >= set(keys)
        )
    )


def quiet(cloud: Cloud) -> bool:
    """Wait until nothing waits in the queue."""
    return until(lambda: cloud.waiting("Queue") == 0)


def test_images_are_labelled_however_they_arrive(cloud: Cloud, photo: bytes):
    """Put, copied, in parts and under awkward keys: records, pages and the index show them."""
    s3 = cloud.client("s3")
    put(cloud, "put.jpg", photo)
    source = {"Bucket": "photos", "Key": "uploads/put.jpg"}
    s3.copy_object(Bucket="photos", Key="uploads/copy.jpg", CopySource=source)
    where: dict[str, Any] = {"Bucket": "photos", "Key": "uploads/parts.jpg"}
    where["UploadId"] = s3.create_multipart_upload(**where)["UploadId"]
    etag = s3.upload_part(**where, PartNumber=1, Body=photo)["ETag"]
    s3.complete_multipart_upload(
        **where, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}
    )
    for key in AWKWARD:
        put(cloud, key, photo)
    put(cloud, "notes.txt", b"no image")
    s3.put_object(Bucket="photos", Key="elsewhere/other.jpg", Body=photo)

    expected = {"put.jpg", "copy.jpg", "parts.jpg", *AWKWARD}
    assert settled(cloud, *expected)
    assert quiet(cloud)
    records = cloud.records(results(cloud))
    assert set(records) == expected
    assert len({json.dumps(record["Labels"]) for record in records.values()}) == 1
    assert records["put.jpg"]["Labels"]
    assert len(cloud.keys(cloud.resources["Site"], "images/")) == len(expected)

    assert until(lambda: cloud.waiting("Changes") > 0)
    assert cloud.index()["changed"] >= 1
    index = cloud.read(cloud.resources["Site"], "index.html")
    assert b"put.jpg" in index
    assert b"<svg onload" not in index
    assert until(lambda: cloud.index()["changed"] == 0)


def test_the_site_is_for_who_knows_the_password(cloud: Cloud, photo: bytes):
    """CloudFront shows it to them, with its headers; nobody else sees a page, nor the bucket."""
    put(cloud, "shown.jpg", photo)
    assert settled(cloud, "shown.jpg")
    site = cloud.resources["Site"]
    for credential in (None, "ada:wrong"):
        answer = cloud.visit("/images/shown.jpg.html", credential)
        assert answer.status == 401
        assert answer.headers["Www-Authenticate"].startswith("Basic")
        assert answer.body == b""
    page = cloud.visit("/images/shown.jpg.html", CREDENTIAL)
    assert page.status == 200
    assert page.body == cloud.read(site, "images/shown.jpg.html")
    assert page.headers["Content-Type"].startswith("text/html")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-cache" in page.headers["Cache-Control"]
    assert cloud.visit("/images/never.jpg.html", CREDENTIAL).status == 403
    for bucket, key in (
        (site, "images/shown.jpg.html"),
        (results(cloud), "metadata/shown.jpg.json"),
    ):
        with pytest.raises(HTTPError) as refused:
            urlopen(f"{cloud.server.endpoint}/{bucket}/{key}")  # noqa: S310 - of this machine
        assert refused.value.code == 403
        refused.value.close()


def test_what_is_not_published_has_its_record_only(cloud: Cloud, photo: bytes):
    """No page, no picture, no word of it in the index."""
    put(cloud, "hidden/secret.jpg", photo)
    assert settled(cloud, "hidden/secret.jpg")
    assert quiet(cloud)
    cloud.index()
    assert not any("secret" in key for key in cloud.keys(cloud.resources["Site"]))
    site = cloud.resources["Site"]
    assert not any(b"secret" in cloud.read(site, key) for key in cloud.keys(site))


def test_a_deleted_image_leaves_nothing_behind(cloud: Cloud, photo: bytes):
    """Record, page and pictures go, the tombstone too when the index has seen it."""
    put(cloud, "gone.jpg", photo)
    assert settled(cloud, "gone.jpg")
    cloud.client("s3").delete_object(Bucket="photos", Key="uploads/gone.jpg")
    assert settled(cloud, "gone.jpg", kind="tombstone")
    assert until(lambda: not any("gone" in key for key in cloud.keys(cloud.resources["Site"])))
    assert until(
        lambda: cloud.index() is not None and "gone.jpg" not in cloud.records(results(cloud))
    )
    assert quiet(cloud)  # the index asked for another look at the key, which found nothing
    assert "gone.jpg" not in cloud.records(results(cloud))


def test_repeated_events_change_nothing(cloud: Cloud, photo: bytes):
    """The same event three more times, and one of an image that is gone again: the same record."""
    put(cloud, "twice.jpg", photo)
    assert settled(cloud, "twice.jpg")
    assert quiet(cloud)
    s3 = cloud.client("s3")
    before = s3.head_object(Bucket=results(cloud), Key="metadata/twice.jpg.json")
    told = cloud.waiting("Changes")
    for key in ("uploads/twice.jpg", "uploads/twice.jpg", "uploads/twice.jpg", "uploads/never.jpg"):
        about = {"bucket": {"name": "photos"}, "object": {"key": key}}
        event = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": about}
        cloud.client("sqs").send_message(
            QueueUrl=cloud.resources["Queue"], MessageBody=json.dumps({"Records": [event]})
        )
    assert quiet(cloud)
    after = s3.head_object(Bucket=results(cloud), Key="metadata/twice.jpg.json")
    assert (after["ETag"], after["LastModified"]) == (before["ETag"], before["LastModified"])
    assert "never.jpg" not in cloud.records(results(cloud))
    assert cloud.waiting("Changes") == told
    assert cloud.waiting("DeadLetters") == 0


def test_a_broken_image_has_its_record_and_is_done(cloud: Cloud, photo: bytes):
    """It is no dead letter: its record says what is wrong with it."""
    put(cloud, "broken.jpg", photo[:300])
    assert settled(cloud, "broken.jpg", kind="failure")
    assert quiet(cloud)
    failure = cloud.records(results(cloud))["broken.jpg"]["failure"]
    assert failure["error"] == "damaged"
    assert cloud.waiting("DeadLetters") == 0


def test_poison_ends_among_the_dead_letters_with_a_record(cloud: Cloud, photo: bytes):
    """An image that ends the process each time takes none of its neighbours with it."""
    cloud.client("sqs").set_queue_attributes(
        QueueUrl=cloud.resources["Queue"], Attributes={"VisibilityTimeout": "3"}
    )
    neighbours = [f"beside-{number}.jpg" for number in range(4)]
    put(cloud, "poison.jpg", photo + POISON)
    for key in neighbours:
        put(cloud, key, photo)
    assert until(lambda: cloud.waiting("DeadLetters") == 1)
    assert settled(cloud, *neighbours)
    assert quiet(cloud)
    assert cloud.records(results(cloud))["poison.jpg"]["failure"]["error"] == "crash"
    (letter,) = cloud.client("sqs").receive_message(QueueUrl=cloud.resources["DeadLetters"])[
        "Messages"
    ]
    assert "poison.jpg" in letter["Body"]


def test_the_bucket_of_the_tutorials_goes_on_and_can_not_loop(tmp_path: Path, photo: bytes):
    """uploads/ and metadata/ in one bucket that was there: same names, and then it is quiet."""
    with ministack(tmp_path, rights=True) as server:
        cloud = Cloud(server)
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="photos")
        s3.put_bucket_notification_configuration(
            Bucket="photos", NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        s3.put_object(Bucket="photos", Key="metadata/old.json", Body=b'{"Labels": []}')
        cloud.deploy(
            "moved", ImagesBucketIs="existing", ResultsBucket="photos", Publish="s3-website"
        )
        put(cloud, "cute_dog.jpg", photo)
        assert until(lambda: "cute_dog.jpg.json" in cloud.keys("photos", "metadata/"))
        assert until(lambda: cloud.waiting("Queue") == 0)
        assert until(lambda: cloud.waiting("Changes") > 0)
        cloud.index()
        assert until(lambda: cloud.index()["changed"] == 0)
        before = {entry["Key"]: entry["ETag"] for entry in _all(cloud, "photos")}
        time.sleep(3)
        assert {entry["Key"]: entry["ETag"] for entry in _all(cloud, "photos")} == before
        assert cloud.waiting("Queue") == cloud.waiting("Changes") == 0
        assert "metadata/old.json" in before
        assert not any(key.startswith(("site/", "thumbs/")) for key in before)
        assert "index.html" in cloud.keys(cloud.resources["Site"])


def test_a_throttled_rekognition_is_asked_again(tmp_path: Path, photo: bytes):
    """Refusals are no failures: all images get their labels, and what they cost is counted."""
    with ministack(tmp_path, rights=True) as server, Rekognition() as rekognition:
        cloud = Cloud(server)
        rekognition.double.faults += [Refused("ThrottlingException")] * 3
        rekognition.double.faults += [Refused("InternalServerError", 500)]
        cloud.deploy(
            "paid",
            {"AWS_ENDPOINT_URL_REKOGNITION": rekognition.url},
            Model="rekognition",
            RekognitionRate="100",
        )
        keys = [f"{number}.jpg" for number in range(4)]
        for number, key in enumerate(keys):
            put(cloud, key, photo + bytes([number]))
        assert settled(cloud, *keys)
        assert quiet(cloud)
        records = cloud.records(results(cloud))
        assert {record["Labels"][0]["Name"] for record in records.values()} == {"Dog"}
        assert len(rekognition.double.requests) == 4
        # Calls are paid for in blocks; what is left of one is given back when a call ends.
        assert until(lambda: ledger(cloud)["calls"] == 4), ledger(cloud)
        assert not rekognition.double.mistakes
        assert cloud.waiting("DeadLetters") == 0


def ledger(cloud: Cloud) -> dict[str, Any]:
    """What Rekognition has cost this month."""
    (name,) = [name for name in cloud.keys(results(cloud), "state/") if name.startswith("spend")]
    found: dict[str, Any] = json.loads(cloud.read(results(cloud), f"state/{name}"))
    return found


def _all(cloud: Cloud, bucket: str) -> list[dict[str, Any]]:
    listed = cloud.client("s3").list_objects_v2(Bucket=bucket)
    found: list[dict[str, Any]] = listed.get("Contents", [])
    return found
