"""``bucketlens evaluate``: how good the labels are, on photos whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from bucketlens.assembly import build_labeler, build_model_view, find_models
from bucketlens.cli.evaluating import Examiner, show_examined
from bucketlens.cli.measures import print_evaluation
from bucketlens.cli.options import resolve_settings, setting_options
from bucketlens.evaluation.boxes import require_pycocotools
from bucketlens.evaluation.manifest import Manifest, read_manifest
from bucketlens.evaluation.results import (
    SWEPT,
    AnsweredSet,
    Evaluation,
    measure_all,
    measure_set,
)
from bucketlens.evaluation.truth import resolve_truths

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bucketlens.labels.view import View
    from bucketlens.settings import Settings


@click.command("evaluate")
@click.argument(
    "manifests", nargs=-1, required=True, metavar="MANIFEST...", type=click.Path(path_type=Path)
)
@click.option(
    "--photos",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder to look for photos in, before the manifest's own. Repeatable.",
)
@click.option(
    "--report",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write tables, diagrams and the worst mistakes with their photos into this folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print all numbers as JSON.")
@click.option("--limit", type=click.IntRange(min=1), help="Take so many photos of each manifest.")
@setting_options("min_confidence", "workers", "classifier", "detector")
@click.pass_obj
def command(
    config_file: str | None,
    /,
    manifests: tuple[Path, ...],
    photos: tuple[Path, ...],
    report: Path | None,
    limit: int | None,
    assignments: tuple[str, ...],
    *,
    as_json: bool,
    **flags: object,
) -> int:
    r"""Label the photos of each MANIFEST and compare with what is known of them.

    A manifest is a file of JSON objects, one a line: {"file": "a.jpg", "labels": ["dog"]}.
    docs/evaluation.md tells what else can be known, and what each number means.

    \b
    bucketlens evaluate my-photos/manifest.jsonl
    bucketlens evaluate */manifest.jsonl --report report
    bucketlens evaluate photos.jsonl --min-confidence 70 --json | jq .sets[0].labels
    """
    settings = resolve_settings(config_file, assignments, **flags).settings
    # Pages and colours cost time and change no label.
    settings = msgspec.structs.replace(settings, pages=False, features=("GENERAL_LABELS",))
    sets = [read_manifest(path, photos=photos, limit=limit) for path in manifests]
    if any(manifest.kind == "objects" for manifest in sets):
        require_pycocotools()
    view = build_model_view(settings)  # a service's answers have no scores to measure
    labeler = build_labeler(settings)
    views = _views(settings)
    examiner = Examiner(labeler, settings, view, low=views[min(views)])
    answered = _examine(sets, examiner, view)
    evaluation = Evaluation(
        threshold=settings.min_confidence,
        models=tuple(f"{model.name} {model.version}" for model in labeler.scorer.facts),
        labels_by=view.version,
        sets=tuple(measure_set(one, view, views) for one in answered),
        all_labels=measure_all(answered),
    )
    print_evaluation(evaluation)
    if as_json:
        click.echo(msgspec.json.encode(evaluation))
    if report:
        _write_report(report, evaluation, answered, view, settings)
    return 1 if any(result.failures for result in evaluation.sets) else 0


def _views(settings: Settings) -> Mapping[float, View]:
    """The view at each threshold that is compared, by threshold, lowest first."""
    models = find_models(settings)
    thresholds = sorted({*map(float, SWEPT), settings.min_confidence})
    return {
        threshold: build_model_view(
            msgspec.structs.replace(settings, min_confidence=threshold, max_labels=1000), models
        )
        for threshold in thresholds
    }


def _examine(sets: Sequence[Manifest], examiner: Examiner, view: View) -> list[AnsweredSet]:
    """Label all photos; what is wrong with a truth is told before the first is looked at."""
    truths = [resolve_truths(manifest, view.space) for manifest in sets]
    total = sum(truth is not None for known in truths for truth in known.photos)
    with show_examined(total) as told:
        return [
            examiner.examine(manifest, known, told)
            for manifest, known in zip(sets, truths, strict=True)
        ]


def _write_report(
    folder: Path,
    evaluation: Evaluation,
    answered: Sequence[AnsweredSet],
    view: View,
    settings: Settings,
) -> None:
    from bucketlens.evaluation.report import write_report  # noqa: PLC0415 - only where asked for
    from bucketlens.imaging import Limits  # noqa: PLC0415

    limits = Limits(max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
    names = [label.name for label in view.taxonomy.labels]
    write_report(folder, evaluation, answered, names, limits)
    click.echo(f"report: {folder / 'index.html'}", err=True)
