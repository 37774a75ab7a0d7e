"""A browser, and a site that has everything: many images, a crowd, shapes of all kinds, attacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.browser import launched_chromium
from tests.site.attacks import ATTACKS, everywhere
from tests.site.browsing import folder_url
from tests.site.building import Site
from tests.site.samples import DAY, NOVEMBER, box, failure, label, record
from tests.site.visiting import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bucketlens.records import LabelRecord

DOG = "trip/lisbon/été 100% #1 & <b>.JPG"
CROWD = "crowd.jpg"
PLAIN = "nothing.jpg"
SHAPES = [(3000, 2000), (2000, 3000), (5000, 900), (900, 5000), (64, 64), (4032, 3024)]
MANY = 400
"""Images that make the grid longer than any window."""


class Sites(NamedTuple):
    """A site with everything and one without images, and URLs of the first."""

    full: Path
    empty: Path
    folder: str
    server: str


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium, driven by Playwright."""
    with launched_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """Sites in folders with awkward names, one of them served too."""
    root = tmp_path_factory.mktemp("site of 100% #1")
    full, empty = Site(root / "full", title="My <photos>"), Site(root / "empty")
    full.show([*some_of_all_kinds(), *many(), failure(), failure("b.jpg", "too_large")])
    empty.show([])
    with served(full.root) as server:
        yield Sites(full.root, empty.root, folder_url(full.root), server)


def some_of_all_kinds() -> list[LabelRecord]:
    """A dog, a crowd, an image without labels, all shapes, and attacks."""
    crowd = [box(n / 20, 0.1 + n / 40, 0.04, 0.2) for n in range(20)]
    return [
        record(key=DOG, taken="2026-11-20T12:00:00"),
        record(key=CROWD, labels=[label("Person", boxes=crowd), label("Ball", 70.0)]),
        record(key=PLAIN, labels=[]),
        *(
            record(key=f"shape-{n}.jpg", size=size, modified=NOVEMBER - DAY)
            for n, size in enumerate(SHAPES)
        ),
        *(everywhere(attack) for attack in ATTACKS if "\ud800" not in attack),
        record(key="stray bytes \udce9.jpg"),
    ]


def many() -> Iterator[LabelRecord]:
    """Cats, cars and hot dogs, one for every other day, the lowest number the newest."""
    for n in range(MANY):
        labels = [
            label(
                "Cat", 90.0, parents=["Animal"], aliases=["Kitty"], categories=["Animals and Pets"]
            )
        ]
        if n % 2:
            labels = [label("Car", 80.0, categories=["Vehicles and Automotive"])]
        if n % 10 == 0:
            labels.append(label("Hot Dog", 70.0, categories=["Food and Beverage"]))
        labels.append(label("Animal", 95.0)) if n % 2 == 0 else None
        yield record(
            key=f"many/{n:03}.jpg",
            labels=labels,
            size=SHAPES[n % 2],
            modified=NOVEMBER - (n + 2) * 2 * DAY,
        )
