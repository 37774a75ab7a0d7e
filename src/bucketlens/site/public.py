"""The public JSON of an image: an allow-list of the record.

A record holds more than may be shown (hashes, scores, the embedding, versions of the store, and
what later schemas add). What is not named here stays private.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import msgspec

from bucketlens.site.wording import iso_day, moment_of
from bucketlens.types import Count, DominantColor, Label

if TYPE_CHECKING:
    from bucketlens.records import LabelRecord

SURROGATES = re.compile("[\ud800-\udfff]")
"""What stands in a key for the bytes of a file name that are not UTF-8."""


class PublicImage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What anyone may know of an image.

    ``Labels``, ``LabelModelVersion`` and ``DominantColors`` have the shape of a DetectLabels reply.

    Attributes:
        key: The image's key below the source.
        width: Of the upright original, pixels.
        height: Of the upright original, pixels.
        date: The day it was taken, else last changed: ``2026-11-22``.
    """

    key: str
    width: Count
    height: Count
    date: str
    labels: tuple[Label, ...] = msgspec.field(name="Labels")
    label_model_version: str = msgspec.field(name="LabelModelVersion")
    dominant_colors: tuple[DominantColor, ...] = msgspec.field(name="DominantColors", default=())


def public_image(record: LabelRecord) -> PublicImage:
    """The part of a record that may be shown."""
    properties = record.image_properties
    return PublicImage(
        key=visible_key(record.source.key),
        width=record.image.width,
        height=record.image.height,
        date=iso_day(moment_of(record).seconds),
        labels=record.labels,
        label_model_version=record.label_model_version,
        dominant_colors=properties.dominant_colors if properties else (),
    )


def encode_public_image(record: LabelRecord) -> bytes:
    """The public JSON; equal records give equal bytes."""
    return _encoder().encode(public_image(record))


def visible_key(key: str) -> str:
    """A key as JSON can hold it: what was no UTF-8 becomes a visible sign, as in the record."""
    return SURROGATES.sub("\N{REPLACEMENT CHARACTER}", key)


@functools.cache
def _encoder() -> msgspec.json.Encoder:
    return msgspec.json.Encoder()
