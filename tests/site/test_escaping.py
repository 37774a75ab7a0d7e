"""Every name, label and title is text from strangers, and stays text."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.site.documents import Document
from tests.site.samples import box, color, label, record

from bucketlens.records import LabelRecord
from bucketlens.site.index import IndexBuilder
from bucketlens.site.pages import image_page, index_page

ATTACKS = [
    "<svg onload=alert(1)>.jpg",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "{{ 7*7 }}{% raw %}",
    "</title></style></textarea><script>alert(1)",
    "<!-- --><![CDATA[<x>]]>",
    "&lt;script&gt;&#x3c;",
    "a\nb\r\n\x00\x0b\t",
    "\u202egpj.exe\u2066",
    '" autofocus onfocus=alert(1) x="',
    "`${alert(1)}`\\'\"",
    "\udce9\ud800",
    "\uff1cscript\uff1e\u2028",
]


def everywhere(text: str) -> LabelRecord:
    """A record with that text in every place that a page shows."""
    return record(
        key=text,
        labels=[
            label(
                text,
                parents=[text],
                aliases=[text],
                categories=[text],
                boxes=[box(0.1, 0.1, 0.2, 0.2)],
            ),
            label("Ball", 80.0),
        ],
        model_version=text,
        colors=[
            msgspec.structs.replace(
                color(1, 2, 3, 50.0, text), hex_code=text, simplified_color=text
            )
        ],
        taken=text,
    )


def pages(text: str) -> list[str]:
    """The image page and the index page of that record, in a site of that title."""
    index = IndexBuilder()
    index.add(everywhere(text))
    index.add(record(key="other.jpg", labels=[label("Cat")]))
    index.add_failure(text)
    return [
        image_page(everywhere(text), title=text),
        *(index_page(page, title=text, thumbnail_size=320) for page in index.pages()),
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


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("<>\"'&{}%/`=")), min_size=1))
def test_any_text_adds_no_element_and_no_attribute(text: str):
    """Neither does any other text."""
    assert_same_structure(text)


@pytest.mark.parametrize("attack", ATTACKS)
def test_links_stay_on_the_site(attack: str):
    """No name becomes a scheme, a host, a query or a way above the site's root."""
    for html, name in zip(
        pages(attack), ["images/" + "d/" * 9 + "x.html", "index.html"], strict=True
    ):
        for link in Document(html).links(name):
            assert not link.startswith(("..", "/"))


def test_names_are_still_readable():
    """Escaped, not mangled."""
    assert "<svg onload=alert(1)>.jpg" in Document(pages("<svg onload=alert(1)>.jpg")[0]).text


def test_words_of_another_direction_are_kept_apart():
    """Each name stands in an element that isolates its direction."""
    html = image_page(record(key="نخلة.jpg", labels=[label("نخلة")]), title="P")
    assert "<h1><bdi>نخلة.jpg</bdi></h1>" in html
    assert '<span class="name"><bdi>نخلة</bdi></span>' in html
