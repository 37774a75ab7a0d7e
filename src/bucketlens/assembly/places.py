"""Where in a collection things stand, and which of its places a source must leave alone."""

from __future__ import annotations

import os

from bucketlens.errors import ConfigError

PRIVATE_FOLDERS = ("metadata", "packs", "edits", "catalog", "state", "replies")
SITE_FOLDER = "site"


def below(location: str, name: str) -> str:
    """The location of a folder in another: works for paths and URLs."""
    if location.endswith(("/", "\\")):
        return location + name
    return f"{location}/{name}"


def own_outputs(source: str, out: str, site: str = "") -> tuple[str, ...]:
    """The folders of the source that hold outputs, so that results never become images.

    Args:
        source: Location of the images, as their store gives it.
        out: Location of the outputs, likewise.
        site: Location of the site, where it is not in ``out``.

    Raises:
        ConfigError: Source and outputs are the same place, or the source holds outputs.
    """
    root, own, shown = (
        f"{place.replace(os.sep, '/').rstrip('/')}/" for place in (source, out, site)
    )
    if own == root:
        raise ConfigError(
            f"images and outputs can't share {source}: give the outputs a folder of their own,"
            f" such as {below(source, 'bucketlens')}"
        )
    holding = [f"{own}{name}/" for name in (*PRIVATE_FOLDERS, SITE_FOLDER)]
    if root.startswith((*holding, shown) if site else tuple(holding)):
        raise ConfigError(f"{source} holds outputs of bucketlens: give it the images instead")
    return tuple(place.removeprefix(root) for place in (own, shown) if place.startswith(root))
