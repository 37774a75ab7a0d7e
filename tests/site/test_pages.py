"""What stands on the page of an image, and where its links lead."""

import msgspec
import pytest
from tests.site.documents import Document
from tests.site.samples import box, label, record

from bucketlens.query import parse
from bucketlens.records import LabelRecord
from bucketlens.site import Design, layout
from bucketlens.site.assets import TALLEST, WIDEST, assets_of
from bucketlens.site.pages import image_page
from bucketlens.site.rendering import POLICY
from bucketlens.site.view import MARKS
from bucketlens.types import Label

DESIGN = Design(title="Photos")

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


def page(made: LabelRecord, design: Design = DESIGN) -> Document:
    """The page of an image, parsed."""
    return Document(image_page(made, design))


@pytest.mark.parametrize("key", AWKWARD_KEYS)
def test_links_of_an_image_page_lead_to_its_files(key: str):
    """Whatever the key, and however deep its page lies."""
    links = page(record(key=key)).links(layout.page_name(key))
    assert set(links) == {
        "index.html",
        layout.preview_name(key),
        layout.data_name(key),
        *(asset.name for asset in assets_of(DESIGN).files),
    }


def test_labels_parents_and_categories_lead_to_searches_that_can_be_read():
    """Each in the words of the query language, whatever stands in the name."""
    awkward = 'Say "Hi" (OR) -not'
    made = record(labels=[label(awkward, parents=["Golden Retriever"], categories=["A & B"])])
    found = {str(parse(query)) for query in page(made).searches("images/x.html")}
    assert found == {
        str(parse(text))
        for text in (r'"Say \"Hi\" (OR) -not"', '"Golden Retriever"', 'category:"A & B"')
    }


def test_the_page_holds_to_the_policy():
    """One script from a file, no inline script or style, and a policy that would stop them."""
    document = page(record())
    assert document.all("meta", content=POLICY)
    assert [script["src"] for script in document.all("script")] == [
        "../" + assets_of(DESIGN).script.name
    ]
    assert not document.inline()


def test_an_image_page_shows_labels_as_bars():
    """With their confidence, parents and categories."""
    document = page(record())
    assert len(document.classes("row")) == len(record().labels)
    assert document.classes("fill")[0]["width"] == "97.31%"
    words = " ".join(document.text.split())
    for text in ("Golden Retriever", "97%", "Canine, Mammal, Animal", "Animals and Pets"):
        assert text in words


def test_an_image_page_draws_the_boxes():
    """As ratios of the picture, whatever size it is shown at."""
    (dog,) = page(record(labels=record().labels[3:4])).classes("edge")
    assert (dog["x"], dog["y"], dog["width"], dog["height"]) == (
        "10.00%",
        "20.00%",
        "50.00%",
        "60.00%",
    )


def test_an_image_page_tells_about_the_image():
    """Its name, folder, day, size, models and colours."""
    made = record(key="trip/lisbon/cute_dog.jpg", taken="2019-07-14T10:30:00", model_version="1.2")
    words = " ".join(page(made).text.split())
    for text in (
        "trip / lisbon /",
        "cute_dog.jpg",
        "14 July 2019",
        "4032 \N{MULTIPLICATION SIGN} 3024",
        "1.2",
        "some-model 1",
        "tan",
    ):
        assert text in words


@pytest.mark.parametrize(
    ("labels", "alt"),
    [(None, "Photo: Golden Retriever, Ball"), ([], "Photo without labels: cute_dog.jpg")],
)
def test_pictures_have_words(labels: list[Label] | None, alt: str):
    """For those who do not see them."""
    assert page(record(labels=labels)).all("img")[0]["alt"] == alt


def test_nothing_recognised_is_said():
    """A page without labels says why and what shows more."""
    assert "min_confidence" in page(record(labels=[])).text


def test_the_original_is_linked_only_where_it_is_published():
    """A design says so; by default there is none."""
    name = layout.page_name("cute_dog.jpg")
    assert not any("originals" in link for link in page(record()).links(name))
    published = page(record(), Design(originals=True))
    assert layout.original_name("cute_dog.jpg") in published.links(name)


def test_the_stylesheet_knows_every_class_that_pages_number():
    """Shapes, hues and marks are made from the same constants."""
    css = assets_of(DESIGN).stylesheets[0].data.decode()
    many = [label(f"{n}", boxes=[box(0, 0, 0.1, 0.1)]) for n in range(MARKS)]
    document = page(record(labels=many, size=(1, 100)))
    used = {name for _, a in document.attributes for name in (a.get("class") or "").split()}
    numbered = {name for name in used if name[1:].isdigit()}
    assert {f"m{MARKS - 1}", "h7", f"r{TALLEST}"} <= numbered
    for name in numbered | {f"r{WIDEST}"}:
        assert f".{name}{{" in css or f".{name}:" in css, name


def test_the_same_record_gives_the_same_bytes():
    """Nothing on a page depends on when or where it was made."""
    later = msgspec.structs.replace(
        record(), observed=msgspec.structs.replace(record().observed, recorded=1.0, etag="other")
    )
    assert image_page(record(), DESIGN) == image_page(later, DESIGN)
