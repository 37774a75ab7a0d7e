"""What leaves the private records is an allow-list."""

from collections.abc import Iterator

import msgspec
from tests.site.samples import color, label, record

from bucketlens.site.public import encode_public_image
from bucketlens.types import Instance

ALLOWED = {
    "key",
    "width",
    "height",
    "date",
    "LabelModelVersion",
    "Labels.Name",
    "Labels.Confidence",
    "Labels.Parents.Name",
    "Labels.Aliases.Name",
    "Labels.Categories.Name",
    "Labels.Instances.Confidence",
    *(f"Labels.Instances.BoundingBox.{side}" for side in ("Width", "Height", "Left", "Top")),
    *(
        f"{where}.{name}"
        for where in ("DominantColors", "Labels.Instances.DominantColors")
        for name in (
            *("Red", "Green", "Blue", "HexCode", "CSSColor", "SimplifiedColor", "PixelPercent"),
        )
    ),
}


def paths(value: object, path: str = "") -> Iterator[str]:
    """The path of each leaf of a document."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, path)
    else:
        yield path


def test_only_what_is_allowed_is_public():
    """Labels, boxes, size, date, colours, name; no hash, no score, no store's version."""
    dog = record().labels[3]
    colored = Instance(
        bounding_box=dog.instances[0].bounding_box,
        confidence=90.0,
        dominant_colors=(color(1, 2, 3, 50.0),),
    )
    full = label("Dog", parents=["Animal"], aliases=["Doggy"], categories=["Pets"])
    full = msgspec.structs.replace(full, instances=(colored,))
    data = encode_public_image(record(labels=[full]))
    assert set(paths(msgspec.json.decode(data))) == ALLOWED
    assert b"secret" not in data
    assert b"5ec2e7" not in data


def test_it_reads_like_a_reply_of_detectlabels():
    """What reads such JSON can read this."""
    document = msgspec.json.decode(encode_public_image(record()))
    assert document["Labels"][3]["Name"] == "Dog"
    assert document["Labels"][3]["Instances"][0]["BoundingBox"]["Left"] == 0.1
    assert (document["key"], document["width"], document["date"]) == (
        "cute_dog.jpg",
        4032,
        "2026-11-22",
    )


def test_a_name_of_stray_bytes_can_be_written():
    """JSON holds no bytes that are not UTF-8; they become a visible sign."""
    document = msgspec.json.decode(encode_public_image(record(key="\udce9t\udce9.jpg")))
    assert document["key"] == "�t�.jpg"
