"""Every setting, with its default, its range and its reason, validated all at once.

Settings are built once at a door by :func:`load_settings` (defaults, then file, then environment,
then flags) and passed on; nothing else reads the environment. Each setting remembers where its
value came from, so that ``bucketlens config`` can say.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_type_hints

import msgspec
from msgspec import Meta

from bucketlens.errors import ConfigError
from bucketlens.settings_serving import ServingSettings
from bucketlens.types import Percent

ENVIRONMENT_PREFIX = "BUCKETLENS_"
CONFIG_VARIABLE = "BUCKETLENS_CONFIG"
SOURCE_VARIABLE = "BUCKETLENS_SOURCE"
OUT_VARIABLE = "BUCKETLENS_OUT"
CHANGES_VARIABLE = "BUCKETLENS_CHANGES_URL"
NOT_SETTINGS = frozenset(
    {
        *(CONFIG_VARIABLE, SOURCE_VARIABLE, OUT_VARIABLE, CHANGES_VARIABLE),
        "BUCKETLENS_TEST_DATA",
    }
)
"""Variables with our prefix that hold no setting."""

IMAGE_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".avif"),
    *(".heic", ".heif", ".tif", ".tiff", ".bmp", ".gif"),
)
"""Endings of the names of images. What a file really is, its bytes say."""

Names = tuple[Annotated[str, Meta(max_length=50)], ...]
Positive = Annotated[int, Meta(ge=1)]
Feature = Literal["GENERAL_LABELS", "IMAGE_PROPERTIES"]


class Settings(
    ServingSettings, msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """What is in force; see docs/configuration.md for each in a sentence."""

    # What is shown as a label. The defaults are those of Rekognition's DetectLabels.
    min_confidence: Annotated[Percent, Meta(description="labels below this are not shown")] = 55.0
    max_labels: Annotated[int, Meta(ge=0, le=1000, description="labels shown at most")] = 1000
    include_labels: Annotated[Names, Meta(description="show only these labels")] = ()
    exclude_labels: Annotated[Names, Meta(description="never show these labels")] = ()
    include_categories: Annotated[
        Names, Meta(description="show only labels of these categories")
    ] = ()
    exclude_categories: Annotated[
        Names, Meta(description="never show labels of these categories")
    ] = ()
    label_thresholds: Annotated[
        dict[str, Percent], Meta(description="min_confidence of single labels")
    ] = {}
    display_names: Annotated[
        dict[str, str], Meta(description="other names for labels, by their own name")
    ] = {}
    features: Annotated[
        tuple[Feature, ...], Meta(description="what is computed: labels, image properties or both")
    ] = ("GENERAL_LABELS", "IMAGE_PROPERTIES")
    max_dominant_colors: Annotated[
        int, Meta(ge=0, le=20, description="dominant colours listed for each region")
    ] = 10

    # Which models look at the image, and how.
    classifier: Annotated[
        str, Meta(description="packaged model, folder of an own one, rekognition, or none")
    ] = "efficientnet-lite2"
    detector: Annotated[str, Meta(description="packaged model, folder of an own one, or none")] = (
        "nanodet-g"
    )
    provider: Annotated[
        Literal["cpu", "cuda"], Meta(description="what ONNX Runtime computes on")
    ] = "cpu"

    # Amazon Rekognition, where it is the classifier. Prices are those of its list for the first
    # million images of a month.
    rekognition_region: Annotated[
        str, Meta(description="region that is asked; empty follows AWS's own variables and files")
    ] = ""
    rekognition_min_confidence: Annotated[
        Percent, Meta(description="labels below this are not asked for, so never shown later")
    ] = 30.0
    rekognition_rate: Annotated[
        float, Meta(ge=0.1, le=10_000, description="calls a second of this process at most")
    ] = 5.0
    rekognition_price: Annotated[
        float, Meta(ge=0, le=100, description="price of the labels of one image")
    ] = 0.001
    rekognition_properties_price: Annotated[
        float, Meta(ge=0, le=100, description="price of the image properties of one image")
    ] = 0.00075
    rekognition_monthly_limit: Annotated[
        float, Meta(ge=0, description="what may be spent in a month, in the unit of the prices")
    ] = 10.0
    rekognition_state: Annotated[
        str, Meta(description="folder or URL of spending and kept replies; empty is OUT")
    ] = ""

    # Limits on what comes in; checked before memory is taken.
    max_bytes: Annotated[Positive, Meta(description="size of an image file, bytes")] = (
        15 * 1024 * 1024
    )
    max_pixels: Annotated[Positive, Meta(description="width x height of an image")] = 100_000_000

    # How things are written; what is written beside the records is in PageSettings.
    fsync: Annotated[
        bool, Meta(description="force each file to disk; slower, survives power loss")
    ] = False

    # How a run works.
    workers: Annotated[
        int,
        Meta(ge=0, le=256, description="processes or threads that compute; 0 is one for each core"),
    ] = 0
    batch_size: Annotated[
        int, Meta(ge=1, le=64, description="images a thread labels in a call")
    ] = 8
    include: Annotated[
        tuple[str, ...], Meta(description="only keys that match one of these patterns")
    ] = ()
    exclude: Annotated[
        tuple[str, ...], Meta(description="no keys that match one of these patterns")
    ] = ()
    suffixes: Annotated[
        tuple[str, ...], Meta(description="only keys that end so, in any case; none for all keys")
    ] = IMAGE_SUFFIXES
    hidden: Annotated[
        bool, Meta(description="also take files and folders whose name begins with a dot")
    ] = False
    max_delete_percent: Annotated[
        Percent, Meta(description="share of records that one pass may remove unasked")
    ] = 20.0
    index_seconds: Annotated[
        float, Meta(ge=0.0, description="a worker renews the index at most so often; 0 is never")
    ] = 30.0

    # How stores are reached. What is empty follows AWS's own variables and files.
    site_location: Annotated[
        str, Meta(description="path or URL of the site; empty is the folder site in OUT")
    ] = ""
    s3_endpoint: Annotated[str, Meta(description="URL of a server that speaks S3")] = ""
    s3_region: Annotated[str, Meta(description="region of the buckets")] = ""
    s3_path_style: Annotated[
        Literal["auto", "always", "never"],
        Meta(description="put the bucket in the path; auto does with an own endpoint"),
    ] = "auto"
    s3_anonymous: Annotated[
        bool, Meta(description="send no credentials, as for a public bucket")
    ] = False
    s3_requester_pays: Annotated[bool, Meta(description="tell S3 that whoever asks pays")] = False
    store_attempts: Annotated[
        int, Meta(ge=1, le=100, description="tries of a request that may work later")
    ] = 8
    store_seconds: Annotated[
        float, Meta(ge=0.0, description="no further try of a request after so many seconds")
    ] = 60.0


class Resolved(msgspec.Struct, frozen=True):
    """Settings and, for each, where its value came from.

    Attributes:
        own_file: They are kept in a file that the caller names, and not with the outputs.
    """

    settings: Settings
    origins: Mapping[str, str]
    own_file: bool = False


FIELDS: tuple[str, ...] = tuple(
    sorted(Settings.__struct_fields__, key=lambda name: name in ServingSettings.__struct_fields__)
)
"""All names, those of the server last."""


def setting_types() -> dict[str, Any]:
    """Each setting's annotated type, for checks and for ``bucketlens config``."""
    return get_type_hints(Settings, include_extras=True)


def describe(name: str) -> str:
    """The one-line description of a setting."""
    return _find_description(setting_types()[name]) or ""


def _find_description(annotation: Any) -> str | None:  # noqa: ANN401 - annotations are of any type
    for meta in reversed(getattr(annotation, "__metadata__", ())):
        if isinstance(meta, Meta) and meta.description:
            return meta.description
    return None


class SettingsText(NamedTuple):
    """A settings file that was read already.

    Attributes:
        where: What messages call it.
        text: TOML.
    """

    where: str
    text: str


def load_settings(
    *,
    file: Path | None = None,
    collection: SettingsText | None = None,
    environ: Mapping[str, str] | None = None,
    assignments: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Resolved:
    """Build the settings from defaults, a TOML file, the environment and flags, in that order.

    Args:
        file: A TOML file; without one, the file that ``BUCKETLENS_CONFIG`` names.
        collection: The settings file that lies with the outputs, used where neither names one.
        environ: Environment variables; ``BUCKETLENS_MIN_CONFIDENCE`` sets ``min_confidence``.
        assignments: Values from the command line as text, as the environment would hold them.
        flags: Values from the command line; those that are None were not given.

    Raises:
        ConfigError: One message that names every mistake, with where it stands.
    """
    environ = environ or {}
    values: dict[str, Any] = {}
    origins = dict.fromkeys(FIELDS, "default")
    mistakes: list[str] = []
    types = setting_types()

    if file is None and environ.get(CONFIG_VARIABLE):
        file = Path(environ[CONFIG_VARIABLE])
    text = _read(file) if file is not None else collection
    layers = [
        (_from_text(text), f"file {text.where}" if text else "", True),
        (_from_environment(environ), "environment", False),
        (assignments or {}, "flag", False),
        ({name: v for name, v in (flags or {}).items() if v is not None}, "flag", True),
    ]
    for layer, origin, strict in layers:
        for name, value in layer.items():
            where = f"{ENVIRONMENT_PREFIX}{name.upper()}" if origin == "environment" else origin
            if name not in types:
                mistakes.append(_unknown(name, where))
                continue
            try:
                values[name] = _convert(value, types[name], strict=strict)
                origins[name] = where
            except (msgspec.ValidationError, msgspec.DecodeError) as exc:
                mistakes.append(f"{name} ({where}): {exc}, got {value!r}")
    if mistakes:
        raise ConfigError("the settings are not valid:\n  " + "\n  ".join(mistakes))
    return Resolved(Settings(**values), origins, own_file=file is not None)


def _read(file: Path) -> SettingsText:
    try:
        return SettingsText(str(file), file.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError(f"the settings file {file} can't be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"the settings file {file} is not valid TOML: {exc}") from exc


def _from_text(text: SettingsText | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        return tomllib.loads(text.text)
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"the settings file {text.where} is not valid TOML: {exc}") from exc


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        variable.removeprefix(ENVIRONMENT_PREFIX).lower(): value
        for variable, value in environ.items()
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in NOT_SETTINGS
    }


def _convert(value: Any, annotation: Any, *, strict: bool) -> Any:  # noqa: ANN401
    """Check a value; text from the environment becomes lists by commas and tables by JSON."""
    if not strict and isinstance(value, str):
        origin = getattr(_bare(annotation), "__origin__", None)
        if origin is tuple:
            value = [part.strip() for part in value.split(",") if part.strip()]
        elif origin is dict:
            value = msgspec.json.decode(value.encode())
    return msgspec.convert(value, annotation, strict=strict)


def _bare(annotation: Any) -> Any:  # noqa: ANN401
    while hasattr(annotation, "__metadata__"):
        annotation = annotation.__origin__
    return annotation


def _unknown(name: str, where: str) -> str:
    close = difflib.get_close_matches(name, FIELDS, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"{name} ({where}): no such setting{hint}"
