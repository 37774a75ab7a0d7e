"""Options that several commands share, and the settings that they give."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bucketlens.settings import Resolved, SettingsText, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bucketlens.settings import Settings

Decorated = TypeVar("Decorated", bound="Callable[..., Any]")


def setting_options(*names: str) -> Callable[[Decorated], Decorated]:
    """The common ``--set`` option, and an option of its own for each named setting."""

    def decorate(function: Decorated) -> Decorated:
        function = click.option(
            "--set",
            "assignments",
            multiple=True,
            metavar="NAME=VALUE",
            help="Change any setting for this call; `bucketlens config` lists them.",
        )(function)
        for name in reversed(names):
            function = _OPTIONS[name](function)
        return function

    return decorate


def _patterns(name: str, what: str) -> Callable[[Any], Any]:
    return click.option(f"--{name}", name, multiple=True, metavar="PATTERN", help=what)


_OPTIONS: dict[str, Callable[[Any], Any]] = {
    "min_confidence": click.option(
        "--min-confidence", type=float, help="Show labels from this confidence on.  [default: 55]"
    ),
    "max_labels": click.option("--max-labels", type=int, help="Show at most so many labels."),
    "workers": click.option(
        "--workers", type=int, help="Threads that compute.  [default: one for each core]"
    ),
    "include": _patterns("include", "Only keys that match, such as 'trips/**'. Repeatable."),
    "exclude": _patterns("exclude", "No keys that match, such as '**/raw/**'. Repeatable."),
    "records_format": click.option(
        "--records",
        "records_format",
        type=click.Choice(["json", "parquet"]),
        help="One file a record, or many in a Parquet file and no pages.  [default: json]",
    ),
    "pages": click.option(
        "--pages/--no-pages", default=None, help="Write thumbnails and pages.  [default: pages]"
    ),
    "classifier": click.option(
        "--classifier",
        "--model",
        "classifier",
        metavar="MODEL",
        help="Model name, folder, rekognition or none.",
    ),
    "detector": click.option("--detector", metavar="MODEL", help="Model name, folder or none."),
}


def resolve_settings(
    config_file: str | None,
    assignments: Iterable[str] = (),
    out: str | None = None,
    /,
    **flags: Any,  # noqa: ANN401
) -> Resolved:
    """The settings from defaults, file, environment, ``--set`` and flags.

    Args:
        config_file: What ``--config`` names.
        assignments: Of ``--set``.
        out: The collection whose own settings file is used where no other is named.
        flags: Values by setting; None and empty tuples were not given.
    """
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    texts: dict[str, str] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise click.UsageError(f"--set {assignment}: write it as NAME=VALUE")
        texts[name.strip().replace("-", "_")] = value
    load = partial(
        load_settings,
        file=Path(config_file) if config_file else None,
        environ=os.environ,
        assignments=texts,
        flags=given,
    )
    resolved = load()
    if out is None or resolved.own_file:
        return resolved
    return load(collection=_kept_with(out, resolved.settings))


def _kept_with(out: str, settings: Settings) -> SettingsText | None:
    """The collection's own file; how its store is reached, the file itself can't say."""
    from bucketlens.pipeline.keeping import SETTINGS_NAME, read_settings  # noqa: PLC0415
    from bucketlens.stores import open_store, store_options  # noqa: PLC0415 - not for help

    private = open_store(out, store_options(settings))
    text = read_settings(private)
    return None if text is None else SettingsText(f"{private.location}/{SETTINGS_NAME}", text)
