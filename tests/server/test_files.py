"""The site's files, and nothing beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bucketlens.server.files import FOR_EVER, keeping, site_name

if TYPE_CHECKING:
    from tests.server.asking import Running


def test_the_page_is_given_out_and_knows_its_server(server: Running):
    """At / and under its own name, with a word of what the server can do."""
    front = server.ask("/")
    assert front.status == 200
    assert front.headers["content-type"] == "text/html; charset=utf-8"
    assert b'" data-can="edits uploads"></script>' in front.body
    assert server.ask("/index.html").body == front.body


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/images/zebra.jpg.html", "text/html; charset=utf-8"),
        ("/images/beagle%20puppy.jpg.html", "text/html; charset=utf-8"),
        ("/thumbs/food/pizza.jpg.jpg", "image/jpeg"),
        ("/previews/zebra.jpg.jpg", "image/jpeg"),
        ("/data/images/zebra.jpg.json", "application/json"),
    ],
)
def test_files_have_their_types(server: Running, path: str, kind: str):
    """By their endings, of which there are few."""
    answer = server.ask(path)
    assert (answer.status, answer.headers["content-type"]) == (200, kind)


def test_a_browser_that_has_a_file_is_told_so(server: Running):
    """By its ETag; another one gets the file."""
    first = server.ask("/thumbs/zebra.jpg.jpg")
    again = server.ask("/thumbs/zebra.jpg.jpg", if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    weak = server.ask("/thumbs/zebra.jpg.jpg", if_none_match=f'"x", W/{first.headers["etag"]}')
    assert weak.status == 304
    assert server.ask("/thumbs/zebra.jpg.jpg", if_none_match='"other"').body == first.body


@pytest.mark.parametrize(
    "path",
    [
        "/../metadata/zebra.jpg.json",
        "/..%2fmetadata/zebra.jpg.json",
        "/%2e%2e/metadata/zebra.jpg.json",
        "/images/..%5c..%5cmetadata/zebra.jpg.json",
        "/images//zebra.jpg.html",
        "/images/./zebra.jpg.html",
        "//etc/passwd.txt",
        "/index.html%00.jpg",
        "/.bucketlens/locks/a.json",
        "/%ff.html",
        "/images/",
        "/images",
        "/index.html/",
        "/index.php",
    ],
)
def test_nothing_beside_the_site_is_given_out(server: Running, path: str):
    """Whatever the path says; records and photos lie just beside."""
    answer = server.ask(path)
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_link_out_of_the_site_is_not_followed(server: Running):
    """Somebody who can write into the site still opens no other folder."""
    thumbs = server.folder / "out" / "site" / "thumbs"
    (thumbs / "inside.jpg").symlink_to(thumbs / "zebra.jpg.jpg")
    (thumbs / "outside.jpg").symlink_to(server.folder / "photos" / "zebra.jpg")
    assert server.ask("/thumbs/inside.jpg").status == 200
    assert server.ask("/thumbs/outside.jpg").status == 404


@pytest.mark.parametrize(
    ("name", "ever"),
    [
        ("assets/site.0123456789.js", True),
        ("data/index/0123abcd/p.js", True),
        ("data/index/manifest.js", False),
        ("images/photo.0123456789.html", False),
        ("data/images/photo.0123456789.json", False),
        ("index.html", False),
    ],
)
def test_only_what_is_named_by_its_content_is_kept_for_ever(name: str, *, ever: bool):
    """Names that follow from keys may look like hashes and are not."""
    assert (keeping(name) == FOR_EVER) == ever


def test_names_are_decoded_once():
    """What is encoded twice stays encoded, as names of outputs may be."""
    assert site_name(b"/images/100%2525.html") == "images/100%25.html"
    assert site_name(b"/") == "index.html"
    assert site_name(b"/a%2Fb.html") == "a/b.html"


def test_other_methods_are_not_allowed(server: Running):
    """A site is read only."""
    answer = server.ask("/index.html", "DELETE")
    assert answer.status == 405
    assert "GET" in answer.headers["allow"]
