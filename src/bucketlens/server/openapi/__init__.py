"""The OpenAPI 3.1 document of the REST API, made of the same structs as its answers."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

import bucketlens
from bucketlens.catalog.search import Facets, Found, Standing
from bucketlens.edits import Changes
from bucketlens.live import LiveStatus
from bucketlens.records import FailureRecord, LabelRecord
from bucketlens.server.editing import EditsAnswer, ForgottenAnswer
from bucketlens.server.health import Health
from bucketlens.server.labels import LabelsAnswer
from bucketlens.server.live import Accepted
from bucketlens.server.openapi.paths import (
    edits_paths,
    events_paths,
    health_paths,
    labels_paths,
    records_paths,
    search_paths,
    uploads_paths,
)
from bucketlens.server.problems import Problem
from bucketlens.server.searching import Completions
from bucketlens.server.uploads import Upload

SHOWN: tuple[type, ...] = (
    *(LabelsAnswer, LabelRecord, FailureRecord, Problem, Upload, Health),
    *(LiveStatus, Accepted, Found, Facets, Completions, Standing),
    *(Changes, EditsAnswer, ForgottenAnswer),
)


@cache
def document(*, uploads: bool, events: bool, secured: bool) -> bytes:
    """The document of a server.

    Args:
        uploads: Whether it takes uploads.
        events: Whether it takes notifications of a bucket.
        secured: Whether credentials are demanded.
    """
    _, schemas = msgspec.json.schema_components(SHOWN, ref_template="#/components/schemas/{name}")
    paths = {**labels_paths(), **search_paths(), **records_paths(), **health_paths()}
    for path, operations in edits_paths().items():
        paths[path] = {**paths.get(path, {}), **operations}
    paths |= (uploads_paths() if uploads else {}) | (events_paths() if events else {})
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


def _plain(schemas: dict[str, Any]) -> dict[str, Any]:
    """Schemas with descriptions of one paragraph."""
    for schema in schemas.values():
        if "description" in schema:
            schema["description"] = schema["description"].partition("\n\n")[0]
    return schemas
