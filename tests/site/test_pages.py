"""What stands on the pages, and where their links lead."""

import msgspec
import pytest
from tests.site.documents import Document
from tests.site.samples import DAY, NOVEMBER, box, failure, label, record

from bucketlens.site import layout
from bucketlens.site.assets import assets, stylesheet
from bucketlens.site.index import TALLEST, WIDEST, IndexBuilder, IndexPage
from bucketlens.site.pages import POLICY, design, image_page, index_page
from bucketlens.site.view import MARKS
from bucketlens.types import Label

AWKWARD_KEYS = [
    "a.jpg",
    "trip/lisbon/IMG_0001.JPG",
    "a b/100% #1?.jpg",
    "été/東京 & <b>.jpg",
    "//x.jpg",
    "../../up.jpg",
    "http://example.org/a.jpg",
    "javascript:alert(1)",
    "stray\udce9.jpg",
    "x" * 900 + ".jpg",
]


def page_of(*records: object, **sizes: int) -> IndexPage:
    """The first index page of these records."""
    index = IndexBuilder(**sizes)
    for one in records:
        index.add(one)  # type: ignore[arg-type]
    return next(index.pages())


def shown(page: IndexPage) -> Document:
    """An index page, parsed."""
    return Document(index_page(page, title="Photos", thumbnail_size=320))


@pytest.mark.parametrize("key", AWKWARD_KEYS)
def test_links_of_an_image_page_lead_to_its_files(key: str):
    """Whatever the key, and however deep its page lies."""
    links = Document(image_page(record(key=key), title="Photos")).links(layout.page_name(key))
    assert set(links) == {
        "index.html",
        layout.preview_name(key),
        layout.data_name(key),
        *(asset.name for asset in assets()),
    }


@pytest.mark.parametrize("key", AWKWARD_KEYS)
def test_links_of_the_index_lead_to_the_image(key: str):
    """To its page and its thumbnail."""
    links = shown(page_of(record(key=key))).links("index.html")
    assert {layout.page_name(key), layout.thumbnail_name(key)} <= set(links)


@pytest.mark.parametrize("html", ["image", "index"])
def test_pages_hold_to_the_policy(html: str):
    """No script, no inline style, no form, and a policy that would stop them."""
    document = (
        Document(image_page(record(), title="Photos"))
        if html == "image"
        else shown(page_of(record(), failure()))
    )
    tags = {tag for tag, _ in document.elements}
    names = {name for _, attributes in document.elements for name in attributes}
    assert not tags & {"script", "style", "form", "iframe", "object", "base"}
    assert "style" not in names
    assert not [name for name in names if name.startswith("on")]
    assert document.all("meta", content=POLICY)


def test_an_image_page_shows_labels_as_bars():
    """With their confidence, parents and categories."""
    document = Document(image_page(record(), title="Photos"))
    assert len(document.classes("row")) == len(record().labels)
    assert document.classes("fill")[0]["width"] == "97.31%"
    words = " ".join(document.text.split())
    for text in ("Golden Retriever", "97%", "Canine, Mammal, Animal", "Animals and Pets"):
        assert text in words


def test_an_image_page_draws_the_boxes():
    """As ratios of the picture, whatever size it is shown at."""
    (dog,) = Document(image_page(record(labels=record().labels[3:4]), title="P")).classes("edge")
    assert (dog["x"], dog["y"], dog["width"], dog["height"]) == (
        "10.00%",
        "20.00%",
        "50.00%",
        "60.00%",
    )


def test_an_image_page_tells_about_the_image():
    """Its name, folder, day, size, model and colours."""
    made = record(key="trip/lisbon/cute_dog.jpg", taken="2019-07-14T10:30:00", model_version="1.2")
    words = " ".join(Document(image_page(made, title="Photos")).text.split())
    for text in (
        "trip / lisbon /",
        "cute_dog.jpg",
        "14 July 2019",
        "4032 \N{MULTIPLICATION SIGN} 3024",
        "1.2",
        "tan",
    ):
        assert text in words


@pytest.mark.parametrize(
    ("labels", "alt"),
    [(None, "Photo: Golden Retriever, Ball"), ([], "Photo without labels: cute_dog.jpg")],
)
def test_pictures_have_words(labels: list[Label] | None, alt: str):
    """For those who do not see them."""
    made = record(labels=labels)
    assert Document(image_page(made, title="P")).all("img")[0]["alt"] == alt
    assert shown(page_of(made)).all("img")[0]["alt"] == alt


def test_the_place_of_a_picture_is_kept_while_it_loads():
    """Width and height are in the page, so nothing jumps."""
    (image,) = shown(page_of(record(size=(4000, 3000)))).all("img")
    assert (image["width"], image["height"], image["loading"]) == ("320", "240", "lazy")
    (small,) = shown(page_of(record(size=(100, 50)))).all("img")
    assert (small["width"], small["height"]) == ("100", "50")


def test_nothing_recognised_is_said():
    """A page without labels says why and what shows more."""
    assert "min_confidence" in Document(image_page(record(labels=[]), title="P")).text


def test_nothing_there_is_said():
    """An empty index says what to do."""
    document = shown(page_of())
    assert "No images yet" in document.text
    assert "bucketlens run" in document.text


def test_failures_are_counted_and_not_named():
    """Names of failed files stay in the private records."""
    html = index_page(
        page_of(record(), failure(), failure(), failure(error="too_large")),
        title="Photos",
        thumbnail_size=320,
    )
    words = " ".join(Document(html).text.split())
    assert "3 files could not be labelled: 2 damaged, 1 over a size limit." in words
    assert "secret" not in html


def test_index_pages_lead_to_each_other():
    """Forth and back, and by number."""
    index = IndexBuilder(per_page=1)
    for number in range(9):
        index.add(record(key=f"{number}.jpg", modified=NOVEMBER - number * DAY))
    pages = [shown(page) for page in index.pages()]
    assert pages[0].all("a", rel="next")[0]["href"] == "index-2.html"
    assert not pages[0].all("a", rel="prev")
    assert pages[1].all("a", rel="prev")[0]["href"] == "index.html"
    assert not pages[8].all("a", rel="next")
    (nav,) = (pages[4].all("a", **{"aria-current": "page"}),)
    assert [one["href"] for one in nav] == ["index-5.html"]
    linked = {one["aria-label"] for one in pages[4].all("a") if one.get("aria-label")}
    assert linked == {f"Page {n}" for n in (1, 3, 4, 5, 6, 7, 9)}


def test_the_last_page_says_what_is_not_shown():
    """An index of the newest images says so, and only there."""
    index = IndexBuilder(newest=2, per_page=1)
    for number in range(1000):
        index.add(record(key=f"{number}.jpg", modified=float(number)))
    first, last = (shown(page).text for page in index.pages())
    assert "the newest 2 of 1,000 images" in last
    assert "the newest" not in first


def test_chips_tie_to_tiles():
    """A chip shows the tiles that carry its number."""
    cat = record(key="cat.jpg", labels=[label("Cat")])
    document = shown(page_of(cat, record(key="dog.jpg", labels=[label("Dog")])))
    assert document.all("input", id="chip-0")
    assert len(document.classes("c0")) == 1


def test_the_stylesheet_knows_every_class_that_pages_number():
    """Shapes, hues and marks are made from the same constants."""
    css = stylesheet().data.decode()
    many = [label(f"{n}", boxes=[box(0, 0, 0.1, 0.1)]) for n in range(MARKS)]
    document = Document(image_page(record(labels=many, size=(1, 100)), title="P"))
    used = {name for _, a in document.attributes for name in (a.get("class") or "").split()}
    numbered = {name for name in used if name[1:].isdigit()}
    assert {f"m{MARKS - 1}", "h7", f"r{TALLEST}"} <= numbered
    for name in numbered | {f"r{WIDEST}"}:
        assert f".{name}{{" in css or f".{name} {{" in css or f".{name}:" in css, name


def test_all_script_and_style_is_small():
    """A page is there at once on a slow line."""
    assert sum(len(asset.data) for asset in assets()) < 40_000


def test_the_same_record_gives_the_same_bytes():
    """Nothing on a page depends on when or where it was made."""
    later = msgspec.structs.replace(
        record(), observed=msgspec.structs.replace(record().observed, recorded=1.0, etag="other")
    )
    assert image_page(record(), title="P") == image_page(later, title="P")


def test_the_design_has_a_mark():
    """What keeps the index can see that the look has changed."""
    assert len(design()) == 16
    assert design() == design()
