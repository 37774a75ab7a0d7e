"""``bucketlens search``, as people and programs call it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.catalog.albums import colored, shown
from tests.catalog.cabinets import NOON, labelled, new_cabinet

from bucketlens.cli import run

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400.0


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A collection of dogs, a sea, and a key that is an attack on terminals."""
    folder: Path = tmp_path_factory.mktemp("collection")
    cabinet = new_cabinet(folder)
    cabinet.put(
        labelled("trip/sea.jpg", shown("Sea", 60.0), modified=NOON),
        *(
            labelled(f"dog-{i:02}.jpg", shown("Dog", 97.31), modified=NOON - DAY * i)
            for i in range(1, 31)
        ),
        msgspec.structs.replace(
            labelled("evil\x1b[2J.jpg", shown("Person", 88.0), modified=NOON - 40 * DAY),
            image_properties=colored(["red"]),
        ),
    )
    cabinet.catalog.refresh()
    return str(folder / "out")


def test_a_table_shows_the_newest(out: str, capsys: pytest.CaptureFixture[str]):
    """How many there are, then day, confidence, key and labels of the newest."""
    assert run(["search", out, "dog", "--limit", "2"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "30 images, the newest 2:",
        "2026-11-21   97.3  dog-01.jpg  Dog 97",
        "2026-11-20   97.3  dog-02.jpg  Dog 97",
    ]


def test_a_table_ends_after_a_screen_unless_all_are_wanted(
    out: str, capsys: pytest.CaptureFixture[str]
):
    """Twenty lines, or with a limit of 0 all of them."""
    run(["search", out, ""])
    assert len(capsys.readouterr().out.splitlines()) == 21
    run(["search", out, "", "--limit", "0"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 33
    assert lines[0] == "32 images:"


def test_json_gives_one_object_a_line(out: str, capsys: pytest.CaptureFixture[str]):
    """All images, each with its key, labels and confidence."""
    assert run(["search", out, "dog OR sea", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 31
    assert lines[0]["key"] == "trip/sea.jpg"
    assert lines[0]["labels"] == [{"name": "Sea", "confidence": 60.0}]
    assert lines[0]["confidence"] == 60.0


def test_what_strangers_wrote_can_do_nothing(out: str, capsys: pytest.CaptureFixture[str]):
    """Keys on a terminal hold no control characters."""
    run(["search", out, "person"])
    assert "\x1b" not in capsys.readouterr().out


def test_facets_count_what_images_share(out: str, capsys: pytest.CaptureFixture[str]):
    """By name with counts, or as one object."""
    run(["search", out, "after:2026-11", "--facets"])
    shown_facets = capsys.readouterr().out
    assert "  Animals and Pets             21\n" in shown_facets
    run(["search", out, "color:red", "--facets", "--json"])
    facets = json.loads(capsys.readouterr().out)
    assert facets["exact"] is True
    assert facets["labels"] == [{"name": "Person", "count": 1}]
    assert facets["months"] == [{"name": "2026-10", "count": 1}]


def test_a_mistake_is_pointed_at(out: str, capsys: pytest.CaptureFixture[str]):
    """What is wrong, where, and what may have been meant; exit status 2."""
    assert run(["search", out, "sea dgo"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "bucketlens: no image here has a label called \u201cdgo\u201d; near to it: Dog",
        "    sea dgo",
        "        ^^^",
    ]
    assert run(["search", out, "(sea"]) == 2
    assert "this bracket is not closed" in capsys.readouterr().err


def test_what_is_answered_otherwise_is_said(out: str, capsys: pytest.CaptureFixture[str]):
    """A note on standard error, so that what programs read stays clean."""
    assert run(["search", out, "dog confidence>83", "--json", "--limit", "1"]) == 0
    told = capsys.readouterr()
    assert told.err == "note: confidence goes by steps: 80 instead of 83\n"
    assert len(told.out.splitlines()) == 1


def test_nothing_found_is_no_failure(out: str, capsys: pytest.CaptureFixture[str]):
    """It is an answer."""
    assert run(["search", out, "dog sea"]) == 0
    assert capsys.readouterr().out == "no image is like that\n"


def test_a_query_may_begin_with_a_minus(out: str, capsys: pytest.CaptureFixture[str]):
    """After two dashes nothing is an option."""
    assert run(["search", out, "--limit", "1", "--", "-dog"]) == 0
    assert "trip/sea.jpg" in capsys.readouterr().out


def test_where_no_catalog_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """What makes one is said."""
    assert run(["search", str(tmp_path), "dog"]) == 1
    assert "bucketlens index" in capsys.readouterr().err
