"""The index page as it stands before any script runs."""

import pytest
from tests.site.documents import Document
from tests.site.test_pages import AWKWARD_KEYS

from bucketlens.names import encode_name
from bucketlens.site import Design, Shell, index_page, layout
from bucketlens.site.rendering import POLICY
from bucketlens.site.shell import ShellImage


def image(
    key: str = "cute_dog.jpg", *labels: str, size: tuple[int, int] = (400, 300)
) -> ShellImage:
    """An image of the index page."""
    width, height = size
    return ShellImage(key=key, name=encode_name(key), width=width, height=height, labels=labels)


def page(*newest: ShellImage, total: int = 0, failed: int = 0) -> Document:
    """An index page, parsed."""
    shell = Shell(newest=newest, total=total or len(newest), failed=failed)
    return Document(index_page(shell, Design(title="Photos")))


@pytest.mark.parametrize("key", [key for key in AWKWARD_KEYS if key.isprintable()])
def test_links_of_the_index_lead_to_the_image(key: str):
    """To its page and its thumbnail."""
    links = page(image(key)).links("index.html")
    assert {layout.page_name(key), layout.thumbnail_name(key)} <= set(links)


def test_the_page_holds_to_the_policy():
    """No inline script or style, and a policy that would stop them."""
    document = page(image())
    assert document.all("meta", content=POLICY)
    assert not document.inline()


@pytest.mark.parametrize(
    ("labels", "alt", "caption"),
    [
        (("Beagle", "Ball", "Grass", "Tree"), "Photo: Beagle, Ball, Grass", "Beagle, Ball, Grass"),
        ((), "Photo without labels: cute_dog.jpg", "cute_dog.jpg"),
    ],
)
def test_pictures_have_words(labels: tuple[str, ...], alt: str, caption: str):
    """For those who do not see them, and for those who do."""
    document = page(image("cute_dog.jpg", *labels))
    assert document.all("img")[0]["alt"] == alt
    assert caption in document.text


def test_the_place_of_a_picture_is_kept_while_it_loads():
    """Width and height are in the page, so nothing jumps."""
    (found,) = page(image(size=(4000, 3000))).all("img")
    assert (found["width"], found["height"], found["loading"]) == ("320", "240", "lazy")
    (small,) = page(image(size=(100, 50))).all("img")
    assert (small["width"], small["height"]) == ("100", "50")


def test_nothing_there_is_said():
    """An empty index says what to do."""
    text = page().text
    assert "No images yet" in text
    assert "bucketlens run" in text


def test_what_is_not_on_the_page_is_said():
    """Without scripts only the newest are there."""
    assert "the newest 1 of 1,234 images" in page(image(), total=1234).text
    assert "the newest" not in page(image()).text


def test_failures_are_counted():
    """And the overview tells why."""
    document = page(image(), failed=3)
    assert "3 files could not be labelled" in document.text
    assert "overview.html" in document.links("index.html")
