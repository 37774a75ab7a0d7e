"""Settings that stay with a collection: kept from flags, and compared with the last call's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from bucketlens.pipeline.keeping import (
    OF_ONE_CALL,
    SETTINGS_NAME,
    LastSettings,
    differences,
    keep_settings,
    last_settings,
    of_collection,
    remember_settings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bucketlens.settings import Resolved
    from bucketlens.stores import Store

MODELS = ("classifier", "detector")


def tell_changes(private: Store, resolved: Resolved, *, scores: str, view: str) -> None:
    """Say on standard error what differs from the last call, and what follows from it."""
    before = last_settings(private)
    now = LastSettings(settings=of_collection(resolved.settings), scores=scores, view=view)
    if before is None or before == now:
        return
    changed = list(differences(before, now))
    if changed:
        click.echo("settings that differ from the last run on this collection:", err=True)
    for name, old, value in changed:
        origin = resolved.origins[name]
        click.echo(f"    {name}: {_short(old)} -> {_short(value)}  [{origin}]", err=True)
    for line in _consequences(before, now, changed=bool(changed)):
        click.echo(line, err=True)


def keep(private: Store, resolved: Resolved, *, scores: str, view: str) -> None:
    """Keep what flags say of the collection in its own file, and remember what is in force."""
    now = LastSettings(settings=of_collection(resolved.settings), scores=scores, view=view)
    told = dict(_told_by_flags(resolved))
    if told and keep_settings(private, told):
        names = ", ".join(f"{name} = {_short(value)}" for name, value in told.items())
        click.echo(f"kept in {SETTINGS_NAME} of the collection: {names}", err=True)
    if last_settings(private) != now:
        remember_settings(private, now)


def _told_by_flags(resolved: Resolved) -> Iterator[tuple[str, Any]]:
    """What flags say of the collection, unless its settings are kept in a file of the caller's."""
    if resolved.own_file:
        return
    values = msgspec.to_builtins(resolved.settings)
    for name, origin in resolved.origins.items():
        if origin == "flag" and name not in OF_ONE_CALL:
            value = values[name]
            if name in MODELS and Path(value).is_dir():
                value = str(Path(value).resolve())  # the next call may come from elsewhere
            if name == "site_location" and value and "://" not in value:
                value = str(Path(value).expanduser().resolve())
            yield name, value


def _consequences(before: LastSettings, now: LastSettings, *, changed: bool) -> Iterator[str]:
    why = "so" if changed else "this version of bucketlens judges otherwise than the last, so"
    if before.scores != now.scores:
        yield f"{why} every image is read and scored again"
    elif before.view != now.view:
        yield f"{why} the labels of every image are made again, from stored scores"


def _short(value: Any) -> str:  # noqa: ANN401 - settings are of many types
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - fits a line
