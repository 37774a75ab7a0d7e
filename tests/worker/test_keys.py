"""Each key by one thread at a time, and once for all who asked before its turn."""

from __future__ import annotations

import threading

import pytest

from bucketlens.worker.keys import KeyWork, StoppedError


def test_a_key_that_is_asked_for_before_its_turn_has_one_turn():
    """While another key holds the only thread, ten requests become one."""
    go, begun = threading.Event(), threading.Event()
    settled: list[str] = []

    def settle(key: str, sequencer: str | None) -> str:
        del sequencer
        begun.set()
        assert go.wait(10)
        settled.append(key)
        return key.upper()

    work = KeyWork(settle, 1)
    first = work.ask("a")
    assert begun.wait(10)
    futures = [work.ask("b") for _ in range(10)]
    go.set()
    work.close()
    assert [future.result() for future in (first, *futures)] == ["A", *["B"] * 10]
    assert settled == ["a", "b"]


def test_a_key_that_is_asked_for_in_its_turn_has_another_one():
    """What changed after the look at the source needs another look; never two at once."""
    go, begun = threading.Event(), threading.Event()
    running: list[int] = [0]
    turns: list[int] = []

    def settle(key: str, sequencer: str | None) -> None:
        del key, sequencer
        running[0] += 1
        begun.set()
        assert go.wait(10)
        turns.append(running[0])
        running[0] -= 1

    work = KeyWork(settle, 4)
    work.ask("a")
    assert begun.wait(10)
    work.ask("a")
    work.ask("a")
    go.set()
    work.close()
    assert turns == [1, 1]


def test_errors_reach_whoever_asked():
    """The future raises what settling raised, and the key can be asked for again."""
    none: dict[str, str] = {}
    work = KeyWork(lambda key, _: none[key], 2)
    with pytest.raises(KeyError):
        work.ask("a").result()
    with pytest.raises(KeyError):
        work.ask("a").result()
    work.close()


def test_after_a_stop_no_key_is_begun():
    """Keys that wait are told so; the one that runs is finished."""
    go, begun = threading.Event(), threading.Event()

    def settle(key: str, sequencer: str | None) -> str:
        del sequencer
        begun.set()
        assert go.wait(10)
        return key

    work = KeyWork(settle, 1)
    first, second = work.ask("a"), work.ask("b")
    assert begun.wait(10)
    work.stop()
    go.set()
    work.close()
    assert first.result() == "a"
    with pytest.raises(StoppedError):
        second.result()
