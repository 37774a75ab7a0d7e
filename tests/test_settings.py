"""Settings: four layers in order, every mistake named at once, and where each value came from."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketlens.errors import ConfigError
from bucketlens.settings import (
    CONFIG_VARIABLE,
    ENVIRONMENT_PREFIX,
    FIELDS,
    Settings,
    describe,
    load_settings,
    setting_types,
)


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    """A settings file with one value of each shape."""
    file = tmp_path / "bucketlens.toml"
    file.write_text(
        'min_confidence = 60\ntitle = "Holidays"\nexclude_labels = ["Person"]\n'
        "label_thresholds = { Dog = 80 }\npages = false\n",
        encoding="utf-8",
    )
    return file


def test_defaults_are_detectlabels_own():
    """Without a word from the operator, 55 percent and all labels."""
    resolved = load_settings()
    assert resolved.settings == Settings()
    assert (resolved.settings.min_confidence, resolved.settings.max_labels) == (55.0, 1000)
    assert set(resolved.origins.values()) == {"default"}
    assert tuple(resolved.origins) == FIELDS


def test_a_file_sets_every_shape(settings_file: Path):
    """Numbers, text, lists, tables and booleans are read from TOML."""
    settings = load_settings(file=settings_file).settings
    assert settings.min_confidence == 60.0
    assert settings.title == "Holidays"
    assert settings.exclude_labels == ("Person",)
    assert settings.label_thresholds == {"Dog": 80.0}
    assert settings.pages is False


def test_later_layers_win_and_are_remembered(settings_file: Path):
    """Flags beat the environment, which beats the file, which beats the defaults."""
    resolved = load_settings(
        file=settings_file,
        environ={"BUCKETLENS_MIN_CONFIDENCE": "70", "BUCKETLENS_TITLE": "Shared"},
        flags={"min_confidence": 80.0, "title": None},
    )
    assert resolved.settings.min_confidence == 80.0
    assert resolved.settings.title == "Shared"
    assert resolved.origins["min_confidence"] == "flag"
    assert resolved.origins["title"] == "BUCKETLENS_TITLE"
    assert resolved.origins["pages"] == f"file {settings_file}"
    assert resolved.origins["max_bytes"] == "default"


def test_the_environment_may_name_the_file(settings_file: Path):
    """BUCKETLENS_CONFIG is used where no file is given."""
    environ = {CONFIG_VARIABLE: str(settings_file)}
    assert load_settings(environ=environ).settings.title == "Holidays"


def test_a_given_file_beats_the_named_one(settings_file: Path, tmp_path: Path):
    """A file on the command line is read instead of the environment's."""
    environ = {CONFIG_VARIABLE: str(tmp_path / "absent.toml")}
    assert load_settings(file=settings_file, environ=environ).settings.title == "Holidays"


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("MIN_CONFIDENCE", "12.5", 12.5),
        ("MAX_LABELS", "10", 10),
        ("PAGES", "false", False),
        ("PAGES", "0", False),
        ("FSYNC", "true", True),
        ("TITLE", "2024", "2024"),
        ("INCLUDE", "*.jpg, holidays/*,", ("*.jpg", "holidays/*")),
        ("INCLUDE", "", ()),
        ("FEATURES", "GENERAL_LABELS", ("GENERAL_LABELS",)),
        ("LABEL_THRESHOLDS", '{"Dog": 80}', {"Dog": 80.0}),
    ],
)
def test_text_from_the_environment_becomes_the_type(variable: str, text: str, value: object):
    """Lists are divided by commas, tables are JSON, numbers and booleans are read."""
    settings = load_settings(environ={ENVIRONMENT_PREFIX + variable: text}).settings
    assert getattr(settings, variable.lower()) == value


def test_every_mistake_is_named_at_once(settings_file: Path):
    """One message lists what is wrong in the file, the environment and the flags."""
    settings_file.write_text("min_confidence = 101\nmax_labls = 3\n", encoding="utf-8")
    environ = {"BUCKETLENS_PAGES": "perhaps", "BUCKETLENS_LABEL_THRESHOLDS": "{", "HOME": "/"}
    with pytest.raises(ConfigError) as caught:
        load_settings(file=settings_file, environ=environ, flags={"workers": -1})
    message = str(caught.value)
    assert f"min_confidence (file {settings_file})" in message
    assert "max_labls" in message
    assert "did you mean max_labels?" in message
    assert "BUCKETLENS_PAGES" in message
    assert "'perhaps'" in message
    assert "BUCKETLENS_LABEL_THRESHOLDS" in message
    assert "workers (flag)" in message


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"title = ", "not valid TOML"), (b'title = "\xff"', "not valid TOML")],
)
def test_a_broken_file_is_named(tmp_path: Path, content: bytes, expected: str):
    """A file that is not TOML is the operator's to mend."""
    file = tmp_path / "broken.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=expected) as caught:
        load_settings(file=file)
    assert str(file) in str(caught.value)


def test_an_absent_file_is_named(tmp_path: Path):
    """A file that was asked for and is not there is an error, not an empty file."""
    with pytest.raises(ConfigError, match="can't be read"):
        load_settings(file=tmp_path / "absent.toml")


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "100.1", "many"])
def test_a_percentage_is_a_number_from_0_to_100(text: str):
    """What is no percentage is refused, nan and infinity too."""
    with pytest.raises(ConfigError, match="min_confidence"):
        load_settings(environ={"BUCKETLENS_MIN_CONFIDENCE": text})


@given(st.sampled_from(FIELDS), st.text().filter(lambda text: "\0" not in text))
def test_any_text_gives_a_setting_or_a_clear_error(name: str, text: str):
    """Whatever stands in the environment, the only exception is ConfigError."""
    variable = ENVIRONMENT_PREFIX + name.upper()
    try:
        resolved = load_settings(environ={variable: text})
    except ConfigError as exc:
        assert variable in str(exc)  # noqa: PT017 - either outcome is right
    else:
        assert resolved.origins[name] == variable


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_has_a_description(name: str):
    """Help and documentation have a line for each setting."""
    assert describe(name)


@pytest.mark.parametrize("name", FIELDS)
def test_every_default_is_valid(name: str):
    """A default passes the check that a given value must pass."""
    value = getattr(Settings(), name)
    assert msgspec.convert(value, setting_types()[name]) == value


def test_tables_are_not_shared_between_settings():
    """Two settings made from defaults have tables of their own."""
    assert Settings().label_thresholds is not Settings().label_thresholds
