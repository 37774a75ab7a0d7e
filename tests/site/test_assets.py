"""The shared files: small, named by their content, as the settings say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketlens.errors import ConfigError
from bucketlens.site import Design
from bucketlens.site.accent import DARK_SURFACES, LIGHT_SURFACES, accent_of, contrast
from bucketlens.site.assets import STATIC, assets_of

MOST_BYTES = 60_000
"""Of script and style, as they are sent where nothing compresses them."""
BODY_TEXT = 4.5
"""The contrast that WCAG 2.2 AA asks of text."""


def rgb(text: str) -> tuple[int, int, int]:
    """The parts of a colour in hex."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


def test_all_script_and_style_is_small():
    """A page is there at once on a slow line."""
    files = assets_of(Design()).files
    assert (
        sum(len(file.data) for file in files if file.name.endswith((".js", ".css"))) <= MOST_BYTES
    )


def test_other_content_has_another_name():
    """So that files may be kept for ever."""
    names = [assets_of(Design(accent=accent)).stylesheets[0].name for accent in ("#07e", "#e70")]
    assert len(set(names)) == 2


def test_an_extra_stylesheet_comes_last():
    """It may change whatever it likes."""
    _, extra = assets_of(Design(extra_css="body{color:red}")).stylesheets
    assert extra.data == b"body{color:red}"
    assert extra.name.startswith("assets/extra.")


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_any_accent_can_be_read_in_both_themes(color: str):
    """On every surface, and the text on it too."""
    accent = accent_of(color)
    assert min(contrast(rgb(accent.light), one) for one in LIGHT_SURFACES) >= BODY_TEXT
    assert min(contrast(rgb(accent.dark), one) for one in DARK_SURFACES) >= BODY_TEXT
    assert contrast(rgb(accent.light), rgb(accent.on_light)) >= BODY_TEXT
    assert contrast(rgb(accent.dark), rgb(accent.on_dark)) >= BODY_TEXT


def test_an_accent_that_can_be_read_stays_what_it_is():
    """Only what is needed is changed."""
    assert accent_of("#0f766e").light == "#0f766e"
    assert accent_of("#07e") == accent_of("#0077ee")


@pytest.mark.parametrize("text", ["red", "#12", "#12345g", "url(x)", "#0f766e;}"])
def test_what_is_no_colour_is_refused(text: str):
    """Nothing else can come into the stylesheet."""
    with pytest.raises(ConfigError, match="accent"):
        accent_of(text)


def test_scripts_make_no_markup_of_text():
    """Elements are made one by one; no text from anywhere is read as HTML or as code."""
    forbidden = (
        *("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser"),
        *("createContextualFragment", "eval(", "new Function", "srcdoc", "setHTML", "javascript:"),
        *('setAttribute("on', 'setAttribute("style'),
    )
    for script in (STATIC / "js").iterdir():
        text = script.read_text("utf-8")
        assert not [word for word in forbidden if word in text], script.name
