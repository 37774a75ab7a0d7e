"""The 8-bit codes of probabilities and embeddings stay within their stated error."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from bucketlens.scores import (
    RESOLUTION,
    decode_embedding,
    decode_probabilities,
    encode_embedding,
    encode_log_probabilities,
)

probabilities = st.floats(min_value=1e-7, max_value=1.0)
vectors = arrays.arrays(
    np.float32,
    st.integers(0, 64),
    elements=st.floats(-1e6, 1e6, width=32, allow_subnormal=False),
)


@given(probabilities)
def test_a_probability_is_kept_within_0_68_points(probability: float):
    """Half of the largest step, which lies near 60 %."""
    decoded = decode_probabilities(encode_log_probabilities(np.log([probability])))
    assert abs(decoded[0] - probability) <= 0.0068


@pytest.mark.parametrize(
    ("probability", "points"), [(0.999, 0.0008), (0.99, 0.0017), (0.8, 0.006), (0.1, 0.0031)]
)
def test_the_error_is_smallest_where_thresholds_lie(probability: float, points: float):
    """Near certainty a code keeps a tenth of a point."""
    near = np.linspace(probability * 0.999, min(1.0, probability * 1.001), 101)
    decoded = decode_probabilities(encode_log_probabilities(np.log(near)))
    assert np.max(np.abs(decoded - near)) <= points


def test_every_code_encodes_to_itself():
    """What is decoded and encoded again does not drift."""
    codes = bytes(range(255))
    assert encode_log_probabilities(np.log(decode_probabilities(codes))) == codes


def test_the_ends_of_the_scale_are_exact():
    """Certain is 1, and what is under the floor is 0."""
    codes = encode_log_probabilities(np.array([0.0, 1e-9, -16.0, -100.0, -np.inf]))
    assert codes == bytes([0, 0, 255, 255, 255])
    assert decode_probabilities(codes).tolist() == [1.0, 1.0, 0.0, 0.0, 0.0]


@given(st.binary(min_size=1, max_size=2000), st.randoms(use_true_random=False))
def test_sums_do_not_depend_on_the_order(codes: bytes, random: Random):
    """A parent's probability is the same in whatever order its leaves are added."""
    values = decode_probabilities(codes)
    order = list(range(len(codes)))
    random.shuffle(order)
    assert float(np.sum(values)) == float(np.cumsum(values[order])[-1])
    assert np.array_equal(values * RESOLUTION, np.rint(values * RESOLUTION))


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 3)])
def test_any_shape_takes_one_byte_a_value(shape: tuple[int, ...]):
    """A scalar is one byte, and an array is laid out row by row."""
    values = -np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)
    assert encode_log_probabilities(values) == encode_log_probabilities(values.ravel())
    assert len(encode_log_probabilities(values)) == values.size


def test_a_strided_array_is_encoded_in_its_own_order():
    """A transposed view gives the bytes of what it shows."""
    values = -np.arange(6, dtype=np.float64).reshape(2, 3)
    assert encode_log_probabilities(values.T) == encode_log_probabilities(values.T.copy())


@pytest.mark.parametrize("broken", [np.nan, [0.0, np.nan]])
def test_probabilities_that_are_not_numbers_are_refused(broken: float | list[float]):
    """A broken model is an error, never a made-up label."""
    with pytest.raises(ValueError, match="not a number"):
        encode_log_probabilities(np.asarray(broken))


@given(vectors)
def test_an_embedding_is_kept_within_half_a_step(vector: NDArray[np.float32]):
    """Half of the largest magnitude over 127, for each value."""
    embedding = encode_embedding(vector)
    assert len(embedding.codes) == len(vector)
    step = np.max(np.abs(vector), initial=0.0) / 127
    decoded = decode_embedding(embedding)
    assert decoded.dtype == np.float32
    assert np.all(np.abs(decoded - vector) <= 0.5001 * step)


@given(vectors)
def test_an_embedding_encodes_to_itself(vector: NDArray[np.float32]):
    """What is decoded and encoded again has the same codes."""
    once = encode_embedding(vector)
    assert encode_embedding(decode_embedding(once)).codes == once.codes


def test_an_embedding_of_zeros_has_no_scale():
    """Nothing is divided by zero."""
    embedding = encode_embedding(np.zeros(4, dtype=np.float32))
    assert (embedding.codes, embedding.scale) == (bytes([128] * 4), 0.0)
    assert decode_embedding(embedding).tolist() == [0.0] * 4


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_embeddings_that_are_not_numbers_are_refused(broken: float):
    """A broken model is an error, never a vector that matches anything."""
    with pytest.raises(ValueError, match="not a number"):
        encode_embedding(np.array([1.0, broken], dtype=np.float32))
