"""What a function is told by its environment, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bucketlens.errors import ConfigError
from bucketlens.settings import (
    CHANGES_VARIABLE,
    OUT_VARIABLE,
    SOURCE_VARIABLE,
    Settings,
    load_settings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

TUTORIAL_BUCKET = "BUCKET_NAME"
"""The variable of the well-known tutorials: one bucket that holds images and results."""

TUTORIAL_FOLDER = "uploads/"
"""Where the tutorials put images. The records go to ``metadata/`` beside it, so that they are
outside of what is looked at, whatever the bucket's notifications say."""


class Configuration(NamedTuple):
    """Where a function works, and how.

    Attributes:
        source: Location of the images.
        out: Location of what is made of them.
        changes: URL of the queue that tells which records changed; empty where there is none.
    """

    source: str
    out: str
    settings: Settings
    changes: str = ""


def read_configuration(environ: Mapping[str, str]) -> Configuration:
    """The configuration that environment variables hold.

    Raises:
        ConfigError: A place is missing or a setting is not valid.
    """
    source, out = environ.get(SOURCE_VARIABLE), environ.get(OUT_VARIABLE)
    bucket = environ.get(TUTORIAL_BUCKET)
    if bucket:
        source = source or f"s3://{bucket}/{TUTORIAL_FOLDER}"
        out = out or f"s3://{bucket}"
    if not source or not out:
        missing = " and ".join(
            name for name, value in ((SOURCE_VARIABLE, source), (OUT_VARIABLE, out)) if not value
        )
        raise ConfigError(
            f"the environment does not set {missing}: s3://bucket/prefix of the images and of the "
            f"results, or {TUTORIAL_BUCKET} for one bucket with {TUTORIAL_FOLDER} and metadata/"
        )
    return Configuration(
        source,
        out,
        load_settings(environ=environ).settings,
        changes=environ.get(CHANGES_VARIABLE, ""),
    )
