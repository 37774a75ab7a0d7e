"""A pass over a source as the command line shows it: progress, Ctrl-C, a summary, a status."""

from __future__ import annotations

import json
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
import msgspec
from rich.console import Console
from rich.table import Table

from bucketlens.cli import BUG, INTERRUPTED
from bucketlens.cli.interrupting import stopping
from bucketlens.cli.printing import printable
from bucketlens.cli.progress import show_progress
from bucketlens.errors import BucketlensError
from bucketlens.pipeline.asking import RekognitionScorer
from bucketlens.pipeline.foreseeing import Forecast, forecast
from bucketlens.pipeline.pacing import cost_of, duration_of
from bucketlens.pipeline.passing import Tally
from bucketlens.pipeline.plans import Action, Outcome
from bucketlens.stores import STRAIN

if TYPE_CHECKING:
    from bucketlens.pipeline.passing import Pass
    from bucketlens.pipeline.spending import Estimate
    from bucketlens.stores import Strain

TRANSIENT = 75


@dataclass(frozen=True, slots=True)
class Doing:
    """What the user asked for.

    Attributes:
        again: The whole command, which goes on after an interruption.
        limit: Look at so many images only.
        dry_run: Change nothing.
        as_json: The summary goes to standard output as JSON.
    """

    again: str
    limit: int | None = None
    dry_run: bool = False
    as_json: bool = False


def perform(work: Pass, doing: Doing) -> int:
    """Do it, or say what would be done; the exit status."""
    tally = Tally()
    if doing.dry_run:
        return _tell_forecast(work, forecast(work, tally, limit=doing.limit), tally, doing)
    if isinstance(work.labeler.scorer, RekognitionScorer):
        _tell_cost(cost_of(work, _images_to_ask(work, doing)))
    started = time.monotonic()
    stop = threading.Event()
    ended_by: BucketlensError | None = None
    with stopping(stop), show_progress(work, tally, limit=doing.limit) as told:
        try:
            work.run(tally, stop=stop, limit=doing.limit, told=told)
        except BucketlensError as exc:
            ended_by = exc
    with suppress(BrokenPipeError, SystemExit):  # the latter is what rich makes of the former
        _summarise(tally, time.monotonic() - started, STRAIN.now, doing)
    if ended_by is not None:
        raise ended_by
    return exit_status(tally)


def exit_status(tally: Tally) -> int:
    """0 when every image is labelled; else by the gravest thing that happened."""
    if tally.interrupted:
        return INTERRUPTED
    if tally.errors["bug"]:
        return BUG
    if tally.errors["transient"]:
        return TRANSIENT
    return 1 if tally.errors.total() else 0


def _summarise(tally: Tally, seconds: float, strain: Strain, doing: Doing) -> None:
    outcomes = {outcome.value: tally.outcomes[outcome] for outcome in Outcome}
    if doing.as_json:
        summary = {
            **outcomes,
            "passed_over": tally.passed_over,
            "errors": dict(tally.errors),
            "known_failures": tally.known_failures,
            "seconds": round(seconds, 3),
            "interrupted": tally.interrupted,
            "repaired": tally.repaired,
            "stores": msgspec.structs.asdict(strain),
        }
        click.echo(json.dumps(summary))
    console = Console(stderr=True, highlight=False)
    parts = [f"{count:,} {name}" for name, count in outcomes.items() if count]
    worked = tally.outcomes[Outcome.LABELLED] + tally.outcomes[Outcome.RELABELLED]
    rate = f", {worked / seconds:.1f} images/s" if worked and seconds else ""
    console.print(f"{', '.join(parts) or 'nothing to do'} in {seconds:.1f} s{rate}")
    if tally.passed_over:
        console.print(f"files passed over: {tally.passed_over:,}")
    if tally.unswept:
        console.print("images came and went meanwhile: what is gone is left to the next run")
    if tally.repaired:
        console.print(f"images whose pages or pictures were put right: {tally.repaired:,}")
    _tell_strain(strain, console)
    _list_failures(tally, console)
    _show_bug(tally)
    if tally.interrupted:
        click.echo(f"interrupted: this goes on where it stopped:\n    {doing.again}", err=True)


def _tell_strain(strain: Strain, console: Console) -> None:
    """Say how often stores were asked again, if they were."""
    if not (strain.retries or strain.given_up):
        return
    parts = [f"{strain.retries:,} requests to stores were tried again"]
    if strain.throttled:
        parts.append(f"{strain.throttled:,} times a store asked for fewer")
    if strain.given_up:
        parts.append(f"{strain.given_up:,} were given up (store_attempts, store_seconds)")
    console.print(", ".join(parts))


def _show_bug(tally: Tally) -> None:
    """The first bug with its traceback, since a bug report needs one."""
    bug = next((settled.bug for settled in tally.failures if settled.bug), None)
    if bug is not None:
        traceback.print_exception(bug)
        click.echo("bucketlens: this is a bug; please report it with the lines above", err=True)


def _list_failures(tally: Tally, console: Console) -> None:
    if not tally.failures:
        return
    table = Table(title="could not be labelled", title_justify="left", show_edge=False)
    for heading in ("image", "why", "setting"):
        table.add_column(heading, overflow="fold")
    for settled in tally.failures:
        code, reason, setting = settled.failure or ("", "", None)
        table.add_row(printable(settled.key), printable(f"{code}: {reason}"), setting or "")
    console.print(table, markup=False)
    more = tally.errors.total() - len(tally.failures)
    if more > 0:
        console.print(f"and {more:,} more; `bucketlens status` counts them all")


def _tell_forecast(work: Pass, what: Forecast, tally: Tally, doing: Doing) -> int:
    seconds = duration_of(work, what)
    seconds = None if seconds is None else round(seconds, 1)
    cost = cost_of(work, what.actions[Action.SCORE])
    if doing.as_json:
        click.echo(
            json.dumps(
                {
                    "actions": {action.value: what.actions[action] for action in Action},
                    "examples": {a.value: keys for a, keys in what.examples.items() if keys},
                    "bytes_to_read": what.bytes_to_read,
                    "orphaned_pages": what.orphaned_pages,
                    "seconds": seconds,
                    "cost": None if cost is None else round(cost.cost, 6),
                }
            )
        )
        return 0
    verbs = {
        Action.SCORE: "would be labelled",
        Action.VIEW: "would get new labels from stored scores",
        Action.DRAW: "would get new pictures and pages, without being scored again",
        Action.PAGE: "would get new pages from their records",
        Action.REMOVE: "would be removed, since their images are gone",
        Action.NOTHING: "are up to date",
    }
    for action, verb in verbs.items():
        if what.actions[action]:
            click.echo(f"{what.actions[action]:,} {verb}", err=True)
            if action is not Action.NOTHING:
                for key in what.examples[action][:5]:
                    click.echo(f"    {printable(key)}", err=True)
    if what.orphaned_pages:
        click.echo(f"{what.orphaned_pages:,} pages of images that are gone would go", err=True)
    if tally.passed_over:
        click.echo(f"files that would be passed over: {tally.passed_over:,}", err=True)
    if seconds is not None:
        read = what.bytes_to_read / 1e6
        click.echo(f"reading {read:,.1f} MB, about {clock(seconds)} on this machine", err=True)
    _tell_cost(cost)
    click.echo("nothing was changed", err=True)
    return 0


def _images_to_ask(work: Pass, doing: Doing) -> int:
    """How many images a service would be asked about: known before the first one costs money."""
    return forecast(work, Tally(), limit=doing.limit).actions[Action.SCORE]


def _tell_cost(cost: Estimate | None) -> None:
    """Say what a run costs and what the month has left."""
    if cost is None or not cost.calls:
        return
    click.echo(
        f"Rekognition: {cost.calls:,} images at {cost.price:g} are {cost.cost:,.2f} at most; of"
        f" this month's {cost.limit:,.2f}, {cost.spent:,.2f} are spent",
        err=True,
    )
    if not cost.suffices:
        click.echo(
            f"Rekognition: the limit suffices for {cost.affordable:,} of them; the run stops there"
            " (rekognition_monthly_limit)",
            err=True,
        )


def clock(seconds: float) -> str:
    """A duration as people say it."""
    if seconds < 90:  # noqa: PLR2004 - seconds mean something up to here
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    if minutes < 90:  # noqa: PLR2004
        return f"{minutes:.0f} min"
    hours = minutes / 60
    return f"{hours:.1f} h" if hours < 72 else f"{hours / 24:,.1f} days"  # noqa: PLR2004
