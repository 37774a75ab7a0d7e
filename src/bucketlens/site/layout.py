"""Where each file of the site is, and how one page links to another.

index.html                      the gallery: newest first, and the search
overview.html                   what is in the collection
images/<name of the key>.html   a page for each image
thumbs/<name of the key>.jpg
previews/<name of the key>.jpg
data/images/<name of the key>.json
originals/<name of the key>.…   the images themselves, only where they are published
assets/…                        the look; named by content
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

from bucketlens.names import encode_name, output_name

INDEX = "index.html"
OVERVIEW = "overview.html"
ORIGINALS = "originals/"

OF_EACH_IMAGE = {
    "thumbs/": ".jpg",
    "previews/": ".jpg",
    "data/images/": ".json",
    "images/": ".html",
}
"""Folders, and endings of the one file in each that every image has."""

VIEWABLE = (".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif")
"""Endings of files that browsers show; others are only downloaded."""


def safe_name(key: str) -> str:
    """The name of the key that all files of an image have in common."""
    return encode_name(key)


def page_name(key: str) -> str:
    """The page of an image."""
    return _of_image("images/", key)


def thumbnail_name(key: str) -> str:
    """The small picture for the index."""
    return _of_image("thumbs/", key)


def preview_name(key: str) -> str:
    """The picture on the image's page."""
    return _of_image("previews/", key)


def data_name(key: str) -> str:
    """The public JSON of an image."""
    return _of_image("data/images/", key)


def _of_image(folder: str, key: str) -> str:
    return folder + output_name(key, OF_EACH_IMAGE[folder])


def original_name(key: str) -> str:
    """The image itself, where originals are published."""
    suffix = next((one for one in VIEWABLE if key.lower().endswith(one)), ".bin")
    return ORIGINALS + output_name(key, suffix)


@lru_cache(4096)  # every page has dozens, of the same few labels
def search_link(query: str, *, depth: int = 0) -> str:
    """A relative URL of a search."""
    return f"{link(INDEX, depth=depth)}?q={quote(query, safe='', errors='replace')}"


def link(name: str, *, depth: int = 0) -> str:
    """A relative URL of a file of the site, for a page that lies that many folders deep.

    Relative links hold under any root, in a bucket's sub-folder and under ``file://``. Names hold
    characters that mean something in a URL (``%``, ``#``, ``?``, spaces), so they are quoted.
    """
    return "../" * depth + quote(name, safe="/~")


def depth_of(name: str) -> int:
    """How many folders deep a file of the site lies."""
    return name.count("/")
