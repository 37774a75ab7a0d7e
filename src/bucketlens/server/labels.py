"""``POST /v1/labels``: an image comes, its labels go."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

from bucketlens.records import ImageFacts
from bucketlens.server.bodies import announced_size, receive_body
from bucketlens.server.parameters import Parameters
from bucketlens.server.problems import RefusedError
from bucketlens.server.protocol.answers import DetectLabelsReply, Wanted
from bucketlens.server.protocol.requests import LABELS, MOST_COLORS, MOST_LABELS, PROPERTIES

if TYPE_CHECKING:
    from starlette.requests import Request

    from bucketlens.live import Live
    from bucketlens.server.overload import Admission
    from bucketlens.server.protocol.answers import Answers
    from bucketlens.settings import Settings


class LabelsAnswer(DetectLabelsReply, frozen=True, kw_only=True, rename="pascal"):
    """The labels of an image in the shape of a DetectLabels reply, and what its file says."""

    image: ImageFacts


@dataclass(frozen=True, slots=True)
class LabelsEndpoint:
    """Labels single images for programs, of all formats and sizes that the settings allow.

    Attributes:
        engine: Labels images.
        answers: Makes replies.
        settings: Limits.
        admission: Room for requests.
    """

    engine: Live
    answers: Answers
    settings: Settings
    admission: Admission

    async def post(self, request: Request) -> Response:
        """The labels of the image that the body is."""
        wanted = self._wanted(request)
        require_image(request)
        most = self.settings.max_bytes
        with self.admission.room(announced_size(request, most)):
            data = await receive_body(request, most, self.settings.receive_seconds)
            asked = self.engine.ask(data, properties=PROPERTIES in wanted.features)
            record = await asyncio.wrap_future(asked)
        reply = self.answers.reply(record.scores, wanted)
        answer = LabelsAnswer(**msgspec.structs.asdict(reply), image=record.image)
        return json_response(answer)

    def _wanted(self, request: Request) -> Wanted:
        given = Parameters(
            request, "min_confidence", "max_labels", "features", "max_dominant_colors"
        )
        settings = self.settings
        return Wanted(
            min_confidence=given.number("min_confidence", settings.min_confidence, 0, 100),
            max_labels=given.whole("max_labels", settings.max_labels, 0, MOST_LABELS),
            features=given.words("features", (LABELS,), (LABELS, PROPERTIES)),
            max_dominant_colors=given.whole(
                "max_dominant_colors", settings.max_dominant_colors, 0, MOST_COLORS
            ),
        )


def require_image(request: Request) -> None:
    """See that a body is sent as the bytes of an image.

    Raises:
        RefusedError: It is a form, or something else.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and kind != "application/octet-stream" and not kind.startswith("image/"):
        raise RefusedError(
            415, "send the bytes of the image as they are, as image/... or application/octet-stream"
        )


def json_response(value: object, status: int = 200, **headers: str) -> Response:
    """A struct as JSON, not to be kept by anyone."""
    told = {"cache-control": "no-store", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return Response(msgspec.json.encode(value), status, headers=told, media_type="application/json")
