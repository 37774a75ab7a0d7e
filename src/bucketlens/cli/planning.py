"""A forecast as JSON and as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from bucketlens.cli.passes import clock
from bucketlens.pipeline.forecasting import GIGABYTE, Calls, Prices, sums_of
from bucketlens.pipeline.plans import Action
from bucketlens.pipeline.running import available_cores

if TYPE_CHECKING:
    from bucketlens.assembly.planning import Planned
    from bucketlens.pipeline.forecasting import Service, Sums
    from bucketlens.settings import Settings

DECIDED_BY = {
    "pages": "pages",
    "pictures": "pages, thumbnail_size, preview_size",
    "originals": "publish_originals",
}
"""The settings that decide whether a kind of file is written, and how large."""

DAY = 24 * 3600.0

BUCKETS = ("s3://", "gs://", "az://")
"""Beginnings of places where requests cost money."""


def document(
    planned: Planned,
    settings: Settings,
    places: tuple[str, str | None],
    *,
    cores: tuple[int, ...],
    objects: int | None,
) -> dict[str, Any]:
    """All that a forecast says, as JSON can hold it.

    Args:
        planned: What was found.
        settings: With the prices.
        places: SOURCE and OUT, as they were given.
        cores: Numbers of cores that the time is told for, beside those of this machine.
        objects: Images that are reckoned with; None for those that are there.
    """
    inventory, what = planned.inventory, planned.what
    images = what.actions[Action.SCORE] + what.actions[Action.DRAW] if objects is None else objects
    found: dict[str, Any] = {
        "objects": inventory.objects,
        "bytes": inventory.size,
        "bytes_done": inventory.done_size,
        "passed_over": planned.tally.passed_over,
        "actions": {action.value: what.actions[action] for action in Action},
        "images": images,
        "bytes_to_read": _bytes_to_read(planned, objects),
        "sample": None,
        "service": None,
    }
    if planned.service is not None:
        found["service"] = _service(planned.service, images)
    if planned.trial is not None:
        every = tuple(dict.fromkeys((settings.workers or available_cores(), *cores)))
        sums = sums_of(planned.trial, images, every)
        found |= {
            "sample": msgspec.to_builtins(planned.trial),
            "bottleneck": planned.trial.bottleneck,
            "files": sums.files,
            "bytes_written": sums.size,
            "disk": sums.disk,
            "seconds": {str(number): round(s, 1) for number, s in sums.seconds.items()},
            "requests": {
                "source": msgspec.to_builtins(sums.source),
                "out": msgspec.to_builtins(sums.out),
            },
            "cost": _cost(sums, settings, places),
        }
    return found


def _bytes_to_read(planned: Planned, objects: int | None) -> int:
    """Of the images; of a number that was only supposed, by the mean of those that are there."""
    if objects is None:
        return planned.what.bytes_to_read
    inventory = planned.inventory
    return round(objects * inventory.size / inventory.objects) if inventory.objects else 0


def _service(service: Service, images: int) -> dict[str, Any]:
    months = service.months(images)
    return {
        "price": service.price,
        "rate": service.rate,
        "seconds": round(images / service.rate, 1),
        "days": round(images / service.rate / DAY, 3),
        "cost": round(images * service.price, 6),
        "monthly_limit": service.monthly_limit,
        "months_at_the_limit": None if months is None else round(months, 3),
    }


def _cost(sums: Sums, settings: Settings, places: tuple[str, str | None]) -> dict[str, float]:
    """What it costs: requests and storage of buckets only, and cores where they have a price."""
    prices = Prices(
        million_writes=settings.price_million_writes,
        million_reads=settings.price_million_reads,
        gigabyte_month=settings.price_gigabyte_month,
        core_hour=settings.price_core_hour,
    )
    source, out = (place is not None and place.startswith(BUCKETS) for place in places)
    calls: list[Calls] = [*([sums.source] if source else []), *([sums.out] if out else [])]
    return {
        "requests": round(sum(one.cost(prices) for one in calls), 6),
        "storage_month": round(sums.size / GIGABYTE * prices.gigabyte_month, 6) if out else 0.0,
        "cores": round(sums.core_hours * prices.core_hour, 6),
    }


def show(found: dict[str, Any]) -> None:
    """Print it for people."""
    console = Console(highlight=False)
    done = found["objects"] - found["actions"]["score"] - found["actions"]["draw"]
    click.echo(f"{found['objects']:,} images, {_size(found['bytes'])}")
    if done > 0:
        click.echo(f"{done:,} of them, {_size(found['bytes_done'])}, need not be read again")
    if found["passed_over"]:
        click.echo(f"files passed over: {found['passed_over']:,}")
    click.echo(f"to be labelled: {found['images']:,} images, {_size(found['bytes_to_read'])}")
    if found["service"]:
        _show_service(found["service"])
    if found["sample"]:
        console.print(_times(found), markup=False)
        console.print(_kinds(found), markup=False)
        console.print(_requests(found), markup=False)
        _show_cost(found["cost"])
        _show_sample(found)
    elif not found["service"]:
        click.echo("nothing is to be read, so nothing was tried")


def _show_service(service: dict[str, Any]) -> None:
    click.echo(
        f"Rekognition: {service['price']:g} an image are {service['cost']:,.2f}; at"
        f" {service['rate']:g} a second (rekognition_rate) {clock(service['seconds'])}"
    )
    months = service["months_at_the_limit"]
    if months is None:
        click.echo("nothing may be spent (rekognition_monthly_limit)")
    elif months > 1:
        click.echo(
            f"a month's limit of {service['monthly_limit']:,.2f} (rekognition_monthly_limit) makes"
            f" that {months:,.1f} months"
        )


def _times(found: dict[str, Any]) -> Table:
    table = _table("cores", "time", "images/s")
    for number, seconds in found["seconds"].items():
        rate = f"{found['images'] / seconds:,.1f}" if seconds else ""
        table.add_row(number, clock(seconds), rate)
    return table


def _kinds(found: dict[str, Any]) -> Table:
    table = _table("written", "files", "bytes", "in a folder", "decided by")
    images = found["images"]
    for kind in found["sample"]["kinds"]:
        files = f"{kind['files'] * images:,.0f}" if kind["files"] else ""
        size, disk = _size(kind["size"] * images), _size(kind["disk"] * images)
        table.add_row(kind["name"], files, size, disk, DECIDED_BY.get(kind["name"], ""))
    table.add_row(
        "together", f"{found['files']:,}", _size(found["bytes_written"]), _size(found["disk"])
    )
    return table


def _requests(found: dict[str, Any]) -> Table:
    verbs = ("list", "get", "head", "put", "delete")
    table = _table("requests", *(verb.upper() for verb in verbs))
    for name in ("source", "out"):
        each = found["sample"][name]
        table.add_row(f"{name}, an image", *(f"{each[verb]:.3g}" for verb in verbs))
        table.add_row(f"{name}, all", *(f"{found['requests'][name][verb]:,.0f}" for verb in verbs))
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(show_edge=False)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="left" if name == "decided by" else "right")
    return table


def _show_cost(cost: dict[str, float]) -> None:
    names = {
        "requests": "requests to buckets",
        "storage_month": "a month of storage",
        "cores": "cores",
    }
    told = [f"{names[name]} {value:,.2f}" for name, value in cost.items() if value]
    if told:
        click.echo(f"cost, at the prices of the settings price_…: {', '.join(told)}")


def _show_sample(found: dict[str, Any]) -> None:
    sample = found["sample"]
    failed = f", {sample['failed']} of which failed" if sample["failed"] else ""
    click.echo(
        f"by a sample of {sample['images']} images{failed}: {1000 * sample['processor']:.1f} ms of"
        f" one core and {1000 * sample['waiting']:.1f} ms of waiting for its bytes each;"
        f" {found['bottleneck']} decides"
    )
    click.echo("waiting for where outputs are written is not in it; nothing was changed")


def _size(count: float) -> str:
    """Bytes as people say them."""
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":  # noqa: PLR2004 - of the next unit
            return f"{count:,.0f} {unit}" if unit == "bytes" else f"{count:,.1f} {unit}"
        count /= 1000
    raise AssertionError("the last unit takes all")
