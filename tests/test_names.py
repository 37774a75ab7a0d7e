"""Names of outputs: bijective, safe everywhere, and the same for ever."""

from __future__ import annotations

import hashlib
import sys
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bucketlens import names
from bucketlens.names import decode_name, encode_name, key_hash, key_of, output_name

if TYPE_CHECKING:
    from pathlib import Path

FORBIDDEN = set('\\:?*"<>|') | {chr(code) for code in range(32)} | {"\x7f"}
DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    device + digit for device in ("com", "lpt") for digit in "0123456789¹²³"
}

TRICKY = (
    *("//", ".", "..", "%", "~", "~u", "%_", "%-", "%2E", "a", "A", "aux", "COM1", ".json"),
    *(".JPG", ".html", "ü", "Ü", "ß", "ss", "k", "각", "🐶", "ǰ", "ﬁ", "ᾳ"),
    *("/", " ", "\n", "\udcff", "\ud800", "u\u0308", "\u0131", "\u0130", "\u03c2", "\u03c3"),
    *("\u212a", "\u1100\u1161\u11a8", "ก\u0e34", "J\u030c", "\u0345", "\u200d", "\ufeff"),
    *("x" * 90, "Y" * 90, "é" * 60, "É" * 60),
)
keys = st.lists(st.sampled_from(TRICKY) | st.text(st.characters(), max_size=6), max_size=8).map(
    "".join
)


def folded(name: str) -> str:
    """A name as a file system sees it that ignores case and normal form."""
    plain = unicodedata.normalize("NFD", name).casefold()
    return unicodedata.normalize("NFD", plain)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("cute_dog.jpg", "cute_dog.jpg"),
        ("uploads/2024/cute dog+1.jpg", "uploads/2024/cute dog+1.jpg"),
        ("2024.05.01/b&b (1) [x] {y} = 'z', #9; $5 @home!.jpg",) * 2,
        ("übung/写真.jpg", "übung/写真.jpg"),
        ("กิ่ง/हिन्दी.jpg", "กิ่ง/हिन्दी.jpg"),
        ("🐶.jpg", "🐶.jpg"),
        ("IMG_1234.JPG", "IMG_1234.JPG~u"),
        ("Cute_Dog.jpg", "Cute_Dog.jpg~bb"),
        ("Photos/a.jpg", "Photos~b/a.jpg"),
        ("u\u0308.jpg", "u%CC%88.jpg"),
        ("Übung.jpg", "%C3%9Cbung.jpg"),
        ("straße.jpg", "stra%C3%9Fe.jpg"),
        ("in//a.jpg", "in/%_/a.jpg"),
        ("/a.jpg", "%_/a.jpg"),
        ("trip/", "trip/%_"),
        ("", "%_"),
        ("./../...", "%2E/%2E%2E/%2E.%2E"),
        (".hidden.jpg", "%2Ehidden.jpg"),
        ("a ./b /c. ", "a %2E/b%20/c.%20"),
        ("aux.d/COM1/lpt¹ .x", "%61ux.d/%43OM1~u/%6Cpt¹ .x"),
        ('a:b?c*d"e<f>g|h\\i', "a%3Ab%3Fc%2Ad%22e%3Cf%3Eg%7Ch%5Ci"),
        ("100%~.jpg", "100%25%7E.jpg"),
        ("a%2Fb+c.jpg", "a%252Fb+c.jpg~c"),
        ("line\nbreak\t.jpg", "line%0Abreak%09.jpg"),
        ("\udcff.jpg", "%ED%B3%BF.jpg"),
        ("a.jpg.json/b.jpg", "a.jpg%2Ejson/b.jpg"),
        ("a.jpg.json", "a.jpg.json"),
    ],
)
def test_examples(key: str, name: str) -> None:
    """Each kind of key has the name that the documentation shows."""
    assert encode_name(key) == name
    assert decode_name(name) == key


def test_an_output_of_a_key_and_back() -> None:
    """The suffix is appended to the name and taken off again."""
    assert output_name("trip/a.jpg", ".json") == "trip/a.jpg.json"
    assert key_of("trip/a.jpg.json", ".json") == "trip/a.jpg"
    assert key_of("trip/a.jpg.html", ".json") is None
    assert key_of("Trip/a.jpg.json", ".json") is None


def test_a_suffix_that_directories_could_end_in_is_refused() -> None:
    """Only suffixes that directories are kept clear of can name an output."""
    with pytest.raises(ValueError, match="not a suffix"):
        output_name("a.jpg", ".unknown")


@pytest.mark.parametrize(
    "name",
    [
        *("Dog.jpg", "dog.jpg~u", "dog~b", "Dog~ba", "DOG~h", "%2e", "%41", "%", "%4", "a%2Fb", ""),
        *("a//b", "%_%-/b", "a%-/b", "a%-", "~u", "x\u0301", "u\u0308", "%C3", "%FF", "%C3%BC"),
        *("a.jpg.json/b", "aux", "a.", "\udcff"),
    ],
)
def test_what_is_no_name_is_refused(name: str) -> None:
    """The inverse is strict: one key has one name."""
    with pytest.raises(ValueError, match="name of a key"):
        decode_name(name)


@given(st.text() | keys)
def test_decoding_text_gives_a_key_or_a_value_error(name: str) -> None:
    """Any text is either exactly the name of its key, or refused."""
    try:
        key = decode_name(name)
    except ValueError:
        return
    assert encode_name(key) == name


@settings(max_examples=500)
@given(keys)
@example("x" * 1024)
@example("É" * 512)
@example("Ab" * 512)
@example("con" * 341)
@example("." * 1024)
@example("กิ่" * 113)
def test_every_name_is_safe_everywhere(key: str) -> None:
    """No name holds a segment that some file system would refuse, change or share."""
    name = output_name(key, ".json")
    assert key_of(name, ".json") == key
    assert unicodedata.normalize("NFC", name) == name
    for segment in name.split("/"):
        assert segment
        assert len(segment.encode()) <= names.MAX_SEGMENT + len(".json")
        assert not FORBIDDEN & set(segment)
        assert segment[0] != "."
        assert segment[-1] not in ". "
        assert segment.split(".")[0].rstrip(" ").lower() not in DEVICES
    for directory in name.split("/")[:-1]:
        assert not folded(directory).endswith(names.SUFFIXES)


@settings(max_examples=500)
@given(keys)
def test_the_name_survives_a_file_system_that_ignores_case_and_normal_form(key: str) -> None:
    """Every variant of a key in case or normal form has a name of its own."""
    forms = [unicodedata.normalize(form, key) for form in ("NFC", "NFD", "NFKC")]
    variants = {key, key.upper(), key.lower(), key.swapcase(), key.casefold(), key.title(), *forms}
    assert len({folded(encode_name(variant)) for variant in variants}) == len(variants)


def test_no_two_single_characters_meet() -> None:
    """Each character, alone or after another one, has a name of its own."""
    for template in ("{}", "j{}", "가{}"):
        characters = [template.format(chr(code)) for code in range(0x20000)]
        assert len({folded(encode_name(key)) for key in characters}) == len(characters)


def test_what_stays_literal_is_the_same_in_every_python() -> None:
    """Names can't change later, also not with the Unicode tables of another interpreter."""
    kept = "".join(c for c in map(chr, range(sys.maxunicode + 1)) if names._stays(c))
    assert hashlib.sha256(kept.encode()).hexdigest()[:16] == "1b6ffdef2b4f19a2"


@settings(max_examples=60)
@given(st.sets(keys, min_size=1, max_size=12))
@example({"a.jpg", "a.jpg.json/b.jpg", "A.jpg", "a.jpg/", "a.jpg//", "a", "a/b"})
def test_outputs_of_any_keys_live_together_in_a_real_folder(
    tmp_path_factory: pytest.TempPathFactory, some: set[str]
) -> None:
    """Written as files, no output takes the place of another one or of its directory."""
    root: Path = tmp_path_factory.mktemp("out")
    for key in some:
        path = root / output_name(key, ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(key.encode("utf-8", "surrogatepass"))
    found = {
        key_of(path.relative_to(root).as_posix(), ".json"): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }
    assert found == {key: key.encode("utf-8", "surrogatepass") for key in some}


def test_the_hash_of_a_key_never_changes() -> None:
    """Shards are chosen by it, also by other machines and later versions."""
    assert key_hash("cute_dog.jpg") == 16945140719839763273
    assert 0 <= key_hash("\udcff") < 2**64
