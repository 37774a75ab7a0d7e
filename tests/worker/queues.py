"""A queue in memory that behaves like SQS: at least once, in any order, hidden for a while."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field

from bucketlens.worker import Message


@dataclass
class _Kept:
    body: str
    receptions: int = 0
    hidden: bool = False


@dataclass
class MemoryQueue:
    """Messages that come back when they are given back; time passes only when it is told to.

    Attributes:
        most_receptions: After so many a message goes to the dead letters.
        dead: These.
        pauses: For how long messages were given back.
    """

    seed: int = 0
    most_receptions: int = 1000
    dead: list[str] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    _kept: dict[str, _Kept] = field(default_factory=dict)
    _count: int = 0

    def __post_init__(self) -> None:
        """Prepare what is shared by threads."""
        self._lock = threading.Lock()
        self._chance = random.Random(self.seed)  # noqa: S311 - no secrets

    def send(self, body: str) -> None:
        """Put a message in."""
        with self._lock:
            self._count += 1
            self._kept[str(self._count)] = _Kept(body)

    def __len__(self) -> int:
        """Messages that are not deleted."""
        return len(self._kept)

    def receive(self, most: int, *, wait: float, hidden: float) -> list[Message]:
        """Some messages that nobody has, in any order."""
        del wait, hidden
        with self._lock:
            free = [name for name, kept in self._kept.items() if not kept.hidden]
            taken = self._chance.sample(free, min(most, len(free)))
            return [message for name in taken if (message := self._take(name))]

    def _take(self, name: str) -> Message | None:
        kept = self._kept[name]
        if kept.receptions == self.most_receptions:
            self.dead.append(self._kept.pop(name).body)
            return None
        kept.receptions += 1
        kept.hidden = True
        return Message(name, f"{name}/{kept.receptions}", kept.body, kept.receptions)

    def delete(self, message: Message) -> None:
        """Forget it."""
        with self._lock:
            self._kept.pop(message.id, None)

    def hide(self, message: Message, seconds: float) -> None:
        """Give it back at once, whatever the pause; a minute is the worker's hold on it."""
        if seconds == 60.0:
            return
        with self._lock:
            self.pauses.append(seconds)
            if message.id in self._kept:
                self._kept[message.id].hidden = False
