"""The OpenAPI 3.1 document of the REST API, made of the same structs as its answers."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

import bucketlens
from bucketlens.live import LiveStatus
from bucketlens.records import FailureRecord, LabelRecord
from bucketlens.server.health import Health
from bucketlens.server.labels import LabelsAnswer
from bucketlens.server.live import Accepted
from bucketlens.server.problems import CONTENT_TYPE as PROBLEM
from bucketlens.server.problems import Problem
from bucketlens.server.protocol.requests import LABELS, MOST_COLORS, MOST_LABELS, PROPERTIES
from bucketlens.server.uploads import Upload

JSON = "application/json"
RECORD = "Record"
SHOWN: tuple[type, ...] = (
    *(LabelsAnswer, LabelRecord, FailureRecord, Problem, Upload, Health),
    *(LiveStatus, Accepted),
)

IMAGE_BODY = {
    "required": True,
    "content": {
        kind: {"schema": {"type": "string", "format": "binary"}}
        for kind in ("application/octet-stream", "image/*")
    },
}

ALWAYS = ("401", "403", "421")
"""Answers that any path may give before it is reached."""

MEANINGS = {
    "200": "done",
    "201": "taken",
    "202": "understood",
    "304": "as it was",
    "400": "a parameter is wrong",
    "401": "no credentials, or wrong ones",
    "403": "the request comes from another site's page",
    "404": "there is none",
    "408": "the request took too long to arrive",
    "409": "the name is taken",
    "413": "over a limit of bytes or pixels",
    "415": "not an image that is read",
    "421": "the Host header is not a name of this server",
    "422": "the image is damaged",
    "429": "too many in a minute",
    "503": "too many at once; come back after Retry-After",
}


@cache
def document(*, uploads: bool, events: bool, secured: bool) -> bytes:
    """The document of a server.

    Args:
        uploads: Whether it takes uploads.
        events: Whether it takes notifications of a bucket.
        secured: Whether credentials are demanded.
    """
    _, schemas = msgspec.json.schema_components(SHOWN, ref_template="#/components/schemas/{name}")
    paths = {**_labels(), **_records(), **_health()}
    paths |= (_uploads() if uploads else {}) | (_events() if events else {})
    schemes = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": "bucketlens"},
    }
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "bucketlens",
                "version": bucketlens.__version__,
                "description": "Labels of images. DetectLabels of Amazon Rekognition is spoken at"
                " / and is not part of this document.",
            },
            "paths": paths,
            "components": {
                "schemas": _plain(schemas),
                **({"securitySchemes": schemes} if secured else {}),
            },
            **({"security": [{name: []} for name in schemes]} if secured else {}),
        }
    )


def _labels() -> dict[str, Any]:
    parameters = [
        _query("min_confidence", {"type": "number", "minimum": 0, "maximum": 100}),
        _query("max_labels", {"type": "integer", "minimum": 0, "maximum": MOST_LABELS}),
        _query("max_dominant_colors", {"type": "integer", "minimum": 0, "maximum": MOST_COLORS}),
        {
            **_query(
                "features",
                {
                    "type": "array",
                    "items": {"type": "string", "enum": [LABELS, PROPERTIES]},
                    "minItems": 1,
                    "maxItems": 2,
                    "uniqueItems": True,
                },
            ),
            "style": "form",
            "explode": False,
        },
    ]
    return {
        "/v1/labels": {
            "post": {
                "operationId": "labelImage",
                "summary": "Labels of one image; nothing of it is kept",
                "parameters": parameters,
                "requestBody": IMAGE_BODY,
                "responses": _responses(
                    {"200": "LabelsAnswer"}, "400", "408", "413", "415", "422", "503"
                ),
            }
        }
    }


def _records() -> dict[str, Any]:
    schema = {"oneOf": [_ref("LabelRecord"), _ref("FailureRecord")]}
    answers = _responses({}, "404", "503")
    answers["200"] = {"description": MEANINGS["200"], "content": {JSON: {"schema": schema}}}
    answers["304"] = {"description": MEANINGS["304"]}
    return {
        "/v1/images/{key}": {
            "get": {
                "operationId": "getRecord",
                "summary": "The record of one image, as it is stored",
                "parameters": [_key()],
                "responses": answers,
            }
        }
    }


def _uploads() -> dict[str, Any]:
    return {
        "/v1/uploads": {
            "post": {
                "operationId": "uploadImage",
                "summary": "Put an image into the source",
                "parameters": [_query("name", {"type": "string", "maxLength": 1024})],
                "requestBody": IMAGE_BODY,
                "responses": _responses(
                    {"201": "Upload", "200": "Upload"},
                    *("400", "408", "409", "413", "415", "422", "429", "503"),
                ),
            }
        },
        "/v1/uploads/{key}": {
            "get": {
                "operationId": "getUpload",
                "summary": "What became of an upload",
                "parameters": [_key()],
                "responses": _responses({"200": "Upload"}, "404", "503"),
            }
        },
    }


def _events() -> dict[str, Any]:
    return {
        "/v1/events": {
            "post": {
                "operationId": "takeNotification",
                "summary": "A notification of the source's bucket, of any sender that is known",
                "requestBody": {"required": True, "content": {JSON: {"schema": {}}}},
                "responses": _responses({"202": "Accepted"}, "400", "408", "413", "503"),
            }
        }
    }


def _health() -> dict[str, Any]:
    return {
        "/v1/status": {
            "get": {
                "operationId": "getStatus",
                "summary": "What the server is doing",
                "responses": _responses({"200": "LiveStatus"}),
            }
        },
        "/healthz": {
            "get": {
                "operationId": "isAlive",
                "summary": "The process answers",
                "security": [],
                "responses": _responses({"200": "Health"}),
            }
        },
        "/readyz": {
            "get": {
                "operationId": "isReady",
                "summary": "It can do its work",
                "security": [],
                "responses": _responses({"200": "Health", "503": "Health"}),
            }
        },
    }


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _key() -> dict[str, Any]:
    return {
        "name": "key",
        "in": "path",
        "required": True,
        "description": "the image's key; slashes may stand as they are",
        "schema": {"type": "string", "minLength": 1},
    }


def _responses(structs: dict[str, str], *problems: str) -> dict[str, Any]:
    answers: dict[str, Any] = {
        status: {"description": MEANINGS[status], "content": {JSON: {"schema": _ref(name)}}}
        for status, name in structs.items()
    }
    for status in (*problems, *ALWAYS):
        answers.setdefault(
            status,
            {"description": MEANINGS[status], "content": {PROBLEM: {"schema": _ref("Problem")}}},
        )
    return answers


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _plain(schemas: dict[str, Any]) -> dict[str, Any]:
    """Schemas with descriptions of one paragraph."""
    for schema in schemas.values():
        if "description" in schema:
            schema["description"] = schema["description"].partition("\n\n")[0]
    return schemas
