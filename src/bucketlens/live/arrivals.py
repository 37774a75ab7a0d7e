"""What was heard of files, made into keys that can be settled.

A file waits here until it is whole, see :mod:`bucketlens.live.stillness`. A folder that came is
looked through at once and once again, since files may have come into it before the system watched
it; of a folder that went, the records say what was in it.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from bucketlens.errors import BucketlensError, InputError, TransientError
from bucketlens.live.stillness import LONG_SECONDS, Stillness
from bucketlens.names import encode_name, key_of
from bucketlens.records import RECORD_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bucketlens.events import KeyFilter
    from bucketlens.stores import Store
    from bucketlens.types import ObjectInfo

log = logging.getLogger(__name__)


class Arrivals:
    """The files of one folder that were heard of; not for several threads at once.

    Args:
        source: The folder.
        records: Where the records of its images are.
        wanted: Which keys are looked at.
        submit: Has a key settled.
        lost: Told when something could not be looked at, so that reconciling has to.
    """

    def __init__(
        self,
        source: Store,
        records: Store,
        wanted: KeyFilter,
        submit: Callable[[str], None],
        lost: Callable[[], None],
    ) -> None:
        """Begin with nothing heard."""
        self._source = source
        self._records = records
        self._wanted = wanted
        self._submit = submit
        self._lost = lost
        self._still = Stillness(self._facts, time.monotonic, time.time)
        self._folders: dict[str, float] = {}

    def __len__(self) -> int:
        """How many files are not known to be whole."""
        return len(self._still)

    def changed(self, key: str) -> None:
        """A file came, changed or went."""
        if self._wanted.takes(key) and self._still.hear(key):
            self._submit(key)

    def folder_came(self, key: str) -> None:
        """A folder came, with whatever is in it."""
        self._look_through(key)
        self._folders[key] = time.monotonic() + LONG_SECONDS

    def went(self, key: str) -> None:
        """A file or a folder went; its name does not say which it was."""
        taken = self._wanted.takes(key)
        if taken:
            self.changed(key)
        if not (taken and self._wanted.suffixes) and not self._is_ours(key):
            for below in self._recorded_below(key):
                self._submit(below)

    def look(self) -> None:
        """Submit what has become whole, and look again through folders that are new."""
        for key in self._still.ready():
            self._submit(key)
        now = time.monotonic()
        for key in [key for key, due in self._folders.items() if due <= now]:
            del self._folders[key]
            self._look_through(key)

    def pause(self) -> float | None:
        """Seconds until there is something to look at; None when nothing is waited for."""
        pauses = [due - time.monotonic() for due in self._folders.values()]
        still = self._still.pause()
        if still is not None:
            pauses.append(still)
        return max(0.0, min(pauses)) if pauses else None

    def _look_through(self, key: str) -> None:
        if self._is_ours(key):
            return
        try:
            for info in self._source.list(f"{key}/"):
                self.changed(info.key)
        except BucketlensError as exc:
            log.warning("folder not looked through: %s", exc.message)
            self._lost()

    def _recorded_below(self, key: str) -> Iterator[str]:
        folder = encode_name(f"{key}/x").rpartition("/")[0]
        try:
            for info in self._records.list(f"{folder}/"):
                below = key_of(info.key, RECORD_SUFFIX)
                if below is not None:
                    yield below
        except BucketlensError as exc:
            log.warning("records of a folder not listed: %s", exc.message)
            self._lost()

    def _is_ours(self, key: str) -> bool:
        """Whether a folder holds outputs, or is in one that does."""
        return f"{key}/".startswith(
            tuple(f"{own.rstrip('/')}/" for own in self._wanted.own_outputs)
        )

    def _facts(self, key: str) -> ObjectInfo | None:
        try:
            return self._source.head(key)
        except (InputError, TransientError):
            return None  # gone, forbidden or not to be told: settling it says which
