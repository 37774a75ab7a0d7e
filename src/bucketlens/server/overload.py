"""How much may be under way at once: beyond that, requests are told to come back."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bucketlens.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Admission:
    """Room for requests that carry an image; used from the event loop only.

    Args:
        most_requests: At once.
        most_bytes: Of memory for what they carry, together.
    """

    def __init__(self, most_requests: int, most_bytes: int) -> None:
        """Begin empty."""
        self._most_requests = most_requests
        self._most_bytes = most_bytes
        self.requests = 0
        self.bytes = 0

    @contextmanager
    def room(self, size: int) -> Iterator[None]:
        """Hold room for one request of so many bytes.

        Raises:
            TransientError: There is none.
        """
        if self.requests >= self._most_requests:
            raise TransientError(
                f"{self.requests} requests are under way, which is all that are taken at once",
                setting="most_requests",
            )
        # One that is larger than all room there is still gets its turn, alone.
        if self.requests and self.bytes + size > self._most_bytes:
            raise TransientError(
                f"the requests under way hold {self.bytes:,} bytes, and {size:,} more are too many",
                setting="most_request_bytes",
            )
        self.requests += 1
        self.bytes += size
        try:
            yield
        finally:
            self.requests -= 1
            self.bytes -= size
