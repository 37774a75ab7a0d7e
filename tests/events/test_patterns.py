"""Patterns mean what their page says."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bucketlens.errors import ConfigError
from bucketlens.events.patterns import compile_pattern


def matches(pattern: str, key: str) -> bool:
    """Whether a pattern means a key."""
    return compile_pattern(pattern).fullmatch(key) is not None


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*.jpg", ["a.jpg", "in/a.jpg", "in/deep/.jpg"], ["a.JPG", "a.jpg/b", "a.jpgx"]),
        ("cat?.png", ["cat1.png", "x/cats.png"], ["cat.png", "cat12.png", "cat/.png"]),
        ("in/*.jpg", ["in/a.jpg", "in/.jpg"], ["in/x/a.jpg", "x/in/a.jpg", "a.jpg"]),
        ("in/**", ["in/a", "in/x/y", "in/"], ["in", "inn/a", "x/in/a"]),
        ("in/", ["in/a", "in/x/y"], ["in", "x/in/a"]),
        ("**/raw/*", ["raw/a", "x/raw/a", "x/y/raw/a"], ["xraw/a", "raw/a/b"]),
        ("in/**/a.jpg", ["in/a.jpg", "in/x/a.jpg", "in/x/y/a.jpg"], ["in/xa.jpg", "ina.jpg"]),
        ("2024**.jpg", ["2024.jpg", "2024a.jpg", "x/2024/a.jpg"], ["x2024.jpg"]),
        ("in/2024**.jpg", ["in/2024/x/a.jpg", "in/2024.jpg"], ["x/in/2024.jpg"]),
        ("[abc].jpg", ["a.jpg", "x/b.jpg"], ["d.jpg", "ab.jpg"]),
        ("[!a-c].jpg", ["d.jpg", "-.jpg"], ["a.jpg", "b.jpg"]),
        ("in/[!a]", ["in/b"], ["in/a", "in//"]),
        ("[]a].jpg", ["].jpg", "a.jpg"], ["b.jpg"]),
        ("[*].jpg", ["*.jpg"], ["a.jpg"]),
        ("[z-a].jpg", [], ["z.jpg", "a.jpg", "-.jpg"]),
        ("[!z-a].jpg", ["b.jpg"], [".jpg"]),
        ("[a.jpg", ["[a.jpg"], ["a.jpg"]),
        ("a+b (1).jpg", ["a+b (1).jpg"], ["aab 1.jpg"]),
        ("[&&~~||--a].jpg", ["&.jpg", "~.jpg", "|.jpg", "a.jpg"], ["b.jpg"]),
        ("a\\*", ["a\\", "a\\b"], ["a*"]),
        ("*", ["a", "x/y", "x/"], []),
        ("**", ["a", "x/y", "x/", "a\nb"], []),
        ("*\n?", ["a\nb"], ["a\n"]),
    ],
)
def test_what_a_pattern_means(pattern: str, yes: list[str], no: list[str]) -> None:
    """The examples of the documentation, and the corners of each wildcard."""
    assert [key for key in yes if not matches(pattern, key)] == []
    assert [key for key in no if matches(pattern, key)] == []


def naive(pattern: str, key: str) -> bool:
    """The same meaning, written for the eye: every way to spend the key is tried."""
    if "/" not in pattern:
        pattern = "**/" + pattern
    elif pattern.endswith("/"):
        pattern += "**"
    parts = re.findall(r"(?:^|(?<=/))\*{2,}/|\*{2,}|\*|\[[^]]+\]|.", pattern)

    @cache
    def spend(part: int, at: int) -> bool:
        """Whether the parts from here on can spend the key from here on."""
        if part == len(parts):
            return at == len(key)
        return any(spend(part + 1, end) for end in ends(parts[part], key, at))

    return spend(0, 0)


def ends(part: str, key: str, at: int) -> list[int]:
    """Every place in the key where one part of a pattern can end that begins here."""
    later = range(at, len(key) + 1)
    if part.startswith("**"):
        return [end for end in later if part[-1] == "*" or end == at or key[end - 1] == "/"]
    if part == "*":
        return [end for end in later if "/" not in key[at:end]]
    char = key[at : at + 1]
    fits = {
        "?": char not in {"", "/"},
        "[ab]": char in {"a", "b"},
        "[!a]": char not in {"", "/", "a"},
    }
    return [at + 1] if fits.get(part, char == part) else []


PATTERNS = st.lists(
    st.sampled_from(["*", "**", "**/", "/", "a", "b", "?", "[ab]", "[!a]", "ab", "a/b"]),
    min_size=1,
    max_size=9,
).map("".join)


@settings(max_examples=2000)
@given(PATTERNS, st.text("ab/", max_size=12))
@example("**/a*b/**/*a", "a/ab/aab/b/ba")
@example("a**b*a**/b", "aabbaba/a/b")
@example("*a*b*/**/b", "aab/b")
def test_it_agrees_with_trying_everything(pattern: str, key: str) -> None:
    """Matching each star at its first place loses no match."""
    assert matches(pattern, key) == naive(pattern, key)


@given(st.text(st.characters(exclude_characters="*?[/"), min_size=1))
def test_a_pattern_without_wildcards_is_a_name(name: str) -> None:
    """Whatever its characters, it matches itself in any folder."""
    assert matches(name, name)
    assert matches(name, f"in/{name}")
    assert not matches(name, f"{name}x")


@given(st.text(min_size=1), st.text())
def test_any_text_is_a_pattern(pattern: str, key: str) -> None:
    """Nothing that an operator types raises or warns."""
    matches(pattern, key)


@pytest.mark.parametrize("pattern", ["*a" * 40 + "b", "**/a/" * 20 + "b", "**a" * 30 + "b"])
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    """Keys that nearly match many stars are settled; trying all ways would never end."""
    key = "a/" * 500 if "/" in pattern else "a" * 1000
    assert not matches(pattern, key)


def test_an_empty_pattern_is_a_mistake() -> None:
    """It would match nothing, which nobody means."""
    with pytest.raises(ConfigError, match="empty"):
        compile_pattern("")
