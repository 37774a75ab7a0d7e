"""The tables of the catalog: their columns, types and what they mean.

Segments are Parquet files with exactly these columns. Readers may count on a column keeping its
name, type and meaning; new columns come at the end.
"""

from __future__ import annotations

from typing import NamedTuple

SCHEMA_VERSION = 1
"""Raised when a column changes; a catalog of another version is made anew from the records."""


class Column(NamedTuple):
    """A column.

    Attributes:
        name: Of the column.
        type: DuckDB's.
        meaning: A sentence for people.
        later: Files that were written before it came do not have it.
    """

    name: str
    type: str
    meaning: str
    later: bool = False


class Table(NamedTuple):
    """A table and the order that its rows stand in, within one file."""

    name: str
    columns: tuple[Column, ...]
    order: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(column.name for column in self.columns)

    @property
    def definition(self) -> str:
        """The columns as SQL defines them."""
        return ", ".join(f'"{column.name}" {column.type}' for column in self.columns)


IMAGES = Table(
    "images",
    (
        Column("id", "BIGINT", "given once to a key; newer images have higher ones"),
        Column("change", "BIGINT", "number of the update that wrote this row"),
        Column("kind", "VARCHAR", "`labels`, or `failure` where there are none"),
        Column("key", "VARCHAR", "the object's key below the source"),
        Column("name", "VARCHAR", "its safe name, that of its record, page and thumbnail"),
        Column("key_bytes", "BLOB", "the key itself, where it is no UTF-8"),
        Column("record_etag", "VARCHAR", "the version of the record that this was read from"),
        Column("etag", "VARCHAR", "the version of the object"),
        Column("size", "BIGINT", "bytes of the object"),
        Column("sha256", "VARCHAR", "of the object's bytes"),
        Column("modified", "TIMESTAMP", "when the object was last changed, UTC"),
        Column("recorded", "TIMESTAMP", "when its record was made, UTC"),
        Column("taken", "TIMESTAMP", "when the image is from, as its page shows it"),
        Column("taken_known", "BOOLEAN", "the image says so itself; else it is `modified`"),
        Column("format", "VARCHAR", "`jpeg`, `png`, `heic` …"),
        Column("width", "INTEGER", "of the upright image, pixels"),
        Column("height", "INTEGER", "of the upright image, pixels"),
        Column("orientation", "VARCHAR", "`landscape`, `portrait` or `square`"),
        Column("categories", "VARCHAR[]", "of its labels, sorted"),
        Column("colors", "VARCHAR[]", "simple words for its dominant colours, largest first"),
        Column("color", "VARCHAR", "its most dominant colour: `#6a8d3f`"),
        Column("model", "VARCHAR", "what made the labels, with versions"),
        Column("label_model_version", "VARCHAR", "as in the record"),
        Column("page", "BOOLEAN", "it has a page"),
        Column("thumbnail", "BOOLEAN", "it has a thumbnail and a preview"),
        Column("failure", "VARCHAR", "why there are no labels: `damaged`, `too_large` …"),
        Column("failure_reason", "VARCHAR", "the same as a sentence"),
        Column("failure_setting", "VARCHAR", "the setting that would change it"),
        Column("score_fingerprint", "VARCHAR", "changes with the models"),
        Column("view_fingerprint", "VARCHAR", "changes with the settings of labels"),
        Column("limits_fingerprint", "VARCHAR", "of a failure: changes with the limits"),
        Column("scored", "BIGINT", "`id` of its rows in `scores` and `embeddings`"),
        Column("scores_digest", "BIGINT", "a hash of the stored scores"),
    ),
    order="id",
)

LABELS = Table(
    "labels",
    (
        Column("image", "BIGINT", "`images.id`"),
        Column("label", "INTEGER", "`vocabulary.id`"),
        Column("confidence", "FLOAT", "0 to 100"),
        Column("origin", "VARCHAR", "`model`, or `service` where others' models saw it"),
        Column("instances", "SMALLINT", "how many places of the image it is seen in"),
        Column("specific", "BOOLEAN", "no other label of the image refines it"),
    ),
    order="image, specific DESC, confidence DESC, label",
)

VOCABULARY = Table(
    "vocabulary",
    (
        Column("id", "INTEGER", "given once to a name"),
        Column("name", "VARCHAR", "`Golden Retriever`"),
        Column("parents", "VARCHAR[]", "names of the labels above it"),
        Column("aliases", "VARCHAR[]", "other words for it"),
        Column("categories", "VARCHAR[]", "the groups that it is sorted into"),
    ),
    order="id",
)

SCORES = Table(
    "scores",
    (
        Column("id", "BIGINT", "`images.scored`"),
        Column("scores", "VARCHAR", "the record's `scores` without the embedding, as JSON"),
        Column("codes", "BLOB", "the classifier's codes again, a byte for each class", later=True),
        Column("energy", "DOUBLE", "the classifier's energy again", later=True),
        Column(
            "objects",
            "BLOB",
            "each detection in four bytes: its class and its score in ten-thousandths, 16 bits"
            " each, the low byte first; NULL where `scores` do not fit in, or are not in the form"
            " that bucketlens writes",
            later=True,
        ),
    ),
    order="id",
)

EMBEDDINGS = Table(
    "embeddings",
    (
        Column("id", "BIGINT", "`images.scored`"),
        Column("codes", "BLOB", "a byte for each value: value = (byte - 128) * scale"),
        Column("scale", "FLOAT", "see `codes`"),
    ),
    order="id",
)

GONE = Table(
    "gone",
    (
        Column("image", "BIGINT", "an id whose older rows no longer hold"),
        Column("change", "BIGINT", "number of the update that says so"),
        Column("removed", "BOOLEAN", "the image is gone; else a newer row stands"),
    ),
    order="image, change",
)

TABLES = {table.name: table for table in (IMAGES, LABELS, VOCABULARY, SCORES, EMBEDDINGS)}
"""What people and other parts read."""
