"""Bodies of requests, received within limits of size and time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bucketlens.errors import InputError, TooLargeError

if TYPE_CHECKING:
    from starlette.requests import Request

DRAINED = 4
"""A body may be so many times too large and is still read to its end, without being kept: many
clients read no answer before they have sent everything."""

MEGABYTE = 1024 * 1024

LONG = 16
"""Digits of a number of bytes that nobody has."""


class SlowError(InputError):
    """The body took too long to arrive."""

    code = "slow"
    http_status = 408


class CutOffError(InputError):
    """The client went away before the body was there."""

    code = "cut_off"
    http_status = 400


def announced_size(request: Request, most: int) -> int:
    """How much memory a body may need, bytes: what its header says, or else the limit."""
    told = request.headers.get("content-length", "")
    return min(int(told), most) if told.isascii() and told.isdigit() and len(told) < LONG else most


async def receive_body(
    request: Request, most: int, seconds: float, *, setting: str = "max_bytes"
) -> bytes:
    """The whole body.

    Args:
        request: Not read from yet.
        most: Bytes that are kept.
        seconds: In which it must have arrived.
        setting: What would change the limit.

    Raises:
        TooLargeError: It has more bytes.
        SlowError: It did not arrive in time.
        CutOffError: It never arrived.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _received(request, most, setting)
    except TimeoutError as exc:
        raise SlowError(
            f"the request did not arrive within {seconds:g} seconds", setting="receive_seconds"
        ) from exc


async def _received(request: Request, most: int, setting: str) -> bytes:
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise CutOffError("the client went away before it had sent everything")
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size <= most:
            parts.append(part)
        else:
            parts.clear()
            if size > DRAINED * most:
                break
    if size > most:
        raise TooLargeError(
            f"the request has over {most / MEGABYTE:.1f} MB, which is the limit", setting=setting
        )
    return b"".join(parts)
