"""Boxes from maps that were drawn by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from bucketlens.models.boxes import added, decode_image, overlaps, suppress
from bucketlens.models.card import DetectorDecoding, Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLASSES, BINS = 3, 4
DECODING = DetectorDecoding(maps=("fine", "coarse"), strides=(8, 16), bins=BINS, iou=0.5)
SURE, NOTHING, ONLY_THIS = 4.0, -9.0, 30.0
GRIDS = (Grid(scale=0.05, zero=134), Grid(scale=0.0437, zero=82))


def empty_maps() -> list[NDArray[np.float32]]:
    """Maps of a 64 x 32 input (columns x rows) in which nothing is seen."""
    maps = [np.zeros((CLASSES + 4 * BINS, 32 // s, 64 // s), np.float32) for s in (8, 16)]
    for level in maps:
        level[:CLASSES] = NOTHING
    return maps


def put(
    level: NDArray[np.float32],
    index: int,
    row: int,
    column: int,
    distances: tuple[int, int, int, int],
    logit: float = SURE,
) -> None:
    """Draw one object: its class and, in cells, its distances to left, top, right, bottom."""
    level[index, row, column] = logit
    for side, distance in enumerate(distances):
        level[CLASSES + side * BINS + distance, row, column] = ONLY_THIS


def test_nothing_above_the_floor_gives_no_objects():
    """An empty scene gives arrays of length zero rather than an error."""
    found = decode_image(empty_maps(), CLASSES, DECODING)
    assert (len(found), found.box.shape, found.class_index.shape) == (0, (0, 4), (0,))


def test_a_box_reaches_from_the_centre_of_its_cell_by_its_distances():
    """The cell at row 1, column 2 of stride 8 has its centre at 20, 12."""
    maps = empty_maps()
    put(maps[0], 1, row=1, column=2, distances=(2, 1, 3, 1))
    found = decode_image(maps, CLASSES, DECODING)
    assert found.class_index.tolist() == [1]
    assert found.score[0] == pytest.approx(1 / (1 + np.exp(-SURE)), abs=1e-6)
    assert found.box[0].tolist() == pytest.approx([4 / 64, 4 / 32, 40 / 64, 16 / 32], abs=1e-5)


def test_a_distance_is_the_mean_over_its_bins():
    """Equal weight on all four bins is a distance of one and a half cells."""
    maps = empty_maps()
    maps[1][0, 0, 1] = SURE
    found = decode_image(maps, CLASSES, DECODING)
    assert found.box[0].tolist() == pytest.approx([0.0, 0.0, 48 / 64, 1.0], abs=1e-5)


def test_boxes_end_at_the_border_of_the_picture():
    """What reaches beyond the picture is cut, so that ratios stay within 0 and 1."""
    maps = empty_maps()
    put(maps[1], 0, row=0, column=0, distances=(3, 3, 1, 1))
    found = decode_image(maps, CLASSES, DECODING)
    assert found.box[0].tolist() == pytest.approx([0.0, 0.0, 24 / 64, 24 / 32], abs=1e-5)


def test_each_box_keeps_the_score_and_class_of_its_own_cell():
    """Objects of different strides come back in the order of their scores."""
    maps = empty_maps()
    put(maps[0], 0, row=3, column=7, distances=(1, 1, 0, 0), logit=1.0)
    put(maps[1], 2, row=0, column=0, distances=(0, 0, 1, 1), logit=3.0)
    put(maps[0], 1, row=0, column=4, distances=(0, 0, 1, 1), logit=2.0)
    found = decode_image(maps, CLASSES, DECODING)
    assert found.class_index.tolist() == [2, 1, 0]
    assert (found.box[:, 0] * 64).tolist() == pytest.approx([8.0, 36.0, 52.0], abs=1e-3)


def test_two_boxes_of_one_class_on_one_object_become_one():
    """The surer of two neighbours stays, and both stay when they are of different classes."""
    maps = empty_maps()
    put(maps[0], 0, row=1, column=3, distances=(2, 1, 3, 1), logit=1.0)
    put(maps[0], 0, row=1, column=4, distances=(3, 1, 2, 1), logit=2.0)
    assert decode_image(maps, CLASSES, DECODING).score.tolist() == pytest.approx([0.8808], abs=1e-3)
    put(maps[0], 1, row=1, column=4, distances=(3, 1, 2, 1), logit=0.0)
    assert decode_image(maps, CLASSES, DECODING).class_index.tolist() == [0, 1]


def test_no_more_objects_are_kept_than_the_card_allows():
    """The surest are kept when the limit is reached."""
    maps = empty_maps()
    for column in range(4):
        put(maps[0], 0, row=0, column=2 * column, distances=(0, 0, 1, 1), logit=float(column))
    limited = DetectorDecoding(
        maps=("fine", "coarse"), strides=(8, 16), bins=BINS, max_detections=2
    )
    found = decode_image(maps, CLASSES, limited)
    assert found.score.tolist() == pytest.approx([0.9526, 0.8808], abs=1e-3)


@pytest.mark.parametrize("floor", [0.001, 0.05, 0.5, 0.997, 0.999999])
@pytest.mark.parametrize("most", [7, 400, 10_000])
def test_bytes_give_the_very_boxes_of_the_numbers_that_they_stand_for(floor: float, most: int):
    """Noise of all levels, with many equal scores: the same boxes in the same order, to the bit."""
    noise = np.random.default_rng(3)
    sizes = [(level.shape[1], level.shape[2]) for level in empty_maps()]
    codes = [noise.integers(0, 256, (*size, CLASSES + 4 * BINS), np.uint8) for size in sizes]
    floats = [
        ((level.astype(np.float32) - grid.zero) * np.float32(grid.scale)).transpose(2, 0, 1)
        for level, grid in zip(codes, GRIDS, strict=True)
    ]
    plain = msgspec.structs.replace(DECODING, score_floor=floor, max_candidates=most)
    wanted = decode_image(floats, CLASSES, plain)
    found = decode_image(codes, CLASSES, msgspec.structs.replace(plain, grids=GRIDS))
    assert (len(wanted) > 0) == (floor < 0.999)
    for mine, theirs in (
        (found.class_index, wanted.class_index),
        (found.score, wanted.score),
        (found.box, wanted.box),
    ):
        assert mine.dtype == theirs.dtype
        assert np.array_equal(mine, theirs)


@pytest.mark.parametrize("bins", [1, 4, 8, 11, 17])
def test_a_distance_is_added_as_numpy_adds_neighbours(bins: int):
    """Rows are added in the order of a sum along memory, so that boxes keep their last bit."""
    rows = np.random.default_rng(4).random((bins, 500), np.float32)
    assert np.array_equal(added(rows), np.ascontiguousarray(rows.T).sum(axis=1))


def test_a_map_of_bytes_without_a_grid_is_refused():
    """One grid for two maps is a mistake of the card, and is named."""
    with pytest.raises(ValueError, match="2 maps but 1 grids"):
        DetectorDecoding(maps=("fine", "coarse"), strides=(8, 16), bins=BINS, grids=GRIDS[:1])


def test_overlap_is_intersection_over_union():
    """Half of one box on half of another is a third of both."""
    corners = np.array([[0, 0, 2, 1], [1, 0, 3, 1], [5, 5, 6, 6]], np.float32)
    assert overlaps(corners.T)[0].tolist() == pytest.approx([1.0, 1 / 3, 0.0])


def test_boxes_without_area_overlap_in_nothing():
    """Two points in one place do not divide zero by zero."""
    assert overlaps(np.zeros((4, 2), np.float32)).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_a_suppressed_box_suppresses_nothing():
    """In a chain of overlaps the first and the third stay."""
    corners = np.array([[0, 0, 4, 1], [1, 0, 5, 1], [2, 0, 6, 1]], np.float32)
    assert suppress(corners, np.zeros(3, np.int32), 0.5).tolist() == [0, 2]
