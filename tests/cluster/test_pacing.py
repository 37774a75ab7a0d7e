"""How many keys make a chunk."""

from __future__ import annotations

from bucketlens.cluster.pacing import FIRST, LEAST, MOST, Pace


def test_a_chunk_is_as_large_as_keys_are_quick():
    """Large images go in small chunks, and what is done already in large ones."""
    now = [0.0]
    pace = Pace(lambda: now[0])
    assert pace.chunk == FIRST
    now[0] = 1.0
    pace.add(1000, 2)
    assert pace.chunk == FIRST, "one second tells little"
    expected = (
        (4.0, 0, 40),
        (10.0, 240, 5),
        (10.0, 9999, 200),
        (3.0, 9999, MOST),
        (60.0, 1, LEAST),
    )
    for seconds, keys, chunk in expected:
        now[0] += seconds
        pace.add(keys, 2)
        assert pace.chunk == chunk
    pace.add(10, 0)
    assert pace.chunk == LEAST
