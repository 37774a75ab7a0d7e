"""What the settings make of stores, and which folders are outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.site.samples import record

from bucketlens.assembly import Collection, open_pass
from bucketlens.assembly.places import own_outputs
from bucketlens.cli.keeping import _told_by_flags
from bucketlens.errors import ConfigError
from bucketlens.pipeline.engaging import _origin
from bucketlens.pipeline.fencing import ClaimedFiles
from bucketlens.settings import Settings, load_settings
from bucketlens.stores import open_store, store_options

if TYPE_CHECKING:
    from pathlib import Path


def test_settings_reach_the_stores():
    """Each setting of S3 and of retries is where the stores look for it."""
    settings = Settings(
        s3_endpoint="http://127.0.0.1:1",
        s3_region="eu-north-1",
        s3_path_style="never",
        s3_anonymous=True,
        s3_requester_pays=True,
        store_attempts=3,
        store_seconds=7.0,
    )
    options = store_options(settings)
    assert options.s3.endpoint == "http://127.0.0.1:1"
    assert options.s3.region == "eu-north-1"
    assert options.s3.path_style is False
    assert options.s3.anonymous
    assert options.s3.requester_pays
    assert (options.retry.attempts, options.retry.total) == (3, 7.0)


def test_what_is_not_set_follows_awss_own_variables():
    """Empty settings are no endpoint, no region and no style."""
    options = store_options(Settings())
    assert (options.s3.endpoint, options.s3.region, options.s3.path_style) == (None, None, None)


@pytest.mark.parametrize(
    ("source", "out", "site", "outputs"),
    [
        ("s3://b/in", "s3://b/out", "", ()),
        ("s3://b/in", "s3://b/in/out", "", ("out/",)),
        ("s3://b", "s3://b/out", "", ("out/",)),
        ("s3://b/in", "s3://b", "", ()),
        ("s3://b", "s3://b/out", "s3://b/pages", ("out/", "pages/")),
        ("s3://b/in", "s3://other", "s3://b/in/pages", ("pages/",)),
        ("s3://b/in", "s3://b/in2", "", ()),
        ("/srv/in", "/srv/in/out", "", ("out/",)),
    ],
)
def test_outputs_in_the_source_are_no_images(
    source: str, out: str, site: str, outputs: tuple[str, ...]
):
    """Folders of OUT and the site, as keys of the source begin."""
    assert own_outputs(source, out, site) == outputs


@pytest.mark.parametrize(
    ("source", "out", "site"),
    [
        ("s3://b/out/site", "s3://b/out", ""),
        ("s3://b/out/metadata/x", "s3://b/out", ""),
        ("s3://b/pages/in", "s3://b/out", "s3://b/pages"),
        ("s3://b/pages", "s3://b/out", "s3://b/pages"),
    ],
)
def test_outputs_are_no_source(source: str, out: str, site: str):
    """Labelling thumbnails of thumbnails is refused."""
    with pytest.raises(ConfigError, match="holds outputs"):
        own_outputs(source, out, site)


def test_the_site_may_have_a_place_of_its_own(tmp_path: Path):
    """With site_location nothing of the site is written into OUT."""
    settings = Settings(site_location=str(tmp_path / "public"))
    collection = Collection(str(tmp_path / "out"), settings)
    assert collection.pages is not None
    assert collection.pages.update_index(collection.catalog.snapshot())
    assert (tmp_path / "public" / "index.html").exists()
    assert not (tmp_path / "out" / "site").exists()


def test_the_place_of_the_site_is_kept_as_a_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A later call may come from another folder; a URL stays what it is."""
    monkeypatch.chdir(tmp_path)
    for told, kept in (("public", str(tmp_path / "public")), ("s3://site", "s3://site")):
        resolved = load_settings(assignments={"site_location": told})
        assert dict(_told_by_flags(resolved)) == {"site_location": kept}
    assert not dict(_told_by_flags(load_settings(assignments={"s3_endpoint": "http://h"})))


def test_rekognition_reads_no_bucket_of_another_server(monkeypatch: pytest.MonkeyPatch):
    """A server of one's own is one by the settings too; the service is sent the bytes then."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    for variable in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(variable, raising=False)
    amazon = Settings(s3_region="eu-west-1")
    store = open_store("s3://photos/in", store_options(amazon))
    assert _origin(store, "eu-west-1", amazon) is not None
    assert _origin(store, "us-west-2", amazon) is None
    own = msgspec.structs.replace(amazon, s3_endpoint="http://127.0.0.1:1")
    assert _origin(store, "eu-west-1", own) is None


def test_a_bucket_without_conditional_puts_is_refused(monkeypatch: pytest.MonkeyPatch):
    """It is tried before any work, and nothing of it where nothing would be written."""
    tried: list[str] = []

    def refuse(store: object) -> None:
        tried.append(str(getattr(store, "location", "")))
        raise ConfigError("can't be used for outputs")

    monkeypatch.setattr("bucketlens.assembly.check_conditional_puts", refuse)
    settings = Settings(s3_endpoint="http://127.0.0.1:1", s3_anonymous=True)
    with pytest.raises(ConfigError, match="can't be used for outputs"):
        open_pass("s3://b/in", "s3://b/out", settings, check=True)
    assert tried == ["s3://b/out/metadata"]
    open_pass("s3://b/in", "s3://b/out", settings)
    open_pass("memory://b/in", "memory://b/out", settings, check=True)
    assert len(tried) == 1


def test_the_look_of_pages_follows_the_design(tmp_path: Path):
    """Another accent, title or stylesheet makes the pages anew; the pictures stay."""
    style = tmp_path / "own.css"
    style.write_text("body { color: red }", encoding="utf-8")
    looks = [
        Collection(str(tmp_path / "out"), Settings(**changed)).pages  # type: ignore[arg-type]
        for changed in (
            {},
            {"accent": "#aa0000"},
            {"title": "Other"},
            {"extra_stylesheet": str(style)},
        )
    ]
    site = tmp_path / "out" / "site"
    site.mkdir(parents=True)
    (site / "site.json").write_text('{"id":"1"}', encoding="utf-8")
    assert len({pages.page_look for pages in looks if pages}) == len(looks)
    assert len({pages.picture_look for pages in looks if pages}) == 1


@pytest.mark.parametrize("content", [None, b"x" * 200_001, b"\xff"])
def test_a_stylesheet_that_is_none_is_refused(tmp_path: Path, content: bytes | None):
    """Missing, too large or not UTF-8; the message names the setting."""
    style = tmp_path / "own.css"
    if content is not None:
        style.write_bytes(content)
    collection = Collection(str(tmp_path / "out"), Settings(extra_stylesheet=str(style)))
    with pytest.raises(ConfigError, match="extra_stylesheet"):
        _ = collection.pages


def test_originals_are_taken_back_when_they_are_no_longer_published(tmp_path: Path):
    """All at once, before anything else is written."""
    out = str(tmp_path / "out")
    for publish, left in ((True, 1), (False, 0)):
        pages = Collection(out, Settings(publish_originals=publish)).pages
        assert pages is not None
        pages.write_image(record(), b"t", b"p", b"original", fence=ClaimedFiles(lambda: True))
        originals = [p for p in (tmp_path / "out" / "site").rglob("originals/*") if p.is_file()]
        assert len(originals) == left
