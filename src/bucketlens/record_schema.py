"""The JSON Schema of a record, as it is published with the package."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from bucketlens.records import Record


def record_schema() -> dict[str, Any]:
    """The JSON Schema of a record, as it is published with the package."""
    schema = msgspec.json.schema(Record)
    for definition in schema["$defs"].values():
        # Python 3.13 strips the indentation of docstrings, earlier ones do not.
        if "description" in definition:
            definition["description"] = inspect.cleandoc(definition["description"])
        if "schema_version" in definition.get("properties", {}):
            definition["required"].insert(1, "schema_version")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "bucketlens record",
        **schema,
    }
