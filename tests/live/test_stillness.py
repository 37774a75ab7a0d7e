"""When a file is taken for whole."""

from __future__ import annotations

from dataclasses import dataclass, field

from bucketlens.live.stillness import EMPTY_SECONDS, LONG_SECONDS, SHORT_SECONDS, Stillness
from bucketlens.types import ObjectInfo

NOW = 1_700_000_000.0


@dataclass
class Desktop:
    """A folder in which time passes when it is told to."""

    time: float = 100.0
    files: dict[str, ObjectInfo] = field(default_factory=dict)

    def still(self) -> Stillness:
        """What is tested."""
        return Stillness(self.files.get, lambda: self.time, self.wall)

    def wall(self) -> float:
        """The time that files have."""
        return NOW + self.time

    def write(self, key: str, size: int, *, age: float = 0.0) -> None:
        """Write a file, or the next part of it."""
        modified = self.wall() - age
        self.files[key] = ObjectInfo(
            key=key, etag=f"{modified}-{size}", size=size, modified=modified
        )

    def wait(self, still: Stillness, seconds: float) -> list[str]:
        """Let time pass; what became ready at its end."""
        self.time += seconds
        return still.ready()


def test_a_file_that_was_written_at_once_is_whole_after_a_short_while():
    """Its second look shows what the first did."""
    desk = Desktop()
    still = desk.still()
    desk.write("a.jpg", 1000)
    assert not still.hear("a.jpg")
    assert desk.wait(still, SHORT_SECONDS / 2) == []
    assert desk.wait(still, SHORT_SECONDS) == ["a.jpg"]
    assert (len(still), still.pause()) == (0, None)


def test_a_file_that_was_moved_into_place_is_whole_at_once():
    """Nobody has written into it for a while."""
    desk = Desktop()
    desk.write("a.jpg", 1000, age=LONG_SECONDS)
    assert desk.still().hear("a.jpg")


def test_a_file_that_grows_is_waited_for():
    """It must stand still for longer than one that was never seen growing."""
    desk = Desktop()
    still = desk.still()
    desk.write("a.jpg", 1000)
    still.hear("a.jpg")
    for part in range(2, 20):
        desk.time += SHORT_SECONDS / 2 if part == 2 else LONG_SECONDS / 2
        assert still.ready() == []
        desk.write("a.jpg", part * 1000)
        assert not still.hear("a.jpg")
    assert desk.wait(still, LONG_SECONDS / 2) == []
    assert desk.wait(still, LONG_SECONDS) == ["a.jpg"]


def test_growing_is_noticed_without_an_event():
    """A look is enough, where the system tells of a file only once."""
    desk = Desktop()
    still = desk.still()
    desk.write("a.jpg", 1000)
    still.hear("a.jpg")
    desk.write("a.jpg", 2000)
    assert desk.wait(still, SHORT_SECONDS) == []
    assert desk.wait(still, SHORT_SECONDS) == []
    assert desk.wait(still, LONG_SECONDS) == ["a.jpg"]


def test_more_events_of_the_same_bytes_do_not_put_it_off():
    """A program that touches a file all the time can't keep it from being seen."""
    desk = Desktop()
    still = desk.still()
    desk.write("a.jpg", 1000)
    still.hear("a.jpg")
    desk.time += SHORT_SECONDS / 2
    assert not still.hear("a.jpg")
    assert desk.wait(still, SHORT_SECONDS) == ["a.jpg"]


def test_an_empty_file_is_given_time_to_be_filled():
    """Most programs make a file before they have its bytes; after a while it is what it is."""
    desk = Desktop()
    still = desk.still()
    desk.write("a.jpg", 0)
    still.hear("a.jpg")
    assert desk.wait(still, SHORT_SECONDS) == []
    assert desk.wait(still, LONG_SECONDS) == []
    assert desk.wait(still, EMPTY_SECONDS) == ["a.jpg"]


def test_a_file_that_is_gone_is_told_at_once():
    """When it is heard of, and when it goes while it is waited for."""
    desk = Desktop()
    still = desk.still()
    assert still.hear("never.jpg")
    desk.write("a.jpg", 1000)
    still.hear("a.jpg")
    del desk.files["a.jpg"]
    assert still.hear("a.jpg")
    assert len(still) == 0
    desk.write("b.jpg", 1000)
    still.hear("b.jpg")
    del desk.files["b.jpg"]
    assert desk.wait(still, SHORT_SECONDS) == ["b.jpg"]


def test_each_file_is_told_once():
    """However often it was heard of, and though others came between."""
    desk = Desktop()
    still = desk.still()
    for size in (1, 2):
        for key in ("a.jpg", "b.jpg"):
            desk.write(key, size)
            still.hear(key)
            still.hear(key)
    assert sorted(desk.wait(still, LONG_SECONDS)) == ["a.jpg", "b.jpg"]
    assert desk.wait(still, LONG_SECONDS) == []
