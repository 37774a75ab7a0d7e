"""Sequencers of one key are put in order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketlens.events import sequencer_newer

SEQUENCERS = st.text("0123456789ABCDEF", min_size=1, max_size=24)


@pytest.mark.parametrize(
    ("a", "b", "newer"),
    [
        ("0055AED6DCD90281E6", "0055AED6DCD90281E5", True),
        ("0055AED6DCD90281E5", "0055AED6DCD90281E6", False),
        ("0055AED6DCD90281E5", "0055AED6DCD90281E5", False),
        ("0055AED6DCD90281E50", "0055AED6DCD90281E5", False),
        ("0055AED6DCD90281E51", "0055AED6DCD90281E5", True),
        ("617f08299329d18a", "617F08299329D189", True),
        ("9", "10", True),
        ("A0", "9F", True),
        (None, "1", False),
        ("1", None, False),
        (None, None, False),
        ("", "", False),
    ],
)
def test_the_shorter_is_filled_up_on_the_right(
    a: str | None, b: str | None, *, newer: bool
) -> None:
    """They compare as text of one length, and nothing is known without both."""
    assert sequencer_newer(a, b) is newer


@given(SEQUENCERS, SEQUENCERS, SEQUENCERS)
def test_it_is_an_order(a: str, b: str, c: str) -> None:
    """At most one of two is newer, and newer than newer is newer."""
    assert not (sequencer_newer(a, b) and sequencer_newer(b, a))
    if sequencer_newer(a, b) and sequencer_newer(b, c):
        assert sequencer_newer(a, c)


@given(SEQUENCERS, st.integers(0, 8))
def test_zeros_at_the_end_mean_nothing(a: str, zeros: int) -> None:
    """A sequencer and the same one filled up are the same moment."""
    assert not sequencer_newer(a + "0" * zeros, a)
    assert not sequencer_newer(a, a + "0" * zeros)
