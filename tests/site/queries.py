"""Resolved queries: drawn by chance, and answered by looking at every image."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from tests.site.catalogs import CATEGORIES, FIRST_DAY, ORIENTATIONS, STEPS

from bucketlens.colors import SIMPLE

if TYPE_CHECKING:
    import random

    from tests.site.catalogs import Image, Snapshot

Node = dict[str, Any]


def random_query(chance: random.Random, words: int, depth: int = 2) -> Node:  # noqa: PLR0911 - a case for each kind
    """A query of any shape."""
    kind = chance.randrange(10 if depth else 7)
    least, most = chance.choice([(0, 8), (0, 8), (3, 8), (0, 4), (2, 5)])
    if kind <= 2:
        label = min(int(chance.expovariate(0.15)), words)  # the last one does not exist
        return {"op": "label", "id": label, "least": least, "most": most}
    if kind == 3:
        name = chance.choice(CATEGORIES)
        return {"op": "incategory", "name": name, "least": least, "most": most}
    if kind == 4:
        return {"op": "color", "value": chance.choice(SIMPLE)}
    if kind == 5:
        first, end = sorted(chance.sample(range(-10, 220), 2))
        days = [(FIRST_DAY + dt.timedelta(days=day)).isoformat() for day in (first, end)]
        return {
            "op": "days",
            "from": chance.choice([days[0], None]),
            "to": chance.choice([days[1], None]),
        }
    if kind == 6:
        return chance.choice(
            [
                {"op": "orientation", "value": chance.choice(ORIENTATIONS)},
                {"op": "anylabel", "least": least, "most": most},
                {"op": "all"},
                {"op": "none"},
            ]
        )
    if kind == 7:
        return {"op": "not", "arg": random_query(chance, words, depth - 1)}
    parts = [random_query(chance, words, depth - 1) for _ in range(chance.choice([2, 3]))]
    return {"op": chance.choice(["and", "and", "or"]), "args": parts}


def finds(node: Node, image: Image, snapshot: Snapshot) -> bool:  # noqa: PLR0911 - a case for each op
    """Whether an image answers a query."""
    match node["op"]:
        case "and":
            return all(finds(part, image, snapshot) for part in node["args"])
        case "or":
            return any(finds(part, image, snapshot) for part in node["args"])
        case "not":
            return not finds(node["arg"], image, snapshot)
        case "label" | "incategory" | "anylabel":
            return any(
                node.get("least", 0) <= level(confidence) < node.get("most", 8)
                for label, confidence in image.labels
                if node["op"] == "anylabel"
                or (node["op"] == "label" and label == node["id"])
                or (node["op"] == "incategory" and node["name"] in snapshot.words[label][1])
            )
        case "color":
            return node["value"] in image.colors
        case "orientation":
            return bool(node["value"] == image.orientation)
        case "days":
            day = image.day.isoformat()
            return (node.get("from") or "") <= day < (node.get("to") or "9999")
        case other:
            return bool(other == "all")


def level(confidence: float) -> int:
    """How many steps a confidence reaches."""
    return sum(confidence >= step for step in STEPS)


def answer(node: Node, snapshot: Snapshot) -> list[int]:
    """The ids of all that answer, newest first."""
    found = [n for n, image in snapshot.shown.items() if finds(node, image, snapshot)]
    return sorted(found, reverse=True)


def count_facets(ids: list[int], snapshot: Snapshot) -> dict[str, dict[str, int]]:
    """What facets there are among some images, counted one by one."""
    counts: dict[str, dict[str, int]] = {
        part: {} for part in ("labels", "categories", "colors", "orientations", "months")
    }
    for number in ids:
        image = snapshot.images[number]
        labels = [snapshot.words[label] for label, _ in image.labels]
        said = {
            "labels": [name for name, _ in labels],
            "categories": sorted({name for _, of in labels for name in of}),
            "colors": image.colors,
            "orientations": [image.orientation],
            "months": [image.day.isoformat()[:7]],
        }
        for part, names in said.items():
            for name in names:
                counts[part][name] = counts[part].get(name, 0) + 1
    return counts
