"""Keys are taken or passed over with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketlens.errors import ConfigError
from bucketlens.events import IMAGE_SUFFIXES, KeyFilter
from bucketlens.events.filters import SYSTEM_NAMES
from bucketlens.stores import skipped
from bucketlens.stores.skipped import is_skipped

if TYPE_CHECKING:
    from collections.abc import Callable

EVERYTHING = KeyFilter(suffixes=(), hidden=True)


@pytest.mark.parametrize("key", ["a.jpg", "in/A.JPG", "in/a.b.Jpeg", "x.png", "ü/写真.HEIC"])
def test_images_are_taken_by_their_ending_in_any_case(key: str) -> None:
    """Cameras write .JPG, phones .HEIC."""
    assert KeyFilter().takes(key)


@pytest.mark.parametrize("key", ["a.txt", "jpg", "a.jpg.json", "a.jpg/b", "in/"])
def test_other_endings_are_passed_over(key: str) -> None:
    """The reason names the endings that would do."""
    assert ".jpeg" in (KeyFilter().explain(key) or "")


def test_without_suffixes_the_bytes_decide() -> None:
    """An empty list of endings takes every name."""
    assert KeyFilter(suffixes=()).takes("in/photo")


@given(st.sampled_from(IMAGE_SUFFIXES), st.data())
def test_the_case_of_an_ending_never_matters(suffix: str, data: st.DataObject) -> None:
    """Any mixture of upper and lower case is the same ending, in the key and in the setting."""
    mixed = "".join(data.draw(st.sampled_from([c, c.upper()])) for c in suffix)
    assert KeyFilter().takes(f"a{mixed}")
    assert KeyFilter(suffixes=(mixed,)).takes(f"a{suffix}")


def test_prefixes_are_plain_beginnings() -> None:
    """As S3 means them: several, not overlapping in meaning, no wildcards."""
    keys = KeyFilter(prefixes=("in/", "2024"))
    assert keys.takes("in/a.jpg")
    assert keys.takes("2024-01/a.jpg")
    assert "prefixes (in/, 2024)" in (keys.explain("IN/a.jpg") or "")


def test_exclude_wins_over_include() -> None:
    """A key that both name is passed over, and the reason names the pattern."""
    keys = KeyFilter(include=("trip/**",), exclude=("*-draft.jpg", "trip/private/"))
    assert keys.takes("trip/a.jpg")
    assert keys.explain("trip/a-draft.jpg") == "it matches the exclude pattern *-draft.jpg"
    assert keys.explain("trip/private/x/a.jpg") == "it matches the exclude pattern trip/private/"
    assert keys.explain("a.jpg") == "it matches none of the include patterns (trip/**)"


@pytest.mark.parametrize("output", ["metadata", "metadata/", "a/site/"])
def test_own_outputs_never_set_off_work(output: str) -> None:
    """Not even a thumbnail that looks like any image, whatever the other settings."""
    folder = output.rstrip("/")
    keys = KeyFilter(suffixes=(), include=("**",), own_outputs=(output,), hidden=True)
    assert "output folder" in (keys.explain(f"{folder}/thumbs/a.jpg") or "")
    assert keys.takes(f"{folder}x/a.jpg")
    assert keys.takes("uploads/a.jpg")


@given(st.text(), st.sampled_from(["out", "out/", "deep/er/out"]))
def test_no_key_below_an_output_is_taken(rest: str, output: str) -> None:
    """The guard holds for any key."""
    keys = KeyFilter(suffixes=(), own_outputs=(output,), hidden=True)
    assert not keys.takes(f"{output.rstrip('/')}/{rest}")


@pytest.mark.parametrize("output", ["", "/", "//"])
def test_an_output_at_the_root_is_refused(output: str) -> None:
    """Every key would be an output, and the operator must hear of it."""
    with pytest.raises(ConfigError, match="root of the source"):
        KeyFilter(own_outputs=(output,))


def test_a_folder_marker_is_passed_over() -> None:
    """A console makes it: a key that ends in a slash and has no bytes."""
    assert EVERYTHING.explain("uploads/trip/", 0) == "it is a folder marker"
    assert EVERYTHING.takes("uploads/trip/", 5)
    assert EVERYTHING.takes("uploads/trip/")
    assert EVERYTHING.takes("uploads/empty.jpg", 0)


@pytest.mark.parametrize("key", [".a.jpg", "in/.a.jpg", ".album/a.jpg", "in/.album/x/a.jpg"])
def test_hidden_names_are_taken_only_when_asked_for(key: str) -> None:
    """A dot at the beginning of any part of the key hides it."""
    assert "hidden" in (KeyFilter().explain(key) or "")
    assert KeyFilter(hidden=True).takes(key)


def test_a_prefix_that_was_asked_for_is_not_hidden() -> None:
    """Only the part of the key below the prefix is looked at."""
    keys = KeyFilter(prefixes=(".incoming/", "up"))
    assert keys.takes(".incoming/a.jpg")
    assert not keys.takes(".incoming/.a.jpg")
    assert keys.takes("up.jpg")
    assert not keys.takes("up/.jpg")


@pytest.mark.parametrize(
    "key", ["x/@eaDir/a.jpg", "Thumbs.db", "lost+found/a.jpg", "__MACOSX/a.jpg"]
)
def test_what_systems_leave_is_passed_over(key: str) -> None:
    """A NAS keeps thumbnails of its own beside each photo."""
    assert "system" in (EVERYTHING.explain(key) or "")


@given(
    names=st.lists(st.sampled_from([*SYSTEM_NAMES, "a.jpg", ".b", "._c.jpg"]), min_size=1),
    case=st.sampled_from([str, str.upper, str.lower]),
    hidden=st.booleans(),
)
def test_a_bucket_and_a_folder_pass_over_the_same_names(
    names: list[str], case: Callable[[str], str], *, hidden: bool
) -> None:
    """An event for a key and the listing of a folder that holds it agree."""
    names = [case(name) for name in names]
    taken = KeyFilter(suffixes=(), hidden=hidden).takes("/".join(names))
    assert taken != any(is_skipped(name, hidden=hidden) for name in names)


def test_the_names_of_systems_are_those_of_folder_listings() -> None:
    """Neither list knows a name that the other does not."""
    assert {name.casefold() for name in SYSTEM_NAMES} == skipped.SYSTEM_NAMES


@pytest.mark.parametrize("key", ["my@eaDir/a.jpg", "@eaDirs/a.jpg", "aThumbs.db", "Thumbs.db.jpg"])
def test_names_like_those_of_systems_are_taken(key: str) -> None:
    """Only a whole name counts."""
    assert EVERYTHING.takes(key)


@given(st.text(), st.none() | st.integers(0, 9))
def test_takes_and_explain_agree(key: str, size: int | None) -> None:
    """A key is taken exactly when there is no reason against it."""
    keys = KeyFilter(prefixes=("a", ""), include=("*a*",), exclude=("b*",), own_outputs=("o",))
    assert keys.takes(key, size) == (keys.explain(key, size) is None)


def test_a_mistake_in_a_pattern_is_found_at_the_start() -> None:
    """Not when the first key arrives."""
    with pytest.raises(ConfigError, match="pattern is empty"):
        KeyFilter(exclude=("",))
