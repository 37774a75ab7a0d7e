"""Whether the files of the site are those that the records tell of: found by comparing listings.

A record vouches for its page and its pictures, and no pass looks at them one by one. What a person
removed, what a disk lost, and what a killed process removed or wrote too late (``fencing`` says
when that can be) is found here: files that are missing, and files that should not be there. One
listing of the site is compared with the catalog; no file and no record is read.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol

from bucketlens.errors import InputError, TransientError
from bucketlens.names import decode_name
from bucketlens.pipeline.plans import Action
from bucketlens.pipeline.sweeping import SeenKeys
from bucketlens.records import Outline

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator

    from bucketlens.pipeline.settling import Settler


class ShownFiles(Protocol):
    """What knows the files of the site."""

    def publishes(self, key: str) -> bool:
        """Whether an image is shown at all."""

    def files_of_images(self) -> Iterator[tuple[str, str]]:
        """The files of images: of which kind each is, and the name of its key.

        Every image that is shown has one of each kind.
        """

    @property
    def kinds(self) -> Iterable[str]:
        """All kinds."""


class Difference(NamedTuple):
    """An image whose files are not as its record says.

    Attributes:
        missing: One is not there; else there is one too many.
    """

    key: str
    missing: bool


def differences(labelled: Callable[[], Iterator[str]], pages: ShownFiles) -> Iterator[Difference]:
    """Compare what is there with what should be, in 40 bytes an image.

    What comes or goes meanwhile may be taken for wrong; whoever acts on it looks again. An image
    may come several times.

    Args:
        labelled: The names of all images with labels, as the catalog has them.
        pages: The site.
    """
    expected = SeenKeys()
    for name in labelled():
        if pages.publishes(decode_name(name)):
            expected.add(name)
    seen = {kind: SeenKeys() for kind in pages.kinds}
    for kind, name in pages.files_of_images():
        if name in expected:
            seen[kind].add(name)
        else:
            yield Difference(decode_name(name), missing=False)
    for name in labelled():
        if name in expected and not all(name in there for there in seen.values()):
            yield Difference(decode_name(name), missing=True)


def repair(
    found: Iterator[Difference], settler: Settler, max_bytes: int, stop: threading.Event
) -> int:
    """Make the files of images right; of how many. What can't be read now is left for later."""
    repaired = 0
    for key, missing in found:
        if stop.is_set():
            break
        with suppress(InputError, TransientError):
            if missing or not _is_shown(settler, key):
                settler.settle(key, max_bytes, doubt=True)
                repaired += 1
    return repaired


def _is_shown(settler: Settler, key: str) -> bool:
    """Whether an image has files by right, as one that came a moment ago."""
    plan = settler.inspect(key)
    return plan.action is Action.NOTHING and isinstance(plan.standing.outlined, Outline)
