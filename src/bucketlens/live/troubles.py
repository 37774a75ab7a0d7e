"""What an operator should know: what keeps something from working, until it works again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bucketlens.errors import BucketlensError


class Troubles:
    """The last trouble of each part; safe to share between threads."""

    def __init__(self) -> None:
        """Begin without any."""
        self._lock = threading.Lock()
        self._texts: dict[str, str] = {}

    def tell(self, part: str, exc: BucketlensError | None) -> None:
        """A part has trouble, or with None it has none any more."""
        with self._lock:
            self._texts.pop(part, None)
            if exc is not None:
                self._texts[part] = exc.message

    def text(self) -> str | None:
        """All troubles in one line for people; None when there is none."""
        with self._lock:
            return "; ".join(self._texts.values()) or None
