"""``POST /``: a request of AWS's clients, answered as Amazon Rekognition answers it."""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from bucketlens.errors import BucketlensError, TooLargeError
from bucketlens.server.bodies import announced_size, receive_body
from bucketlens.server.protocol.authorization import SignedRequest
from bucketlens.server.protocol.errors import (
    RETRY_AFTER,
    ConstraintError,
    InternalServerError,
    ServiceError,
    ThrottlingError,
    UnknownOperationError,
    as_service_error,
)
from bucketlens.server.protocol.requests import (
    PROPERTIES,
    ImageField,
    S3Object,
    check_call,
    read_call,
)
from bucketlens.server.protocol.signing import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request

    from bucketlens.live import Live
    from bucketlens.server.credentials import Credentials
    from bucketlens.server.overload import Admission
    from bucketlens.server.protocol.answers import Answers
    from bucketlens.server.protocol.images import Buckets
    from bucketlens.server.protocol.limits import ImageLimits
    from bucketlens.server.protocol.requests import DetectLabelsCall

log = logging.getLogger(__name__)

OPERATION = "RekognitionService.DetectLabels"
CONTENT_TYPE = "application/x-amz-json-1.1"

AROUND_IMAGE = 64 * 1024
"""Bytes of JSON around an image: a hundred filters of each kind fit."""

MEMORY_FACTOR = 2
"""Memory of a request: its text, and the image in it."""


@dataclass(frozen=True, slots=True)
class DetectLabelsEndpoint:
    """Answers requests to label one image.

    Attributes:
        engine: Labels images.
        answers: Makes replies.
        buckets: That objects are read from.
        limits: On images.
        credentials: Whose access keys must have signed.
        verified: Whether a signature is demanded.
        admission: Room for requests.
        receive_seconds: In which a request must have arrived.
        clock: Gives the time, with its zone.
    """

    engine: Live
    answers: Answers
    buckets: Buckets
    limits: ImageLimits
    credentials: Credentials
    verified: bool
    admission: Admission
    receive_seconds: float
    clock: Callable[[], datetime]

    async def answer(self, request: Request) -> Response:
        """The answer, whatever happens."""
        try:
            return _response(200, await self._reply(request))
        except ServiceError as exc:
            return _error(exc)
        except BucketlensError as exc:
            return _error(as_service_error(exc))
        except Exception:
            log.exception("bug in DetectLabels")
            return _error(InternalServerError("Internal server error"))

    async def _reply(self, request: Request) -> bytes:
        # An image is a third longer as text.
        most = self.limits.most_bytes * 4 // 3 + AROUND_IMAGE
        with self.admission.room(MEMORY_FACTOR * announced_size(request, most)):
            try:
                body = await receive_body(request, most, self.receive_seconds)
            except TooLargeError as exc:
                rule = f"Member must have length less than or equal to {self.limits.most_bytes}"
                raise ConstraintError(
                    "1 validation error detected: Value at 'image.bytes' failed to satisfy"
                    f" constraint: {rule}"
                ) from exc
            if self.verified:
                signed = signed_request(request, body)
                request.state.caller = verify(signed, self.credentials.access_keys, self.clock())
            if request.headers.get("x-amz-target") != OPERATION:
                raise UnknownOperationError("This server knows no operation but DetectLabels.")
            call = read_call(body)
            del body
            return await self._labels(call)

    async def _labels(self, call: DetectLabelsCall) -> bytes:
        check_call(call, most_bytes=self.limits.most_bytes)
        image = call.image or ImageField()
        if image.data is not None:
            return await self._looked_at(image.data, call)
        most = self.limits.most_object_bytes
        with self.admission.room(most):
            place = image.s3_object or S3Object()
            data = await run_in_threadpool(self.buckets.read, place, most)
            return await self._looked_at(data, call)

    async def _looked_at(self, data: bytes, call: DetectLabelsCall) -> bytes:
        self.limits.check(data)
        wanted = self.answers.wanted(call)
        asked = self.engine.ask(data, properties=PROPERTIES in wanted.features)
        record = await asyncio.wrap_future(asked)
        return msgspec.json.encode(self.answers.reply(record.scores, wanted))


def signed_request(request: Request, body: bytes) -> SignedRequest:
    """A request as signatures see it."""
    scope = request.scope
    return SignedRequest(
        method=request.method,
        path=scope.get("raw_path", b"/").decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple(
            (name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))
            for name, value in scope["headers"]
        ),
        body=body,
    )


def _error(error: ServiceError) -> Response:
    body = msgspec.json.encode(
        {
            "__type": error.code,
            "Code": error.code,
            "Logref": str(uuid.uuid4()),
            "Message": error.message,
        }
    )
    headers = {"x-amzn-errortype": error.code}
    if isinstance(error, ThrottlingError):
        headers["retry-after"] = str(RETRY_AFTER)
    return _response(error.status, body, headers)


def _response(status: int, body: bytes, headers: dict[str, str] | None = None) -> Response:
    identity = {"x-amzn-requestid": str(uuid.uuid4()), "cache-control": "no-store"}
    return Response(body, status, headers={**identity, **(headers or {})}, media_type=CONTENT_TYPE)
