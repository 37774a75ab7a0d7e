"""Which stores are Amazon's own buckets."""

import pytest

from bucketlens.stores import AmazonBucket, S3Options, amazon_bucket


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch):
    """Keys, a region, and no endpoint."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)


@pytest.mark.parametrize(
    ("location", "prefix"),
    [("s3://photos", ""), ("s3://photos/", ""), ("s3://photos/a/b", "a/b/")],
)
def test_a_bucket_is_known_by_its_location(location: str, prefix: str):
    """With the prefix that its keys have, and the region that it is reached in."""
    assert amazon_bucket(location) == AmazonBucket("photos", prefix, "eu-west-1")
    elsewhere = amazon_bucket(location, S3Options(region="us-west-2"))
    assert elsewhere == AmazonBucket("photos", prefix, "us-west-2")


@pytest.mark.parametrize("location", ["photos", "memory://photos", "gs://photos/a"])
def test_other_stores_are_none(location: str):
    """No other service of AWS reads them."""
    assert amazon_bucket(location) is None


def test_other_servers_are_none(monkeypatch: pytest.MonkeyPatch):
    """A server that only speaks like S3, by option or by AWS's own variable."""
    assert amazon_bucket("s3://photos", S3Options(endpoint="http://127.0.0.1:9")) is None
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    assert amazon_bucket("s3://photos") is None


def test_what_others_may_not_read_is_none():
    """Buckets that are read without credentials, or for which the reader pays."""
    assert amazon_bucket("s3://photos", S3Options(anonymous=True)) is None
    assert amazon_bucket("s3://photos", S3Options(requester_pays=True)) is None
