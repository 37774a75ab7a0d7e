"""What a pass would do: every key is looked at, and nothing is changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bucketlens.errors import MissingError
from bucketlens.pipeline.listing import Listing
from bucketlens.pipeline.passing import FAILURES_KEPT
from bucketlens.pipeline.plans import Action, Outcome, Settled, Sought
from bucketlens.pipeline.sweeping import SeenKeys, Sweep

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.pipeline.passing import Pass, Tally
    from bucketlens.types import ObjectInfo


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a pass would do.

    Attributes:
        actions: How many keys ask for what; keys to remove among them.
        examples: Some keys of each.
        bytes_to_read: Of the images that would be read.
        orphaned_pages: Pages that would be removed, since neither image nor record is there.
    """

    actions: Counter[Action]
    examples: dict[Action, list[str]]
    bytes_to_read: int
    orphaned_pages: int = 0


def forecast(
    work: Pass,
    tally: Tally,
    *,
    limit: int | None = None,
    told: Callable[[ObjectInfo, Action], None] = lambda *_: None,
) -> Forecast:
    """Look at every key as a pass does, change nothing, and tell what each image asks for."""
    seen = SeenKeys()
    actions: Counter[Action] = Counter()
    examples: dict[Action, list[str]] = {action: [] for action in Action}
    size = 0

    def count(key: str, action: Action) -> None:
        actions[action] += 1
        if len(examples[action]) < FAILURES_KEPT:
            examples[action].append(key)

    listing = Listing(work, tally, seen, limit, tally.add)
    for item in listing:
        try:
            info = work.settler.find(item.key) if isinstance(item, Sought) else item
        except MissingError as exc:
            tally.add(Settled(item.key, Outcome.FAILED, (exc.code, exc.message, None)))
            continue
        plan = work.settler.inspect(info.key, info=info)
        count(info.key, plan.action)
        told(info, plan.action)
        if plan.action.reads:
            size += info.size
    pages = 0
    if listing.complete:
        sweep = Sweep(work.records, seen, work.unlisted())
        for key in sweep.orphans():
            plan = work.settler.inspect(key)
            if plan.action is not Action.NOTHING:
                count(key, plan.action)
        if work.pages is not None:
            pages = sum(1 for _ in work.orphaned_pages(sweep, work.pages))
    return Forecast(actions, examples, size, pages)
