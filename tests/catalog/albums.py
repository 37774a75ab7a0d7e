"""Collections to be searched, and what a search must find in them, told from their records."""

from __future__ import annotations

import fnmatch
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from hypothesis import strategies as st
from tests.catalog.cabinets import NOON, failed, labelled

from bucketlens.moments import moment
from bucketlens.query import COLORS, level_of
from bucketlens.query.nodes import (
    And,
    AnyLabel,
    Days,
    Everything,
    HasCategory,
    HasLabel,
    Named,
    Not,
    Nothing,
    OfColor,
    Or,
    Oriented,
)
from bucketlens.types import (
    Category,
    DominantColor,
    ImageProperties,
    ImageQuality,
    ImageRegion,
    Label,
    Parent,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bucketlens.query import Condition
    from bucketlens.records import FailureRecord, LabelRecord

LABELS = {
    "Animal": ((), ("Animals and Pets",)),
    "Dog": (("Animal",), ("Animals and Pets",)),
    "Golden Retriever": (("Dog", "Animal"), ("Animals and Pets",)),
    "Hot Dog": ((), ("Food and Beverage",)),
    "Sea": ((), ("Nature and Outdoors", "Travel and Adventure")),
    "Person": ((), ("Person Description",)),
    'Odd "one" (x)': ((), ()),
}
CONFIDENCES = (20.0, 49.9999, 50.0, 55.5, 60.0, 79.9999, 80.0, 90.0, 95.0, 98.0, 100.0)
KEYS = (
    *("a.jpg", "b.JPG", "IMG_1.jpg", "img_20.png", "trip/IMG_2.jpg", "trip/été 100%.jpg"),
    *("trip/2025/x*y?.jpg", "x.y", "[a].jpg", "deep/er/sea.heic", "Ünder/ß.jpg", "new\nline.jpg"),
)
SIZES = ((400, 300), (300, 400), (300, 300), (5000, 100))
TAKEN = (
    *(None, "2026-01-01T00:00:00", "2025-12-31T23:59:59", "2026-01-31T12:00:00"),
    *("2026-02-01T00:00:00", "1969-07-20T20:17:00", "2024-02-29T08:00:00"),
)
QUALITY = ImageQuality(brightness=50.0, sharpness=50.0)


def shown(name: str, confidence: float) -> Label:
    """A label as records of this collection have it."""
    parents, categories = LABELS[name]
    return Label(
        name=name,
        confidence=confidence,
        parents=tuple(map(Parent, parents)),
        categories=tuple(map(Category, categories)),
    )


def colored(words: Iterable[str]) -> ImageProperties:
    """Properties with dominant colours of these simple words."""
    colors = tuple(
        DominantColor(
            red=place,
            green=2,
            blue=3,
            hex_code=f"#{place:02x}0203",
            css_color=word,
            simplified_color=word,
            pixel_percent=30.0 - place,
        )
        for place, word in enumerate(words)
    )
    return ImageProperties(
        quality=QUALITY,
        dominant_colors=colors,
        foreground=ImageRegion(quality=QUALITY),
        background=ImageRegion(quality=QUALITY),
    )


@st.composite
def records(draw: st.DrawFn, key: str) -> LabelRecord | FailureRecord:
    """A record of an image, now and then of a failure."""
    if draw(st.integers(0, 9)) == 0:
        return failed(key)
    names = draw(st.lists(st.sampled_from(sorted(LABELS)), max_size=5, unique=True))
    labels = [shown(name, draw(st.sampled_from(CONFIDENCES))) for name in names]
    width, height = draw(st.sampled_from(SIZES))
    record = labelled(
        key,
        *labels,
        modified=NOON + draw(st.integers(0, 5)),
        taken=draw(st.sampled_from(TAKEN)),
        width=width,
        height=height,
    )
    words = draw(st.lists(st.sampled_from(COLORS), max_size=3, unique=True))
    return msgspec.structs.replace(record, image_properties=colored(words) if words else None)


def collections() -> st.SearchStrategy[dict[str, LabelRecord | FailureRecord]]:
    """Some images, by key."""
    chosen = st.lists(st.sampled_from(KEYS), unique=True)
    return chosen.flatmap(lambda keys: st.fixed_dictionaries({key: records(key) for key in keys}))


def day_of(record: LabelRecord) -> str:
    """The day that a page shows."""
    seconds = moment(record.image.taken, record.observed.modified).seconds
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def shape_of(record: LabelRecord) -> str:
    """How the picture stands."""
    width, height = record.image.width, record.image.height
    return "square" if width == height else "landscape" if width > height else "portrait"


def words_of(record: LabelRecord) -> set[str]:
    """The simple words for its colours."""
    properties = record.image_properties
    return {c.simplified_color for c in properties.dominant_colors} if properties else set()


def holds(condition: Condition, record: LabelRecord, names: dict[int, str]) -> bool:  # noqa: C901, PLR0911 - each kind, told once more
    """Whether a condition holds for an image; ``names`` are those of label numbers."""
    match condition:
        case Everything():
            return True
        case Nothing():
            return False
        case And():
            return all(holds(arg, record, names) for arg in condition.args)
        case Or():
            return any(holds(arg, record, names) for arg in condition.args)
        case Not():
            return not holds(condition.arg, record, names)
        case HasLabel() | AnyLabel() | HasCategory():
            return any(
                condition.least <= level_of(label.confidence) < condition.most
                for label in record.labels
                if isinstance(condition, AnyLabel)
                or (isinstance(condition, HasLabel) and label.name == names[condition.id])
                or (
                    isinstance(condition, HasCategory)
                    and Category(condition.name) in label.categories
                )
            )
        case OfColor():
            return condition.value in words_of(record)
        case Oriented():
            return condition.value == shape_of(record)
        case Days():
            day = day_of(record)
            return (condition.start or "") <= day < (condition.end or "~")
        case Named():
            return _is_named(condition.pattern.lower(), record.source.key.lower())
        case _:
            raise TypeError(condition)


def _is_named(pattern: str, key: str) -> bool:
    if not set("*?") & set(pattern):
        pattern = f"*{pattern}*"
    text = key if "/" in pattern else key.rpartition("/")[2]
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


def facets_of(found: list[LabelRecord]) -> dict[str, dict[str, int]]:
    """What images have in common."""
    return {
        "categories": Counter(
            name for r in found for name in {c.name for label in r.labels for c in label.categories}
        ),
        "labels": Counter(label.name for r in found for label in r.labels),
        "colors": Counter(word for r in found for word in words_of(r)),
        "orientations": Counter(map(shape_of, found)),
        "months": Counter(day_of(r)[:7] for r in found),
    }
