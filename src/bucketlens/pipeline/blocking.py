"""Keys that are never to be looked at again: kept as hashes, so that the list itself tells none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bucketlens.errors import ConfigError, MissingError, TransientError
from bucketlens.names import key_digest
from bucketlens.stores import replace_document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bucketlens.stores import Store

NAME = "state/never.json"

ATTEMPTS = 20


class Never(msgspec.Struct, frozen=True):
    """The list.

    Attributes:
        keys: sha256 of each key.
    """

    keys: tuple[str, ...] = ()


def read_blocked(private: Store) -> frozenset[str]:
    """The digests of all keys on the list.

    Raises:
        ConfigError: The list is damaged: nobody can tell what must not come back.
    """
    return frozenset(_read(private)[0].keys)


def block(private: Store, keys: Iterable[str]) -> None:
    """Put keys on the list.

    Raises:
        TransientError: Others kept changing it.
    """
    digests = {key_digest(key) for key in keys}
    for _ in range(ATTEMPTS):
        before, etag = _read(private)
        after = Never(tuple(sorted(digests | set(before.keys))))
        if after == before:
            return
        if replace_document(private, NAME, etag, msgspec.json.encode(after)) is not None:
            return
    raise TransientError(f"{private.url(NAME)} was changed by others {ATTEMPTS} times meanwhile")


def _read(private: Store) -> tuple[Never, str | None]:
    try:
        blob = private.get(NAME)
    except MissingError:
        return Never(), None
    try:
        return _DECODER.decode(blob.data), blob.info.etag
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise ConfigError(
            f"{private.url(NAME)} is damaged ({exc}): it lists what must not come back, so repair"
            " it or remove it"
        ) from exc


# Made when the module is, not when first needed: see bucketlens.records.
_DECODER: msgspec.json.Decoder[Never] = msgspec.json.Decoder(Never)
