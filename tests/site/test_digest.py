"""What index page and overview say is what the catalog holds."""

from pathlib import Path

from tests.site.building import Site
from tests.site.documents import Document
from tests.site.samples import DAY, NOVEMBER, failure, label, record

from bucketlens.site.shell import NEWEST


def test_the_newest_come_first(tmp_path: Path):
    """As many as the page holds, by the day they were taken."""
    site = Site(tmp_path)
    site.show(record(key=f"{n:02}.jpg", modified=NOVEMBER + n * DAY) for n in range(NEWEST + 3))
    document = Document((site.root / "index.html").read_text("utf-8"))
    names = [tile["data-name"] for tile in document.classes("tile")]
    assert names == [f"{n:02}.jpg" for n in range(NEWEST + 2, 2, -1)]
    assert f"{NEWEST + 3} images" in document.text


def test_tiles_name_the_most_specific_labels(tmp_path: Path):
    """A retriever is called that, not an animal."""
    site = Site(tmp_path)
    site.show([record()])
    document = Document((site.root / "index.html").read_text("utf-8"))
    assert document.all("img")[0]["alt"] == "Photo: Golden Retriever, Ball"


def test_the_overview_counts_labels_categories_failures_and_models(tmp_path: Path):
    """Of all images that have a page."""
    site = Site(tmp_path)
    cat = record(key="cat.jpg", labels=[label("Cat", categories=["Animals and Pets"])])
    site.show([record(), cat, failure(), failure("other.jpg", "too_large")])
    words = " ".join(Document((site.root / "overview.html").read_text("utf-8")).text.split())
    for text in ("images2", "Animals and Pets2", "Cat1", "damaged1", "over a size limit1"):
        assert text in words


def test_an_image_that_goes_leaves_index_and_overview(tmp_path: Path):
    """With the next renewal."""
    site = Site(tmp_path)
    site.show([record(), record(key="cat.jpg", labels=[label("Kitten")])])
    site.forget("cat.jpg")
    for name in ("index.html", "overview.html"):
        text = Document((site.root / name).read_text("utf-8")).text
        assert "Kitten" not in text
        assert "Retriever" in text
