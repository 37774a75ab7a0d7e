"""``bucketlens show``: what is recorded about one image."""

from __future__ import annotations

import sys

import click
import msgspec

from bucketlens.assembly import Collection
from bucketlens.cli.options import resolve_settings
from bucketlens.cli.tables import print_labels
from bucketlens.errors import MissingError
from bucketlens.names import output_name
from bucketlens.records import FailureRecord, LabelRecord, UnreadableRecordError, decode_record


@click.command("show")
@click.argument("out")
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, help="Print the whole record as JSON.")
@click.pass_obj
def command(config_file: str | None, /, out: str, key: str, *, as_json: bool) -> None:
    r"""Show what is recorded in OUT about the image KEY.

    \b
    bucketlens show ~/labels trip/beach.jpg
    bucketlens show ~/labels trip/beach.jpg --json
    """
    collection = Collection(out, resolve_settings(config_file, (), out).settings)
    try:
        blob = collection.records.get(output_name(key, ".json"))
    except MissingError as exc:
        raise MissingError(f"{out} holds no record of {key!r}") from exc
    if as_json:
        sys.stdout.buffer.write(msgspec.json.format(blob.data, indent=2) + b"\n")
        return
    try:
        record = decode_record(blob.data)
    except UnreadableRecordError as exc:
        raise MissingError(
            f"the record of {key!r} is damaged ({exc}); a run makes it anew"
        ) from exc
    if isinstance(record, LabelRecord):
        facts = record.image
        click.echo(f"{key}: {facts.format}, {facts.width} x {facts.height}")
        print_labels(record.labels)
    elif isinstance(record, FailureRecord):
        click.echo(f"{key} could not be labelled: {record.failure.reason}")
        if record.failure.setting:
            click.echo(f"the setting {record.failure.setting} would change that")
    else:
        click.echo(f"{key} is gone")
