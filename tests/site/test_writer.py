"""The site in a store: what is written, what is removed, in which order."""

from pathlib import Path

import msgspec
import pytest
from tests.site.documents import Document
from tests.site.samples import label, record

from bucketlens.names import encode_name, output_name
from bucketlens.records import LabelRecord
from bucketlens.site import Design, Digest, Shell, SiteWriter, layout
from bucketlens.site.assets import assets_of
from bucketlens.site.pieces.overview import Overview
from bucketlens.site.shell import ShellImage
from bucketlens.stores import Store, open_store

ASSETS = {asset.name for asset in assets_of(Design(title="Photos")).files}
KEYS = ["cute_dog.jpg", "trip/IMG 1#2.JPG", "trip/100%.jpg"]


class Journal:
    """A store that notes the order of writes and removals."""

    def __init__(self, store: Store) -> None:
        """Begin an empty journal."""
        self.store = store
        self.verbs: list[str] = []
        self.headers: dict[str, tuple[str | None, str | None]] = {}

    def put(
        self,
        key: str,
        data: bytes,
        *,
        content_type: str | None = None,
        cache_control: str | None = None,
    ) -> str:
        """Write and note."""
        self.verbs.append(f"put {key}")
        self.headers[key] = (content_type, cache_control)
        return self.store.put(key, data, content_type=content_type, cache_control=cache_control)

    def delete(self, key: str) -> None:
        """Remove and note."""
        self.verbs.append(f"delete {key}")
        self.store.delete(key)

    def head(self, key: str) -> object:
        """Ask."""
        return self.store.head(key)


class Writer(SiteWriter):
    """A writer that puts the files of images itself, as nobody else is at work here."""

    def write_image(
        self,
        record: LabelRecord,
        *,
        thumbnail: bytes,
        preview: bytes,
        original: bytes | None = None,
    ) -> None:
        """Write all that is derived from one image."""
        self.write_assets()
        for file in self.image_files(record, thumbnail, preview, original):
            self._put(file)

    def write_page(self, record: LabelRecord) -> None:
        """Write only what follows from the labels."""
        self.write_assets()
        for file in self.page_files(record):
            self._put(file)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A folder for the site."""
    return open_store(str(tmp_path / "site"))


@pytest.fixture
def journal(store: Store) -> Journal:
    """The same folder, with a journal."""
    return Journal(store)


@pytest.fixture
def writer(journal: Journal) -> Writer:
    """A writer into the folder."""
    return Writer(journal, Design(title="Photos"))


def names(store: Store) -> set[str]:
    """All files of a site."""
    return {info.key for info in store.list()}


def files(store: Store) -> dict[str, bytes]:
    """All files of a site with their content."""
    return {name: store.get(name).data for name in names(store)}


def digest_of(*keys: str) -> Digest:
    """What index and overview say of images of these keys."""
    newest = tuple(
        ShellImage(key=key, name=encode_name(key), width=4, height=3, labels=("Dog",))
        for key in keys
    )
    counts = [("Animals and Pets", len(keys))]
    overview = Overview(
        total=len(keys),
        labels=[(0, len(keys))],
        categories=counts,
        colors=[],
        orientations=[],
        months=[("2026-11", len(keys))],
        failures=[("damaged", 1)],
        models=[("some-model 1", len(keys))],
    )
    return Digest(
        shell=Shell(newest=newest, total=len(keys), failed=1), overview=overview, names={0: "Dog"}
    )


def test_an_image_has_four_files(writer: Writer, store: Store):
    """Thumbnail, preview, public JSON and page, named by the key."""
    writer.write_image(record(), thumbnail=b"small", preview=b"large")
    assert names(store) == ASSETS | {
        "thumbs/cute_dog.jpg.jpg",
        "previews/cute_dog.jpg.jpg",
        "data/images/cute_dog.jpg.json",
        "images/cute_dog.jpg.html",
    }
    assert store.get("thumbs/cute_dog.jpg.jpg").data == b"small"
    assert store.get("previews/cute_dog.jpg.jpg").data == b"large"


def test_a_page_comes_after_what_it_shows_and_goes_before_it(writer: Writer, journal: Journal):
    """So that no reader sees a page with holes."""
    writer.write_image(record(), thumbnail=b"t", preview=b"p")
    assert journal.verbs[-1] == "put images/cute_dog.jpg.html"
    of_image = [verb for verb in journal.verbs if "cute_dog" in verb]
    assert of_image[0] == "put thumbs/cute_dog.jpg.jpg"
    journal.verbs.clear()
    writer.remove_image("cute_dog.jpg")
    assert journal.verbs[0] == "delete images/cute_dog.jpg.html"
    assert journal.verbs[-1] == "delete thumbs/cute_dog.jpg.jpg"


def test_the_index_page_comes_after_the_overview(writer: Writer, journal: Journal):
    """Which it leads to."""
    writer.write_index(digest_of("1"))
    assert [verb for verb in journal.verbs if ".html" in verb] == [
        "put overview.html",
        "put index.html",
    ]


def test_files_say_what_they_are(writer: Writer, journal: Journal):
    """Types for a bucket that serves them; only what never changes is kept for ever."""
    writer.write_image(record(), thumbnail=b"t", preview=b"p")
    headers = journal.headers
    assert headers["images/cute_dog.jpg.html"] == ("text/html; charset=utf-8", "no-cache")
    assert headers["data/images/cute_dog.jpg.json"] == ("application/json", "no-cache")
    assert headers["thumbs/cute_dog.jpg.jpg"] == ("image/jpeg", "max-age=600")
    assert {headers[name][1] for name in ASSETS} == {"max-age=31536000, immutable"}


def test_assets_are_written_once(writer: Writer, journal: Journal):
    """Not again with every image."""
    for key in KEYS:
        writer.write_image(record(key=key), thumbnail=b"t", preview=b"p")
    for name in ASSETS:
        assert journal.verbs.count(f"put {name}") == 1


def test_relabelling_leaves_the_pictures(writer: Writer, store: Store):
    """New labels need no pixels."""
    writer.write_image(record(), thumbnail=b"t", preview=b"p")
    writer.write_page(record(labels=[label("Puppy")]))
    assert store.get("thumbs/cute_dog.jpg.jpg").data == b"t"
    page = Document(store.get("images/cute_dog.jpg.html").data.decode())
    assert "Puppy" in page.text
    assert "Retriever" not in page.text


@pytest.mark.parametrize("key", KEYS)
def test_a_removed_image_leaves_nothing(key: str, writer: Writer, store: Store):
    """All that was written for it goes; the rest stays; twice is fine."""
    for one in KEYS:
        writer.write_image(record(key=one), thumbnail=b"t", preview=b"p")
    writer.remove_image(key)
    writer.remove_image(key)
    left = [one for one in KEYS if one != key]
    assert names(store) == ASSETS | {
        folder + output_name(one, suffix)
        for one in left
        for folder, suffix in (
            ("thumbs/", ".jpg"),
            ("previews/", ".jpg"),
            ("data/images/", ".json"),
            ("images/", ".html"),
        )
    }


def test_numbered_pages_of_older_versions_go(writer: Writer, store: Store):
    """An index was a row of pages once."""
    for number in (2, 3, 4):
        store.put(f"index-{number}.html", b"old")
    writer.write_index(digest_of("1"))
    assert names(store) == ASSETS | {"index.html", "overview.html"}


def test_every_link_of_the_site_leads_somewhere(writer: Writer, store: Store):
    """Between all pages, pictures and data."""
    for key in KEYS:
        writer.write_image(record(key=key), thumbnail=b"t", preview=b"p")
    writer.write_index(digest_of(*KEYS))
    written = files(store)
    pages = [name for name in written if name.endswith(".html")]
    assert len(pages) == len(KEYS) + 2
    linked = {link for name in pages for link in Document(written[name].decode()).links(name)}
    assert linked == set(written)


def test_the_same_records_give_the_same_bytes(tmp_path: Path):
    """Whatever the order, and however often."""
    sites = []
    for number, keys in enumerate((KEYS, KEYS[::-1], KEYS * 2)):
        store = open_store(str(tmp_path / str(number)))
        writer = Writer(store, Design(title="Photos"))
        for key in keys:
            writer.write_image(record(key=key), thumbnail=b"t", preview=b"p")
        writer.write_index(digest_of(*KEYS))
        sites.append(files(store))
    assert sites[0] == sites[1] == sites[2]


def test_nothing_private_is_written(writer: Writer, store: Store):
    """No hash, fingerprint, etag or version of a store."""
    writer.write_image(record(), thumbnail=b"t", preview=b"p", original=b"secret pixels")
    writer.write_index(digest_of("cute_dog.jpg"))
    for name, data in files(store).items():
        assert b"secret" not in data, name
        assert b"5ec2e7" not in data, name


def test_originals_are_published_only_where_the_design_says_so(journal: Journal, store: Store):
    """With the type of what browsers show; anything else is a download."""
    writer = Writer(journal, Design(originals=True))
    writer.write_image(record(key="a.JPG"), thumbnail=b"t", preview=b"p", original=b"pixels")
    name = layout.original_name("a.JPG")
    assert store.get(name).data == b"pixels"
    assert name.endswith(".jpg")
    assert journal.headers[name][0] == "image/jpeg"
    heic = record(key="b.heic")
    heic = msgspec.structs.replace(heic, image=msgspec.structs.replace(heic.image, format="heic"))
    writer.write_image(heic, thumbnail=b"t", preview=b"p", original=b"pixels")
    assert journal.headers[layout.original_name("b.heic")][0] == "application/octet-stream"
    writer.remove_image("a.JPG")
    assert name not in names(store)
