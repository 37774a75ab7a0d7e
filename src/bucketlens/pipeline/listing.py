"""What a pass looks at: the listing of its source, or what a list of keys names of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.errors import InputError
from bucketlens.pipeline.plans import Outcome, Refused, Settled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bucketlens.pipeline.passing import Pass, Tally
    from bucketlens.pipeline.plans import Sought
    from bucketlens.pipeline.sweeping import SeenKeys
    from bucketlens.types import ObjectInfo


class Listing:
    """What is looked at, in order: counted, filtered, remembered and cut off.

    Only what comes from the source itself can be ``complete``: a list of keys tells nothing of the
    images that it does not name.

    Args:
        work: Says where it comes from and what is wanted.
        tally: Counts what is passed over.
        seen: Remembers the keys of the source.
        limit: So many at most.
        refuse: Told of lines of a list that name no image.

    Attributes:
        complete: It was gone through to the end, and shows all that the source has.
        ends: The first and the last key of the source.
    """

    def __init__(
        self,
        work: Pass,
        tally: Tally,
        seen: SeenKeys,
        limit: int | None,
        refuse: Callable[[Settled], None],
    ) -> None:
        """Nothing is looked at yet."""
        self._work = work
        self._tally = tally
        self._seen = seen
        self._left = limit
        self._refuse = refuse
        self.complete = False
        self.ends: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[ObjectInfo | Sought]:
        """Each that is wanted."""
        named = self._work.keys is not None
        for item in self._work.objects():
            if isinstance(item, Refused):
                self._refuse(_refusal(item))
                continue
            wanted = self._work.wanted(item)
            if not named:
                self.ends = (*self.ends[:1], item.key)
            if wanted and self._left == 0:
                return
            if not named:
                self._seen.add(item.key)
            if not wanted:
                self._tally.passed_over += 1
                continue
            if self._left is not None:
                self._left -= 1
            yield item
        self.complete = not named


def _refusal(refused: Refused) -> Settled:
    """The report on a line that names no image."""
    return Settled(refused.where, Outcome.FAILED, (InputError.code, refused.reason, None))
