"""A page, parsed: its elements in order, its words, its links."""

from __future__ import annotations

from html.parser import HTMLParser
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit

Element = tuple[str, tuple[str, ...]]


class Document(HTMLParser):
    """What a page consists of.

    Attributes:
        elements: Tag and names of the attributes of each element, in order.
        attributes: Tag and attributes of each element, in order.
        text: All that is said outside tags.
    """

    def __init__(self, html: str) -> None:
        """Parse a page."""
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, tuple(sorted(name for name, _ in attrs))))
        self.attributes.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note words."""
        self.text += data

    def all(self, tag: str, **having: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a tag, perhaps only those with these attributes."""
        return [
            attributes
            for name, attributes in self.attributes
            if name == tag and all(attributes.get(key) == value for key, value in having.items())
        ]

    def classes(self, name: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a class."""
        return [
            attributes
            for _, attributes in self.attributes
            if name in (attributes.get("class") or "").split()
        ]

    def links(self, page: str) -> list[str]:
        """The names of the files that the page at that name links to or shows; no searches."""
        return [resolve(page, value) for value in self._values() if "?" not in value]

    def searches(self, page: str) -> list[str]:
        """The texts of the searches that the page at that name links to."""
        found = [value.partition("?q=") for value in self._values() if "?" in value]
        assert {resolve(page, place) for place, _, _ in found} <= {"index.html"}
        return [unquote(query, errors="strict") for _, _, query in found]

    def inline(self) -> list[str]:
        """What a strict policy would not let run: handlers, styles, scripts in the page."""
        names = {name for _, attributes in self.elements for name in attributes}
        tags = {tag for tag, _ in self.elements} & {"style", "iframe", "object", "base", "embed"}
        scripts = [a for a in self.all("script") if not a.get("src")]
        return [
            *tags,
            *(n for n in names if n == "style" or n.startswith("on")),
            *map(str, scripts),
        ]

    def _values(self) -> list[str]:
        values = [a.get("href") or a.get("src") for _, a in self.attributes]
        return [value for value in values if value and not value.startswith("#")]


def resolve(page: str, url: str) -> str:
    """The file that a relative URL on a page leads to."""
    parts = urlsplit(url)
    assert not parts.scheme, url
    assert not parts.netloc, url
    assert not parts.query, url
    assert not parts.fragment, url
    return normpath(join(dirname(page), unquote(parts.path, errors="strict")))
