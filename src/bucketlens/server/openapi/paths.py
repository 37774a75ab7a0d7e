"""The operations of the REST API, by path."""

from __future__ import annotations

from typing import Any

from bucketlens.query.tokens import MAX_LENGTH
from bucketlens.server.openapi.parts import IMAGE_BODY, JSON, MEANINGS, key, query, ref, responses
from bucketlens.server.protocol.requests import LABELS, MOST_COLORS, MOST_LABELS, PROPERTIES
from bucketlens.server.searching import HIGHEST, MOST_COMPLETIONS, MOST_HITS


def labels_paths() -> dict[str, Any]:
    """Labels of images that are sent along."""
    parameters = [
        query("min_confidence", {"type": "number", "minimum": 0, "maximum": 100}),
        query("max_labels", {"type": "integer", "minimum": 0, "maximum": MOST_LABELS}),
        query("max_dominant_colors", {"type": "integer", "minimum": 0, "maximum": MOST_COLORS}),
        {
            **query(
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
                "responses": responses(
                    {"200": "LabelsAnswer"}, "400", "408", "413", "415", "422", "503"
                ),
            }
        }
    }


def search_paths() -> dict[str, Any]:
    """Search."""
    words = query("q", {"type": "string", "maxLength": MAX_LENGTH})
    number = {"type": "integer", "minimum": 1}
    published = query("published", {"type": "boolean"})
    asked: dict[str, tuple[str, str, str, list[dict[str, Any]]]] = {
        "/v1/images": (
            "searchImages",
            "Images that a query finds, the newest first; the cursor leads to the next page",
            "Found",
            [
                words,
                query("limit", {**number, "maximum": MOST_HITS}),
                query("cursor", {"type": "string", "maxLength": 1024}),
                query("skip", {"type": "integer", "minimum": 0, "maximum": HIGHEST}),
                query("first", {"type": "integer", "minimum": 0, "maximum": HIGHEST}),
                published,
            ],
        ),
        "/v1/facets": (
            "countFacets",
            "What all images that a query finds have in common",
            "Facets",
            [words, published],
        ),
        "/v1/complete": (
            "completeWord",
            "What a word that is being typed may become",
            "Completions",
            [
                query("prefix", {"type": "string", "maxLength": 100}),
                query("limit", {**number, "maximum": MOST_COMPLETIONS}),
                published,
            ],
        ),
        "/v1/changes": (
            "searchStanding",
            "The state of the catalog that search knows; another one has another change",
            "Standing",
            [],
        ),
    }
    return {
        path: {
            "get": {
                "operationId": operation,
                "summary": summary,
                "parameters": parameters,
                "responses": responses({"200": struct}, "400", "503"),
            }
        }
        for path, (operation, summary, struct, parameters) in asked.items()
    }


def records_paths() -> dict[str, Any]:
    """What is recorded."""
    schema = {"oneOf": [ref("LabelRecord"), ref("FailureRecord")]}
    answers = responses({}, "404", "503")
    answers["200"] = {"description": MEANINGS["200"], "content": {JSON: {"schema": schema}}}
    answers["304"] = {"description": MEANINGS["304"]}
    return {
        "/v1/images/{key}": {
            "get": {
                "operationId": "getRecord",
                "summary": "The record of one image, as it is stored",
                "parameters": [key()],
                "responses": answers,
            }
        }
    }


def edits_paths() -> dict[str, Any]:
    """What people say of images."""
    changes = {"required": True, "content": {JSON: {"schema": ref("Changes")}}}
    return {
        "/v1/images/{key}/edits": {
            "get": {
                "operationId": "getEdits",
                "summary": "What people said about the labels of an image, who and when",
                "parameters": [key()],
                "responses": responses({"200": "EditsAnswer"}, "404", "503"),
            },
            "put": {
                "operationId": "editLabels",
                "summary": "Add labels to an image, take labels away, or take that back",
                "parameters": [key()],
                "requestBody": changes,
                "responses": responses(
                    {"200": "EditsAnswer"}, "400", "404", "408", "413", "415", "422", "503"
                ),
            },
        },
        "/v1/images/{key}": {
            "delete": {
                "operationId": "forgetImage",
                "summary": "Remove all that is kept about an image, which stays in the source",
                "parameters": [key()],
                "responses": responses({"200": "ForgottenAnswer"}, "404", "503"),
            }
        },
    }


def uploads_paths() -> dict[str, Any]:
    """Uploads."""
    return {
        "/v1/uploads": {
            "post": {
                "operationId": "uploadImage",
                "summary": "Put an image into the source",
                "parameters": [query("name", {"type": "string", "maxLength": 1024})],
                "requestBody": IMAGE_BODY,
                "responses": responses(
                    {"201": "Upload", "200": "Upload"},
                    *("400", "408", "409", "413", "415", "422", "429", "503"),
                ),
            }
        },
        "/v1/uploads/{key}": {
            "get": {
                "operationId": "getUpload",
                "summary": "What became of an upload",
                "parameters": [key()],
                "responses": responses({"200": "Upload"}, "404", "503"),
            }
        },
    }


def events_paths() -> dict[str, Any]:
    """Notifications of a bucket."""
    return {
        "/v1/events": {
            "post": {
                "operationId": "takeNotification",
                "summary": "A notification of the source's bucket, of any sender that is known",
                "requestBody": {"required": True, "content": {JSON: {"schema": {}}}},
                "responses": responses({"202": "Accepted"}, "400", "408", "413", "503"),
            }
        }
    }


def health_paths() -> dict[str, Any]:
    """How the server is."""
    return {
        "/v1/status": {
            "get": {
                "operationId": "getStatus",
                "summary": "What the server is doing",
                "responses": responses({"200": "LiveStatus"}),
            }
        },
        "/healthz": {
            "get": {
                "operationId": "isAlive",
                "summary": "The process answers",
                "security": [],
                "responses": responses({"200": "Health"}),
            }
        },
        "/readyz": {
            "get": {
                "operationId": "isReady",
                "summary": "It can do its work",
                "security": [],
                "responses": responses({"200": "Health", "503": "Health"}),
            }
        },
    }
