"""Locations: which store a path or URL opens."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bucketlens.errors import ConfigError
from bucketlens.stores import S3Options, StoreOptions, open_store, prefix_within

if TYPE_CHECKING:
    from pathlib import Path


def test_paths_and_file_urls_are_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain path, one from home, a relative one and a file URL open the same folder."""
    folder = tmp_path / "my photos"
    folder.mkdir()
    (folder / "a.jpg").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for location in (str(folder), "my photos", "~/my photos", folder.as_uri(), f"{folder}/"):
        store = open_store(location)
        assert store.location == str(folder.resolve())
        assert [info.key for info in store.list()] == ["a.jpg"]


def test_options_reach_the_folder(tmp_path: Path) -> None:
    """What is passed for sources is in force."""
    (tmp_path / ".hidden.jpg").touch()
    shown = [
        len(list(open_store(str(tmp_path), options).list()))
        for options in (
            StoreOptions(),
            StoreOptions(source=True),
            StoreOptions(source=True, hidden=True),
        )
    ]
    assert shown == [1, 0, 1]


def test_memory_is_shared_by_name() -> None:
    """Two stores of one name see the same objects, each below its own prefix."""
    open_store("memory://shared/in").put("a", b"1")
    assert open_store("memory://shared").get("in/a").data == b"1"
    assert open_store("memory://shared/in/").get("a").data == b"1"
    assert list(open_store("memory://other").list()) == []


@pytest.mark.parametrize(
    ("location", "hint"),
    [
        ("ftp://host/x", "is no store"),
        ("http://host/x", "is no store"),
        ("file://host/x", "no folder of this machine"),
        ("file://", "no folder of this machine"),
        ("", "empty"),
        ("s3://", "names no bucket"),
    ],
)
def test_what_is_no_store_is_a_mistake_of_the_operator(location: str, hint: str) -> None:
    """Each wrong location is refused with what would be right."""
    with pytest.raises(ConfigError, match=hint):
        open_store(location)


def test_buckets_are_opened_without_being_asked() -> None:
    """An S3 location gives its prefix, whether or not it ends in a slash, before any request."""
    options = StoreOptions(s3=S3Options(anonymous=True, endpoint="http://127.0.0.1:9"))
    for location in ("s3://bucket/in/2024", "S3://bucket/in/2024/"):
        store = open_store(location, options)
        assert store.location == "s3://bucket/in/2024"
        assert store.url("a b.jpg") == "s3://bucket/in/2024/a b.jpg"
    assert open_store("s3://bucket", options).url("a") == "s3://bucket/a"


def test_a_bucket_that_can_not_be_opened_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    """What obstore says of a missing account or an odd endpoint reaches the operator."""
    for variable in [name for name in os.environ if name.startswith("AZURE_")]:
        monkeypatch.delenv(variable)
    with pytest.raises(ConfigError, match=r"az://box/ can't be opened.*[Aa]ccount"):
        open_store("az://box")
    for endpoint in (
        "no url",
        "127.0.0.1:8333",
        "http://",
        "http://host:x",
        "http://h:99999",
        "http://[::1",
    ):
        options = StoreOptions(s3=S3Options(anonymous=True, endpoint=endpoint))
        with pytest.raises(ConfigError, match="is no endpoint"):
            open_store("s3://bucket", options)
    with pytest.raises(ConfigError, match="not the name of a bucket"):
        open_store("s3://my bucket/x", StoreOptions(s3=S3Options(anonymous=True)))


def test_without_boto3_s3_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing extra is never a silent no-op."""
    monkeypatch.setitem(sys.modules, "boto3", None)
    store = open_store("s3://bucket", StoreOptions(s3=S3Options(anonymous=True)))
    with pytest.raises(ConfigError, match=r"pip install 'bucketlens\[s3\]'"):
        list(store.list())


@pytest.mark.parametrize(
    ("outer", "inner", "prefix"),
    [
        ("photos", "photos/out", "out/"),
        ("photos", "photos", ""),
        ("photos/out", "photos", None),
        ("photos", "photos-out", None),
        ("memory://a/in", "memory://a/in/out", "out/"),
        ("memory://a", "memory://b", None),
    ],
)
def test_outputs_inside_a_source_are_found(outer: str, inner: str, prefix: str | None) -> None:
    """The prefix is where the inner one's keys begin in the outer one."""
    assert prefix_within(open_store(outer), open_store(inner)) == prefix


def test_what_a_folder_does_not_need_is_not_imported() -> None:
    """Working on a folder imports neither boto3 nor obstore; bytes of S3 come without boto3."""
    script = """
import sys
from bucketlens.errors import TransientError
from bucketlens.stores import *
assert not {"boto3", "botocore", "obstore", "asyncio"} & set(sys.modules), "import"
store = open_store("s3://b", StoreOptions(
    s3=S3Options(endpoint="http://127.0.0.1:9"), retry=RetryPolicy(attempts=1)))
try:
    store.get("a")
except TransientError:
    pass
assert not {"boto3", "botocore"} & set(sys.modules), "get"
"""
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    subprocess.run([sys.executable, "-c", script], env=variables, check=True)
