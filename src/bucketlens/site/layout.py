"""Where each file of the site is, and how one page links to another.

index.html, index-2.html …      newest first
images/<name of the key>.html   a page for each image
thumbs/<name of the key>.jpg
previews/<name of the key>.jpg
data/images/<name of the key>.json
assets/…                        the look; named by content
"""

from __future__ import annotations

from urllib.parse import quote

from bucketlens.names import output_name

INDEX = "index.html"


def page_name(key: str) -> str:
    """The page of an image."""
    return "images/" + output_name(key, ".html")


def thumbnail_name(key: str) -> str:
    """The small picture for the index."""
    return "thumbs/" + output_name(key, ".jpg")


def preview_name(key: str) -> str:
    """The picture on the image's page."""
    return "previews/" + output_name(key, ".jpg")


def data_name(key: str) -> str:
    """The public JSON of an image."""
    return "data/images/" + output_name(key, ".json")


def index_name(number: int) -> str:
    """The index page of that number, from 1."""
    return INDEX if number == 1 else f"index-{number}.html"


def link(name: str, *, depth: int = 0) -> str:
    """A relative URL of a file of the site, for a page that lies that many folders deep.

    Relative links hold under any root, in a bucket's sub-folder and under ``file://``. Names hold
    characters that mean something in a URL (``%``, ``#``, ``?``, spaces), so they are quoted.
    """
    return "../" * depth + quote(name, safe="/~")


def depth_of(name: str) -> int:
    """How many folders deep a file of the site lies."""
    return name.count("/")
