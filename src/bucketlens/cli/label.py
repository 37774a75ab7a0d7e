"""``bucketlens label``: single files, at once."""

from __future__ import annotations

import json
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from bucketlens.assembly import build_labeler, build_model_view
from bucketlens.cli.options import resolve_settings, setting_options
from bucketlens.cli.tables import print_labels
from bucketlens.errors import MissingError
from bucketlens.pipeline.labelling import Labelled, Loaded
from bucketlens.records import FailureRecord
from bucketlens.types import ObjectInfo

if TYPE_CHECKING:
    from bucketlens.labels import View
    from bucketlens.pipeline.labelling import Labeler, Result
    from bucketlens.records import LabelRecord
    from bucketlens.settings import Settings

STANDARD_INPUT = "-"


@click.command("label")
@click.argument("files", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each file.")
@click.option("--boxes", type=click.Path(dir_okay=False), help="Draw the boxes into this JPEG.")
@click.option("--explain", metavar="LABEL", help="Say what makes or misses this label.")
@setting_options("min_confidence", "max_labels", "classifier", "detector")
@click.pass_obj
def command(
    config_file: str | None,
    /,
    files: tuple[str, ...],
    boxes: str | None,
    explain: str | None,
    assignments: tuple[str, ...],
    *,
    as_json: bool,
    **flags: object,
) -> int:
    r"""Label FILES (or standard input, as -) and print what is seen.

    \b
    bucketlens label photo.jpg
    bucketlens label *.jpg --json | jq .Labels
    bucketlens label photo.jpg --boxes boxes.jpg
    bucketlens label photo.jpg --explain Cat
    """
    if boxes and len(files) > 1:
        raise click.UsageError("--boxes draws into one file: give it one photo")
    settings = resolve_settings(config_file, (*assignments, "pages=false"), **flags).settings
    # Before a model is opened or a service is asked: a service's replies explain themselves.
    view = build_model_view(settings) if explain else None
    status = 0
    with closing(build_labeler(settings)) as labeler:
        for name in files:
            loaded, result = _label(labeler, name)
            if isinstance(result, Exception):
                raise result
            if isinstance(result, FailureRecord):
                status = 1
                _tell_failure(name, result, as_json=as_json)
                continue
            _tell(name, result, as_json=as_json, many=len(files) > 1)
            if explain and view:
                _explain(view, result.record, explain)
            if boxes and loaded:
                _draw(loaded, result.record, settings, Path(boxes))
    return status


def _label(labeler: Labeler, name: str) -> tuple[Loaded | None, Result]:
    """The bytes and what became of them; a file that can't be read fails like one that is bad."""
    try:
        loaded = _read(name)
    except MissingError as exc:
        return None, labeler.failure(ObjectInfo(key=name, etag="", size=0, modified=0.0), exc)
    return loaded, labeler.label([loaded])[0]


def _read(name: str) -> Loaded:
    if name == STANDARD_INPUT:
        data = sys.stdin.buffer.read()
        info = ObjectInfo(key="standard input", etag="", size=len(data), modified=time.time())
        return Loaded(info, data)
    path = Path(name)
    try:
        data = path.read_bytes()
        modified = path.stat().st_mtime
    except OSError as exc:
        raise MissingError(f"{name} can't be read: {exc.strerror}") from exc
    return Loaded(ObjectInfo(key=name, etag="", size=len(data), modified=modified), data)


def _tell(name: str, result: Labelled, *, as_json: bool, many: bool) -> None:
    if as_json:
        document = msgspec.to_builtins(result.record)
        for private in ("scores", "observed"):
            document.pop(private)
        click.echo(json.dumps({"file": name, **document}))
        return
    if many:
        click.echo(f"{name}:")
    print_labels(result.record.labels)


def _tell_failure(name: str, record: FailureRecord, *, as_json: bool) -> None:
    failure = record.failure
    if as_json:
        click.echo(json.dumps({"file": name, "failure": msgspec.to_builtins(failure)}))
    hint = f" (setting: {failure.setting})" if failure.setting else ""
    click.echo(f"{name}: {failure.reason}{hint}", err=True)


def _explain(view: View, record: LabelRecord, label: str) -> None:
    from bucketlens.labels.explain import explain  # noqa: PLC0415 - rarely asked for

    for line in explain(view, record.scores, label):
        click.echo(line)


def _draw(loaded: Loaded, record: LabelRecord, settings: Settings, path: Path) -> None:
    from bucketlens.imaging import Limits  # noqa: PLC0415
    from bucketlens.imaging.drawing import draw_boxes  # noqa: PLC0415 - rarely asked for

    limits = Limits(max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
    path.write_bytes(draw_boxes(loaded.data, record.labels, limits))
