"""Parts that operations of the document share."""

from __future__ import annotations

from typing import Any

from bucketlens.server.problems import CONTENT_TYPE as PROBLEM

JSON = "application/json"

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


def query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter of the query."""
    return {"name": name, "in": "query", "required": False, "schema": schema}


def key() -> dict[str, Any]:
    """The key of an image, in the path."""
    return {
        "name": "key",
        "in": "path",
        "required": True,
        "description": "the image's key; slashes may stand as they are",
        "schema": {"type": "string", "minLength": 1},
    }


def responses(structs: dict[str, str], *problems: str) -> dict[str, Any]:
    """The answers of an operation: structs by status, then problems."""
    answers: dict[str, Any] = {
        status: {"description": MEANINGS[status], "content": {JSON: {"schema": ref(name)}}}
        for status, name in structs.items()
    }
    for status in (*problems, *ALWAYS):
        answers.setdefault(
            status,
            {"description": MEANINGS[status], "content": {PROBLEM: {"schema": ref("Problem")}}},
        )
    return answers


def ref(name: str) -> dict[str, str]:
    """The schema of a struct."""
    return {"$ref": f"#/components/schemas/{name}"}
