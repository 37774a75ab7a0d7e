"""``GET /v1/images/{key}``: what is recorded about one image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from bucketlens.errors import MissingError
from bucketlens.names import output_name
from bucketlens.records import Tombstone, UnreadableRecordError, decode_record
from bucketlens.server.files import is_known
from bucketlens.server.problems import RefusedError

if TYPE_CHECKING:
    from starlette.requests import Request

    from bucketlens.records import FailureRecord, LabelRecord
    from bucketlens.stores import Store


@dataclass(frozen=True, slots=True)
class RecordsEndpoint:
    """Gives out records as they are stored.

    Attributes:
        records: Their store.
    """

    records: Store

    async def get(self, request: Request) -> Response:
        """The record of one key, labels or failure."""
        return await run_in_threadpool(self._answer, request)

    def _answer(self, request: Request) -> Response:
        key = key_after(request, "/v1/images/")
        try:
            blob = self.records.get(output_name(key, ".json"))
            gone = isinstance(decode_record(blob.data), Tombstone)
        except MissingError:
            raise RefusedError(404, f"there is no record of {key!r}") from None
        except UnreadableRecordError as exc:
            raise RefusedError(404, f"the record of {key!r} can't be read: {exc}") from exc
        if gone:
            raise RefusedError(404, f"{key!r} is gone")
        headers = {
            "etag": f'"{blob.info.etag.strip(chr(34))}"',
            "cache-control": "private, no-cache",
        }
        if is_known(request.headers.get("if-none-match", ""), headers["etag"]):
            return Response(status_code=304, headers=headers)
        return Response(blob.data, headers=headers, media_type="application/json")


def key_after(request: Request, prefix: str) -> str:
    """The key that stands in a path: any bytes, percent-encoded where needed."""
    raw = request.scope["raw_path"].partition(b"?")[0]
    return unquote_to_bytes(raw).decode("utf-8", "surrogateescape").removeprefix(prefix)


def read_record(records: Store, key: str) -> LabelRecord | FailureRecord | None:
    """The record of a key; None where there is none that says something of an image."""
    try:
        record = decode_record(records.get(output_name(key, ".json")).data)
    except (MissingError, UnreadableRecordError):
        return None
    return None if isinstance(record, Tombstone) else record
