"""Replies that were paid for, kept by the image's content and what was asked."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from bucketlens.errors import MissingError, TransientError
from bucketlens.types import Reply

if TYPE_CHECKING:
    from bucketlens.stores import Store

log = logging.getLogger(__name__)


class Replies:
    """The kept replies to one kind of request.

    Args:
        store: Keeps them as ``replies/<sha256>-<fingerprint>.json``.
        fingerprint: Of what is asked of each image.
    """

    def __init__(self, store: Store, fingerprint: str) -> None:
        """Hold the store; nothing is read yet."""
        self._store = store
        self._fingerprint = fingerprint

    def find(self, sha256: str) -> Reply | None:
        """The reply to these bytes; None where there is none that can be read."""
        try:
            return _DECODER.decode(self._store.get(self._key(sha256)).data)
        except (MissingError, msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def keep(self, sha256: str, reply: Reply) -> None:
        """Keep a reply; a store that is busy only means that it may be paid for again."""
        try:
            self._store.put(
                self._key(sha256), msgspec.json.encode(reply), content_type="application/json"
            )
        except TransientError as exc:
            log.warning("a reply could not be kept: %s", exc)

    def _key(self, sha256: str) -> str:
        return f"replies/{sha256}-{self._fingerprint}.json"


_DECODER: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)
