"""Errors as answers: problem details (RFC 9457), with the message that the error has."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

from bucketlens.errors import BucketlensError, TransientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.exceptions import HTTPException
    from starlette.requests import Request

CONTENT_TYPE = "application/problem+json"
RETRY_SECONDS = 2


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong.

    Attributes:
        title: The meaning of the status.
        status: Of HTTP.
        detail: A sentence about this very request.
        code: The kind of error, as records name it.
        setting: Of the server, that would change the outcome.
        start: Of a query, the first character that is meant.
        end: The one after the last.
        suggestions: What may have been meant.
    """

    title: str
    status: int
    detail: str = ""
    code: str = ""
    setting: str = ""
    start: int | None = None
    end: int | None = None
    suggestions: tuple[str, ...] = ()


class RefusedError(BucketlensError):
    """A request that is not answered as it is.

    Args:
        status: Of HTTP.
        message: Why.
        headers: Of the answer.
    """

    code = "refused"

    def __init__(
        self, status: int, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        """Keep what is told."""
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})


def problem(
    status: int,
    detail: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    **facts: Any,  # noqa: ANN401 - fields of Problem
) -> Response:
    """The answer that tells of a problem."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=_plain(detail), **facts)
    return Response(
        msgspec.json.encode(body),
        status,
        headers={"cache-control": "no-store", **(headers or {})},
        media_type=CONTENT_TYPE,
    )


def problem_of(error: BucketlensError) -> Response:
    """The answer to a request that ended in one of our errors."""
    if isinstance(error, RefusedError):
        return problem(error.status, error.message, headers=error.headers)
    headers = {"retry-after": str(RETRY_SECONDS)} if isinstance(error, TransientError) else {}
    # What the operator must change is told to the operator: it stands in the log.
    detail = error.message if error.http_status != HTTPStatus.INTERNAL_SERVER_ERROR else ""
    return problem(
        error.http_status, detail, headers=headers, code=error.code, setting=error.setting or ""
    )


async def answer_error(_request: Request, exc: Exception) -> Response:
    """The answer to one of our errors, for the router."""
    assert isinstance(exc, BucketlensError)  # noqa: S101 - it is registered for these
    return problem_of(exc)


async def answer_http_error(_request: Request, exc: Exception) -> Response:
    """The answer to an error of the router: no such path, or not with this method."""
    error: HTTPException = exc  # type: ignore[assignment]
    return problem(error.status_code, headers=error.headers)


def _plain(text: str) -> str:
    """A message that JSON can hold, whatever the name in it."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
