"""Search over HTTP: the site's language, pages by cursor, facets and completion."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from tests.server.asking import start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.server.asking import Answer, Running


@pytest.fixture(scope="module")
def searched(labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server over the example photos and nothing else."""
    folder = tmp_path_factory.mktemp("searched")
    shutil.copytree(labelled, folder, dirs_exist_ok=True, copy_function=shutil.copy2)
    running = start(folder)
    end = time.monotonic() + 30
    while images(running, "").json.get("total", 0) < 11 and time.monotonic() < end:
        time.sleep(0.1)
    yield running
    running.stop()


def images(server: Running, query: str, **more: str | int) -> Answer:
    """The answer to a query."""
    return server.ask(f"/v1/images?{urlencode({'q': query, **more})}")


def keys(answer: Answer) -> list[str]:
    """Of what was found."""
    return [hit["key"] for hit in answer.json["hits"]]


def test_a_query_finds_images_with_their_labels(searched: Running):
    """By label, without, and by anything that stands above it."""
    found = images(searched, "zebra")
    assert keys(found) == ["zebra.jpg"]
    assert found.json["total"] == 1
    assert "Zebra" in {label["name"] for label in found.json["hits"][0]["labels"]}
    assert "zebra.jpg" in keys(images(searched, "animal"))
    assert "zebra.jpg" not in keys(images(searched, "animal -zebra"))


def test_pages_follow_one_another(searched: Running):
    """Each image once, the newest first, with a cursor as long as there are more."""
    whole = keys(images(searched, "", limit=200))
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = images(searched, "", limit=4, **({"cursor": cursor} if cursor else {}))
        assert page.json["total"] == len(whole) == 11
        seen += keys(page)
        cursor = page.json["cursor"]
    assert seen == whole


def test_facets_count_what_was_found(searched: Running):
    """Labels, categories, colours, shapes and months of a result."""
    facets = searched.ask("/v1/facets?q=animal").json
    total = images(searched, "animal").json["total"]
    assert {"name": "Animal", "count": total} in facets["labels"]
    assert {"categories", "colors", "orientations", "months"} < set(facets)


def test_words_are_completed(searched: Running):
    """With counts."""
    found = searched.ask("/v1/complete?prefix=zeb").json["completions"]
    assert found[0]["name"] == "Zebra"
    assert found[0]["count"] == 1


@pytest.mark.parametrize(
    ("query", "words", "start"),
    [("zebar", "zebar", 0), ("dog AND (cat", "", 8), ("dog confidence>x", "", None)],
)
def test_a_mistake_is_told_with_its_place(
    searched: Running, query: str, words: str, start: int | None
):
    """And with what may have been meant."""
    answer = images(searched, query)
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json
    assert problem["code"] == "query"
    assert words in problem["detail"]
    assert problem["end"] >= problem["start"] >= 0
    if start is not None:
        assert problem["start"] == start
    if query == "zebar":
        assert "Zebra" in problem["suggestions"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "cursor=x", "page=2", "q=a&q=b", f"q={'x' * 1001}"]
)
def test_wrong_parameters_are_refused(searched: Running, query: str):
    """None is passed over in silence."""
    assert searched.ask(f"/v1/images?{query}").status == 400


def test_what_comes_can_be_found(searched: Running):
    """A new image, once the index has taken it in; and no longer when it has gone."""
    photo = searched.folder / "photos" / "zebra again.jpg"
    photo.write_bytes((searched.folder / "photos" / "zebra.jpg").read_bytes())

    def found() -> list[str]:
        return keys(images(searched, "name:zebra?again.jpg"))

    end = time.monotonic() + 30
    while not found() and time.monotonic() < end:
        time.sleep(0.1)
    assert found() == ["zebra again.jpg"]
    photo.unlink()
    end = time.monotonic() + 60
    while found() and time.monotonic() < end:
        time.sleep(0.1)
    assert found() == []
