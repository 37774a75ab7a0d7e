"""What the live side is doing, at one moment."""

from __future__ import annotations

from typing import Literal

import msgspec

from bucketlens.types import Count

Watching = Literal["events", "listings", "queue", "notifications", "nothing"]


class LiveStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What the live side is doing.

    Attributes:
        watching: How changes of the source are noticed; ``notifications`` are those that somebody
            posts, ``nothing`` that the source is not there, or nobody wants it watched.
        waiting: Keys that wait for their turn.
        in_hand: Keys that are being settled.
        retrying: Keys that are tried again later.
        unsettled_files: Files that are not known to be whole yet.
        requests_waiting: Images that came with requests and wait to be labelled.
        outcomes: How many keys ended in which way since the start, by passes too.
        reconciling: A pass is running.
        reconciled: When the last pass ended, seconds since the epoch; None before the first.
        index_lag: Seconds since the first change that the index does not show; 0 when it shows all.
        trouble: What keeps something from working, for people; None when nothing does.
        stopping: It is about to end.
    """

    watching: Watching
    waiting: Count
    in_hand: Count
    retrying: Count
    unsettled_files: Count
    requests_waiting: Count
    outcomes: dict[str, int]
    reconciling: bool
    reconciled: float | None
    index_lag: float
    trouble: str | None
    stopping: bool
