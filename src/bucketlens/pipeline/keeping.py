"""The settings of a collection, kept beside it, so that every call on it means the same.

``bucketlens.toml`` in OUT is a settings file like any other: people write it, and what a ``run`` or
``relabel`` is told by flags about the collection (not about the one call) is added to it. Without
that, labels made with ``--min-confidence 70`` would silently turn back with the next plain run.

``state/settings.json`` remembers what the last call had in force, so that one with other settings
can say what differs before it makes all labels again.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

import msgspec

from bucketlens.errors import ConfigError, MissingError
from bucketlens.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bucketlens.stores import Store

SETTINGS_NAME = "bucketlens.toml"
LAST_NAME = "state/settings.json"

OF_COLLECTION = (
    *("min_confidence", "max_labels", "include_labels", "exclude_labels"),
    *("include_categories", "exclude_categories", "label_thresholds", "display_names"),
    *("features", "max_dominant_colors"),
    *("classifier", "detector", "rekognition_min_confidence"),
    *("max_bytes", "max_pixels"),
    *("records_format", "pages", "thumbnail_size", "preview_size", "title", "site_location"),
    *("publish_include", "publish_exclude"),
    *("accent", "extra_stylesheet", "publish_originals"),
)
"""Settings that define a collection. All others say what one call looks at, how it works, and how
it reaches things; those are never kept."""

HEADER = """\
# Settings of this collection. `bucketlens run` and `bucketlens relabel` read them here, and add
# what flags say. All settings: `bucketlens config`.
"""

_TABLE = re.compile(r"^\s*\[", re.MULTILINE)


class LastSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the last call on a collection had in force.

    Attributes:
        settings: Those that define the collection.
        scores: The score fingerprint.
        view: The view fingerprint.
    """

    settings: dict[str, Any]
    scores: str
    view: str


def of_collection(settings: Settings) -> dict[str, Any]:
    """The settings that define a collection, as plain values."""
    values = msgspec.json.decode(msgspec.json.encode(settings))
    return {name: values[name] for name in OF_COLLECTION}


def read_settings(private: Store) -> str | None:
    """The text of the collection's settings file; None if it has none."""
    try:
        return private.get(SETTINGS_NAME).data.decode("utf-8")
    except MissingError:
        return None
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{private.url(SETTINGS_NAME)} is not UTF-8") from exc


def keep_settings(private: Store, values: Mapping[str, Any]) -> bool:
    """Add values to the collection's settings file; False if they stand there already.

    Raises:
        ConfigError: The file can't be changed without harm to what people wrote.
    """
    before = read_settings(private)
    after = with_values(HEADER if before is None else before, values)
    if after == before:
        return False
    private.put(SETTINGS_NAME, after.encode("utf-8"), content_type="application/toml")
    return True


def with_values(text: str, values: Mapping[str, Any]) -> str:
    """A settings file in which these values hold; all else in it stays as it is.

    Raises:
        ConfigError: A value spans lines or stands in a table of its own.
    """
    wanted = {**tomllib.loads(text), **values}
    for name, value in values.items():
        if tomllib.loads(text).get(name) != value:
            text = _with_line(text, name, f"{name} = {toml_value(value)}")
    try:
        changed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        changed = {}
    if changed != wanted:
        lines = "; ".join(f"{name} = {toml_value(value)}" for name, value in values.items())
        raise ConfigError(
            f"{SETTINGS_NAME} of the collection can't be changed by program where a value takes"
            f" several lines; write there yourself: {lines}"
        )
    return text


def _with_line(text: str, name: str, line: str) -> str:
    """The text with a line in the place of the one that sets a name, or before all tables."""
    table = _TABLE.search(text)
    top, rest = (text[: table.start()], text[table.start() :]) if table else (text, "")
    old = re.compile(rf"^[ \t]*{re.escape(name)}[ \t]*=.*$", re.MULTILINE)
    if old.search(top):
        return old.sub(lambda _: line, top, count=1) + rest
    if top and not top.endswith("\n"):
        top += "\n"
    return f"{top}{line}\n{rest}"


def toml_value(value: Any) -> str:  # noqa: ANN401 - settings are of many types
    """A value as TOML on one line."""
    if isinstance(value, dict):
        pairs = (f"{toml_value(key)} = {toml_value(entry)}" for key, entry in value.items())
        return "{ " + ", ".join(pairs) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def last_settings(private: Store) -> LastSettings | None:
    """What the last call had in force; None if there was none, or nobody can tell."""
    try:
        return msgspec.json.decode(private.get(LAST_NAME).data, type=LastSettings)
    except (MissingError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def remember_settings(private: Store, now: LastSettings) -> None:
    """Keep what is in force for the next call to compare with."""
    private.put(LAST_NAME, msgspec.json.encode(now), content_type="application/json")


def differences(before: LastSettings, now: LastSettings) -> Iterator[tuple[str, Any, Any]]:
    """The settings that changed: name, value before, value now."""
    defaults = of_collection(Settings())
    for name, value in now.settings.items():
        old = before.settings.get(name, defaults[name])
        if old != value:
            yield name, old, value
