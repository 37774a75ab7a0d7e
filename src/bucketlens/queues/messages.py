"""What is needed of a queue: messages that come back unless they are deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it was received.

    Attributes:
        id: What logs name it by.
        receipt: What this one reception of it is answered by.
        body: A notification, as text.
        receptions: How often it was received, this time counted.
    """

    id: str
    receipt: str
    body: str
    receptions: int = 1


class Queue(Protocol):
    """A queue that hides a message while it is worked on; every verb may be called by many threads.

    All raise TransientError where the same call may work later, and ConfigError where the operator
    must change something first.
    """

    def receive(self, most: int, *, wait: float, hidden: float) -> list[Message]:
        """Take messages, at most ``most``.

        Args:
            most: 1 to 10.
            wait: Seconds to wait for the first; an empty answer after that says that there is none.
            hidden: Seconds for which nobody else is given them.
        """
        ...

    def delete(self, message: Message) -> None:
        """It is done with."""
        ...

    def hide(self, message: Message, seconds: float) -> None:
        """Keep it from others for so long from now; 0 gives it back at once."""
        ...
