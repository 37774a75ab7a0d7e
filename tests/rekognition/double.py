"""A double of Amazon Rekognition over HTTP, as strict as the service's own model.

Requests and replies are checked by botocore's validator against the shapes of the operation, and
requests against what the service's guide says besides: one form of the image, JPEG or PNG, 80 to
10,000 pixels a side, no parameters of a feature that is not asked for.
"""

from __future__ import annotations

import base64
import io
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import botocore.session
from botocore.validate import ParamValidator
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

REPLY: dict[str, Any] = json.loads((Path(__file__).parent / "reply.json").read_text("utf-8"))
OPERATION = (
    botocore.session.get_session().get_service_model("rekognition").operation_model("DetectLabels")
)


class Refused(Exception):  # noqa: N818 - it is an answer, not an error of the double
    """What the service answers instead of labels."""

    def __init__(self, code: str, status: int = 400) -> None:
        """A code and its HTTP status."""
        super().__init__(code)
        self.code = code
        self.status = status


def checked(value: dict[str, Any], shape: Any) -> dict[str, Any]:  # noqa: ANN401
    """The value, if the service's model allows it."""
    report = ParamValidator().validate(value, shape)
    assert not report.has_errors(), report.generate_report()
    return value


@dataclass
class Double:
    """What the double was asked, and what it answers first.

    Attributes:
        requests: Every request that was carried out, images decoded to bytes.
        faults: Answers to the next requests, instead of labels.
        stored: Bytes of the objects that the service can read, by bucket and name.
        before: Called before each answer.
    """

    requests: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Refused] = field(default_factory=list)
    stored: dict[tuple[str, str], bytes] = field(default_factory=dict)
    before: Callable[[], None] = lambda: None
    mistakes: list[str] = field(default_factory=list)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Labels, as far as they are asked for."""
        self.before()
        if self.faults:
            raise self.faults.pop(0)
        image = request["Image"]
        if "Bytes" in image:
            image["Bytes"] = base64.b64decode(image["Bytes"])
        checked(request, OPERATION.input_shape)
        assert len(image) == 1, "one form of the image"
        features = request.get("Features", ["GENERAL_LABELS"])
        if "GENERAL_LABELS" not in features and {"MaxLabels", "MinConfidence"} & set(request):
            raise Refused("InvalidParameterException")
        check_image(self._bytes(image))
        self.requests.append(request)
        return checked(reply(request, features), OPERATION.output_shape)

    def _bytes(self, image: dict[str, Any]) -> bytes:
        if "Bytes" in image:
            return bytes(image["Bytes"])
        found = self.stored.get((image["S3Object"]["Bucket"], image["S3Object"]["Name"]))
        if found is None:
            raise Refused("InvalidS3ObjectException")
        return found


def check_image(data: bytes) -> None:
    """Refuse what the service's guide says it refuses."""
    try:
        picture = Image.open(io.BytesIO(data))
    except OSError:
        raise Refused("InvalidImageFormatException") from None
    if picture.format not in {"JPEG", "PNG"}:
        raise Refused("InvalidImageFormatException")
    if min(picture.size) < 80:
        raise Refused("InvalidParameterException")
    if max(picture.size) > 10_000:
        raise Refused("ImageTooLargeException")


def reply(request: dict[str, Any], features: list[str]) -> dict[str, Any]:
    """The recorded reply, cut to what was asked for."""
    answer: dict[str, Any] = {"LabelModelVersion": REPLY["LabelModelVersion"], "Labels": []}
    if "GENERAL_LABELS" in features:
        least = request.get("MinConfidence", 55.0)
        labels = [label for label in REPLY["Labels"] if label["Confidence"] >= least]
        answer["Labels"] = labels[: request.get("MaxLabels", 1000)]
    if "IMAGE_PROPERTIES" in features:
        answer["ImageProperties"] = REPLY["ImageProperties"]
    return answer


class Server:
    """The double behind an address of this machine."""

    def __init__(self) -> None:
        """Listen, on a port that is free."""
        self.double = Double()
        handler = type("Handler", (_Handler,), {"double": self.double})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        """For ``AWS_ENDPOINT_URL_REKOGNITION``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    double: Double
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, answer = 200, {}
        try:
            assert self.headers["X-Amz-Target"] == "RekognitionService.DetectLabels"
            assert self.headers["Authorization"].startswith("AWS4-HMAC-SHA256")
            answer = self.double.answer(json.loads(body))
        except Refused as refused:
            status = refused.status
            answer = {"__type": refused.code, "Code": refused.code, "Message": "said the double"}
        except AssertionError as mistake:
            self.double.mistakes.append(str(mistake))
            status, answer = 400, {"__type": "ValidationException", "Message": str(mistake)}
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""
