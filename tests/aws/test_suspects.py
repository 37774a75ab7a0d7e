"""What crashes, crashes alone: its neighbours are labelled, and its record says what it did."""

from typing import TYPE_CHECKING, Any

import pytest
from tests.aws.invoking import Emitted, FakeContext, Places, returned, s3_record, sqs

from bucketlens.pipeline.labelling import Labeler

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.aws.labelling import LabelFunction

pytestmark = pytest.mark.parametrize("places", ["memory"], indirect=True)


class Killed(BaseException):
    """Ends a thread as the end of its process would: nothing that comes after it runs."""


def delivered(places: Places, count: int, *keys: str) -> dict[str, Any]:
    """A batch whose messages were delivered so often."""
    batch = sqs(*[{"Records": [s3_record(places.bucket, places.prefix + key)]} for key in keys])
    for message in batch["Records"]:
        message["attributes"] = {"ApproximateReceiveCount": str(count)}
    return batch


@pytest.fixture
def poison(
    places: Places, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> "Callable[[BaseException | None], None]":
    """An image on which labelling raises what it is told to, beside one on which it does not."""
    places.put("good.jpg", photo)
    places.put("poison.jpg", photo + b"poison")
    label = Labeler.label
    raised: list[BaseException] = []

    def labelled(labeler: Labeler, images: Any) -> Any:  # noqa: ANN401 - what is wrapped says it
        if raised and any(image.data.endswith(b"poison") for image in images):
            raise raised[0]
        return label(labeler, images)

    def be(error: BaseException | None) -> None:
        raised[:] = [error] if error else []

    monkeypatch.setattr(Labeler, "label", labelled)
    return be


def test_an_image_that_hits_a_bug_ends_among_the_dead_letters_with_a_record(
    places: Places,
    function: "LabelFunction",
    poison: "Callable[[BaseException | None], None]",
    emitted: Emitted,
):
    """It goes back each time; from the third delivery on its record says why, and it rests."""
    poison(RuntimeError("no such cell"))
    for count in (1, 2):
        batch = delivered(places, count, "poison.jpg", "good.jpg")
        assert returned(function(batch, FakeContext())) == ["m0"]
        assert places.names() == {"good.jpg.json"}
    for count in (3, 4):
        batch = delivered(places, count, "poison.jpg", "good.jpg")
        assert returned(function(batch, FakeContext())) == ["m0"]
        record = places.record("poison.jpg")
        assert record["kind"] == "failure"
        assert record["failure"]["error"] == "crash"
        assert "no such cell" in record["failure"]["reason"]
    assert any(line.get("error") == "crash" for line in emitted())


def test_an_image_that_ends_the_process_is_found_by_the_mark_that_it_leaves(
    places: Places,
    function: "LabelFunction",
    poison: "Callable[[BaseException | None], None]",
    monkeypatch: pytest.MonkeyPatch,
):
    """Two marks left behind are enough; then it is given up without another try."""
    monkeypatch.setattr("threading.excepthook", lambda _: None)
    poison(Killed())
    for _ in range(2):
        # The thread dies, so that nothing of this call ends, as if its process had been ended.
        answer = function(delivered(places, 3, "poison.jpg"), FakeContext(3000))
        assert returned(answer) == ["m0"]
        assert places.names() == set()
    answer = function(delivered(places, 5, "poison.jpg", "good.jpg"), FakeContext())
    assert returned(answer) == ["m0"]
    assert places.record("poison.jpg")["failure"]["error"] == "crash"
    assert places.record("good.jpg")["kind"] == "labels"


def test_what_was_given_up_is_tried_again_when_it_is_asked_for(
    places: Places, function: "LabelFunction", poison: "Callable[[BaseException | None], None]"
):
    """Dead letters that are sent back begin to count anew, and by then the program is mended."""
    poison(RuntimeError("no such cell"))
    function(delivered(places, 3, "poison.jpg"), FakeContext())
    assert places.record("poison.jpg")["kind"] == "failure"
    poison(None)
    assert returned(function(delivered(places, 1, "poison.jpg"), FakeContext())) == []
    assert places.record("poison.jpg")["kind"] == "labels"


def test_an_innocent_suspect_is_labelled_and_leaves_no_mark(
    places: Places, function: "LabelFunction", poison: "Callable[[BaseException | None], None]"
):
    """An outage brings any message back more than twice."""
    del poison
    answer = function(delivered(places, 7, "good.jpg", "gone.jpg"), FakeContext())
    assert returned(answer) == []
    assert places.record("good.jpg")["kind"] == "labels"
    assert list(places.private.list("state/suspects/")) == []
