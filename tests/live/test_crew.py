"""Processes that label: the same results as here, and nothing ends with one of them."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from tests.laboratory import BLUE, GREEN, RED, ColorScorer, ColorView, new_lab, photo

from bucketlens.errors import TransientError
from bucketlens.live.crew import Crew, CrewLabeler, open_crew
from bucketlens.live.helping import packed, unpacked
from bucketlens.pipeline.helping import HelperError
from bucketlens.pipeline.labelling import Labeler, Labelled, Loaded
from bucketlens.records import FailureRecord
from bucketlens.settings import Settings
from bucketlens.types import ObjectInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bucketlens.types import DecodedImage, Scores

LANE = "lane"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to send")


class Fragile(ColorScorer):
    """A scorer that some pictures bring down, as they might a decoder."""

    def score(self, images: Sequence[DecodedImage]) -> list[Scores]:
        """Score them, or go down."""
        sizes = {(image.width, image.height) for image in images}
        if (13, 13) in sizes:
            os.kill(os.getpid(), signal.SIGKILL)
        if (14, 14) in sizes:
            raise TransientError("slow down")
        return super().score(images)


def labelers() -> dict[str, Labeler]:
    """What labels in each process."""
    return {LANE: Labeler(Settings(), Fragile(), ColorView(), lambda: 1_700_000_000.0)}


@pytest.fixture(params=["fork", "spawn"])
def crew(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    """Two helpers, begun in either way."""
    if request.param == "fork" and sys.platform != "linux":
        pytest.skip("only Linux forks")
    if request.param == "spawn":
        monkeypatch.setattr("bucketlens.live.crew.sys.platform", "other")
    crew = open_crew(labelers(), 2, labelers)
    yield crew
    crew.close()


def image(key: str, data: bytes) -> Loaded:
    """An image to label."""
    return Loaded(ObjectInfo(key=key, etag="1", size=len(data), modified=0.0), data, "0A")


def squares(side: int) -> bytes:
    """A picture of a size that is told apart."""
    return photo((200, 10, 10), (side, side))


def test_results_are_those_of_this_process(crew: Crew):
    """Records, pictures and failures, to the byte; odd names too."""
    odd = os.fsdecode(b"caf\xe9.jpg")
    images = [image("a.jpg", RED), image(odd, GREEN), image("b.jpg", b"no image")]
    labeler = CrewLabeler(labelers()[LANE], crew, LANE)
    for _ in range(3):
        assert labeler.label(images) == labelers()[LANE].label(images)


def test_what_went_wrong_comes_back_as_what_it_was(crew: Crew):
    """An error that may work later is one here too."""
    (result,) = crew.label(LANE, [image("a.jpg", squares(14))])
    assert isinstance(result, TransientError)
    assert result.message == "slow down"


def test_a_picture_that_brings_a_process_down_harms_no_other(crew: Crew):
    """It is told as a bug, and the crew has as many as before."""
    bad = squares(13)
    images = [image("a.jpg", RED), image("bad.jpg", bad), image("c.jpg", BLUE)]
    first, second, third = crew.label(LANE, images)
    assert isinstance(first, Labelled)
    assert isinstance(second, HelperError)
    assert "bad.jpg" in str(second)
    assert isinstance(third, Labelled)
    for _ in range(3):
        (result,) = crew.label(LANE, [image("bad.jpg", bad)])
        assert isinstance(result, HelperError)
    assert all(helper.process.is_alive() for helper in crew._all)


def test_a_process_that_never_comes_to_an_end_is_ended(monkeypatch: pytest.MonkeyPatch):
    """Others go on."""
    monkeypatch.setattr("bucketlens.live.crew.LONGEST_SECONDS", 0.5)
    crew = open_crew(labelers(), 1, labelers)
    os.kill(crew._all[0].process.pid or 0, signal.SIGSTOP)
    (result,) = crew.label(LANE, [image("a.jpg", RED)])
    assert isinstance(result, HelperError)
    monkeypatch.setattr("bucketlens.live.crew.LONGEST_SECONDS", 120.0)
    (result,) = crew.label(LANE, [image("a.jpg", RED)])
    assert isinstance(result, Labelled)
    crew.close()


def test_interruptions_are_left_to_the_parent(crew: Crew):
    """Ctrl-C reaches the whole group, and a supervisor may tell every process to end."""
    for helper in crew._all:
        os.kill(helper.process.pid or 0, signal.SIGTERM)
        os.kill(helper.process.pid or 0, signal.SIGINT)
    for _ in range(4):
        (result,) = crew.label(LANE, [image("a.jpg", RED)])
        assert isinstance(result, Labelled)


def test_results_travel_whole():
    """A failure and a bug as well."""
    (failure,) = new_lab().labeler().label([image("a.jpg", b"no image")])
    assert isinstance(failure, FailureRecord)
    assert unpacked(packed(failure)) == failure
    bug = unpacked(packed(ZeroDivisionError("ours")))
    assert isinstance(bug, HelperError)
    assert "ZeroDivisionError" in str(bug)
