"""How many keys make a chunk."""

from __future__ import annotations

from bucketlens.cluster.pacing import LEAST, MOST, Chunking, Pace
from bucketlens.settings import Settings


def test_a_chunk_is_as_large_as_keys_are_quick():
    """Large images go in small chunks, and what is done already in large ones."""
    now = [0.0]
    pace = Pace(clock=lambda: now[0])
    assert pace.chunk(2) == 8
    now[0] = 1.0
    pace.add(1000, 2)
    assert pace.chunk(2) == 8, "one second tells little"
    expected = (
        (4.0, 0, 40),
        (10.0, 240, 5),
        (10.0, 9999, 312),
        (3.0, 9999, MOST),
        (60.0, 1, LEAST),
    )
    for seconds, keys, chunk in expected:
        now[0] += seconds
        pace.add(keys, 2)
        assert pace.chunk(2) == chunk
    pace.add(10, 0)
    assert pace.chunk(2) == LEAST


def test_chunks_grow_with_the_run_and_with_the_cluster():
    """One driver serves all workers, and the last chunks of a long run may end further apart."""
    now = [0.0]
    pace = Pace(clock=lambda: now[0])
    assert [pace.chunk(threads) for threads in (1, 20, 100, 5000)] == [8, 8, 40, 400]
    for passed, chunk in ((10, 8), (40, 20), (400, 200), (4000, 400)):
        pace.add(round((passed - now[0]) * 20), 1)
        now[0] = float(passed)
        pace.add(0, 1)
        assert pace.chunk(1) == chunk


def test_chunks_whose_records_go_into_packs_grow_with_the_run():
    """To what a pack holds or waits for; many workers begin with large ones."""
    now = [0.0]
    pace = Pace(Chunking.of(Settings(records_format="parquet", pack_seconds=40)), lambda: now[0])
    assert pace.chunk(2) == 40
    assert pace.chunk(100) == 400
    for passed, chunk in ((4, 20), (20, 50), (60, 150), (600, 300), (6000, 300)):
        pace.add(round((passed - now[0]) * 20), 2)
        now[0] = float(passed)
        pace.add(0, 2)
        assert pace.chunk(2) == chunk
    now[0] += 60
    pace.add(100_000, 2)
    assert pace.chunk(2) == MOST
    small = Settings(records_format="parquet", pack_records=1, pack_seconds=0)
    assert Pace(Chunking.of(small)).chunk(100) == LEAST
