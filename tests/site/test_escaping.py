"""Every name, label and title is text from strangers, and stays text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.site.attacks import ATTACKS, everywhere
from tests.site.documents import Document
from tests.site.samples import label, record

from bucketlens.names import encode_name
from bucketlens.site import Design, Shell, image_page, index_page, overview_page
from bucketlens.site.pieces.overview import Overview
from bucketlens.site.shell import ShellImage


def pages(text: str) -> list[str]:
    """The image page, the index page and the overview of that record, in a site of that title."""
    design = Design(title=text)
    newest = ShellImage(key=text, name=encode_name(text), width=4, height=3, labels=(text, "Ball"))
    counts = [(text, 2), ("Ball", 1)]
    overview = Overview(
        total=2,
        labels=[(0, 2)],
        categories=counts,
        colors=counts,
        orientations=counts,
        months=[("2026-11", 2)],
        failures=counts,
        models=counts,
    )
    return [
        image_page(everywhere(text), design),
        index_page(Shell(newest=(newest,), total=2, failed=1), design),
        overview_page(overview, {0: text}, design),
    ]


def harmless(text: str) -> str:
    """A text of the same folders, in letters."""
    return "/".join("x" * len(part) for part in text.split("/"))


def assert_same_structure(text: str) -> None:
    """Attack and harmless text give the same elements with the same attributes."""
    for attack, quiet in zip(pages(text), pages(harmless(text)), strict=True):
        attack.encode()
        assert Document(attack).elements == Document(quiet).elements


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_add_no_element_and_no_attribute(attack: str):
    """Whatever it tries, the page consists of what its template says."""
    assert_same_structure(attack)


@settings(deadline=None)
@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("<>\"'&{}%/`=")), min_size=1))
def test_any_text_adds_no_element_and_no_attribute(text: str):
    """Neither does any other text."""
    assert_same_structure(text)


@pytest.mark.parametrize("attack", ATTACKS)
def test_links_stay_on_the_site(attack: str):
    """No name becomes a scheme, a host, a query or a way above the site's root."""
    names = ["images/" + "d/" * 9 + "x.html", "index.html", "overview.html"]
    for html, name in zip(pages(attack), names, strict=True):
        for link in Document(html).links(name):
            assert not link.startswith(("..", "/"))


def test_names_are_still_readable():
    """Escaped, not mangled."""
    assert "<svg onload=alert(1)>.jpg" in Document(pages("<svg onload=alert(1)>.jpg")[0]).text


def test_words_of_another_direction_are_kept_apart():
    """Each name stands in an element that isolates its direction."""
    html = image_page(record(key="نخلة.jpg", labels=[label("نخلة")]), Design())
    assert "<h1><bdi>نخلة.jpg</bdi></h1>" in html
    assert "<bdi>نخلة</bdi></a>" in html
