"""Average precision of boxes that are counted by hand, and boxes of turned photos."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from bucketlens.errors import ConfigError
from bucketlens.evaluation import boxes as boxes_module
from bucketlens.evaluation.boxes import BoxedPhoto, PlacedBox, measure_boxes, upright
from bucketlens.records import ImageFacts

SCOPE = frozenset({0, 1})
FIRST, SECOND = (10.0, 10.0, 100.0, 100.0), (200.0, 10.0, 50.0, 50.0)


def photo(known: list[PlacedBox], found: list[PlacedBox]) -> BoxedPhoto:
    """A photo with these boxes."""
    return BoxedPhoto(tuple(known), tuple(found))


def ap_of(*photos: BoxedPhoto) -> tuple[float | None, float | None]:
    """AP and AP50 of photos."""
    measured = measure_boxes(photos, SCOPE)
    assert measured is not None
    return measured.ap, measured.ap50


def test_boxes_that_lie_right_have_an_ap_of_one(capsys: pytest.CaptureFixture[str]):
    """What is known and what is found are the same; nothing is printed on the way."""
    found = [PlacedBox(0, FIRST, 0.9), PlacedBox(1, SECOND, 0.6)]
    assert ap_of(photo([PlacedBox(0, FIRST), PlacedBox(1, SECOND)], found)) == (1.0, 1.0)
    assert capsys.readouterr().out == ""


def test_a_box_that_is_off_counts_at_the_overlaps_that_it_reaches():
    """Shifted by 23 of 100 pixels the overlap is 77 / 123 = 0.626: three of ten limits."""
    shifted = (33.0, 10.0, 100.0, 100.0)
    ap, ap50 = ap_of(photo([PlacedBox(0, FIRST)], [PlacedBox(0, shifted, 0.9)]))
    assert ap == pytest.approx(0.3)
    assert ap50 == 1.0


def test_a_missed_object_halves_recall():
    """Precision is 1 up to a recall of a half: 51 of the 101 places that COCO looks at."""
    ap, _ = ap_of(photo([PlacedBox(0, FIRST), PlacedBox(0, SECOND)], [PlacedBox(0, FIRST, 0.9)]))
    assert ap == pytest.approx(51 / 101)


def test_a_surer_box_of_nothing_halves_precision():
    """The wrong box comes first, so that precision is a half at every recall."""
    found = [PlacedBox(0, SECOND, 0.9), PlacedBox(0, FIRST, 0.8)]
    ap, _ = ap_of(photo([PlacedBox(0, FIRST)], found))
    assert ap == pytest.approx(0.5)


def test_crowds_and_classes_that_nobody_looked_for_count_for_nothing():
    """A box in a crowd is no mistake, nor is one of a class that has no truth."""
    known = [PlacedBox(0, FIRST), PlacedBox(0, SECOND, optional=True)]
    found = [PlacedBox(0, FIRST, 0.5), PlacedBox(0, SECOND, 0.9), PlacedBox(7, SECOND, 0.9)]
    assert ap_of(photo(known, found)) == (1.0, 1.0)


def test_sizes_are_measured_apart():
    """A large object was found and a medium one was not; there is no small one."""
    known = [PlacedBox(0, FIRST), PlacedBox(0, SECOND)]
    measured = measure_boxes([photo(known, [PlacedBox(0, FIRST, 0.9)])], SCOPE)
    assert measured is not None
    assert (measured.small, measured.medium, measured.large) == (None, 0.0, 1.0)
    assert measured.objects == 2


def test_nothing_found_is_zero_and_nothing_known_is_nothing():
    """No box for an object is an AP of zero; without objects there is no AP."""
    assert ap_of(photo([PlacedBox(0, FIRST)], [])) == (0.0, 0.0)
    assert measure_boxes([photo([], [PlacedBox(0, FIRST, 0.9)])], SCOPE) is None


def test_without_pycocotools_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    """Whoever lacks the extra reads its name."""
    monkeypatch.setattr(boxes_module, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"pip install 'bucketlens\[evaluate\]'"):
        measure_boxes([], SCOPE)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_known_boxes_turn_with_the_photo(orientation: int):
    """A box marked in the stored pixels lies around the same pixels when Pillow turns them."""
    stored = np.zeros((40, 60), np.uint8)
    stored[5:15, 20:50] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.fromarray(stored).save(file, "png", exif=exif)
    turned = np.asarray(ImageOps.exif_transpose(Image.open(file)))
    rows, columns = np.nonzero(turned)
    left, top = float(columns.min()), float(rows.min())
    expected = (left, top, float(np.ptp(columns)) + 1, float(np.ptp(rows)) + 1)
    facts = ImageFacts(
        format="png", width=turned.shape[1], height=turned.shape[0], orientation=orientation
    )
    assert upright((20, 5, 30, 10), facts) == expected
