"""Options that several commands share, and the settings that they give."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from bucketlens.errors import ConfigError
from bucketlens.settings import FIELDS, Resolved, load_settings, parse_setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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
    **flags: Any,  # noqa: ANN401
) -> Resolved:
    """The settings from defaults, file, environment, ``--set`` and flags."""
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise click.UsageError(f"--set {assignment}: write it as NAME=VALUE")
        given[name.strip().replace("-", "_")] = _parsed(name.strip().replace("-", "_"), value)
    return load_settings(
        file=Path(config_file) if config_file else None, environ=os.environ, flags=given
    )


def _parsed(name: str, text: str) -> Any:  # noqa: ANN401 - settings are of many types
    if name not in FIELDS:
        return text
    try:
        return parse_setting(name, text)
    except msgspec.MsgspecError as exc:
        raise ConfigError(f"--set {name}: {exc}, got {text!r}", setting=name) from exc
