"""How values read on a page."""

import pytest
from tests.site.samples import DAY, NOVEMBER, record

from bucketlens.site import wording


@pytest.mark.parametrize(
    "text", ["cute dog+1.jpg", "été.jpg", "東京\u3000塔.jpg", "👨‍👩‍👧.png", "نخلة.jpg", "a\u00a0b"]
)
def test_names_in_any_script_are_shown_as_they_are(text: str):
    """People's own names of things are not touched."""
    assert wording.shown(text) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\u202egpj.exe", "�gpj.exe"),
        ("a\nb\x00", "a�b�"),
        ("a\u2028b", "a�b"),
        ("latin\udce9", "latin�"),
        ("\u2066x\u2069", "�x�"),
    ],
)
def test_what_deceives_or_breaks_becomes_visible(text: str, seen: str):
    """Direction overrides, control characters and stray bytes are replaced by a sign."""
    assert wording.shown(text) == seen


def test_a_photo_is_from_when_it_was_taken():
    """The photo's own time comes before the file's."""
    moment = wording.moment_of(record(taken="2019-07-14T10:30:00", modified=NOVEMBER))
    assert (wording.day(moment.seconds), moment.taken) == ("14 July 2019", True)


@pytest.mark.parametrize("taken", [None, "", "0000:00:00", "yesterday", "2027-06-01T00:00:00"])
def test_a_time_that_can_not_be_believed_gives_way_to_the_files(taken: str | None):
    """Photos without a time, with nonsense, or from the future go by their file."""
    moment = wording.moment_of(record(taken=taken, modified=NOVEMBER))
    assert (moment.seconds, moment.taken) == (NOVEMBER, False)


@pytest.mark.parametrize("modified", [-1e300, -1.0, 1e300])
def test_any_time_of_a_file_has_a_date(modified: float):
    """File systems hold times that no calendar does."""
    seconds = wording.moment_of(record(modified=modified)).seconds
    assert wording.iso_day(seconds) in {"1970-01-01", "9999-12-31"}


def test_dates_in_words():
    """Dates do not depend on the machine's language."""
    assert wording.day(NOVEMBER) == "22 November 2026"
    assert wording.iso_day(NOVEMBER - DAY) == "2026-11-21"
    assert wording.month(NOVEMBER) == "November 2026"
    assert wording.year(NOVEMBER) == "2026"


def test_counts_and_sizes_in_words():
    """Numbers come with their noun."""
    assert wording.counted(1, "image") == "1 image"
    assert wording.counted(12345, "image") == "12,345 images"
    assert wording.megapixels(4032, 3024) == "12.2 megapixels"
    assert wording.megapixels(128, 128) == "0.016 megapixels"
