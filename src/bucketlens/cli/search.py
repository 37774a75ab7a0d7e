"""``bucketlens search``: find images by what is in them."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING

import click
import msgspec

from bucketlens.cli.options import resolve_settings, setting_options
from bucketlens.cli.printing import printable
from bucketlens.errors import MissingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bucketlens.catalog import Snapshot
    from bucketlens.catalog.search import FacetCount, Facets, Found, Hit, Search
    from bucketlens.settings import Settings

SHOWN = 20
"""Images in a table: about a screen."""

PAGE = 1000
"""Images that are fetched at a time where all are wanted."""

WIDE = 100
"""Characters of a line where there is no terminal to ask."""

KEY_SHARE = 0.45
"""Of a line, at most so much for the keys; the labels are what was asked for."""


@click.command("search")
@click.argument("out")
@click.argument("query")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    help=f"Show at most so many; 0 shows all.  [default: {SHOWN}, with --json all]",
)
@click.option("--facets", is_flag=True, help="Count what the images have in common instead.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@setting_options()
@click.pass_obj
def command(
    config_file: str | None,
    /,
    out: str,
    query: str,
    assignments: tuple[str, ...],
    *,
    limit: int | None,
    facets: bool,
    as_json: bool,
) -> None:
    r"""Find the images of OUT that QUERY describes, the newest first.

    \b
    bucketlens search ~/labels 'dog beach'
    bucketlens search ~/labels 'animal -dog confidence>80 after:2026-01'
    bucketlens search ~/labels '"golden retriever" OR color:blue' --json
    bucketlens search ~/labels '' --facets
    bucketlens search ~/labels -- '-dog'         (a query that begins with a minus)
    """
    from bucketlens.catalog.search import Search  # noqa: PLC0415 - not for help
    from bucketlens.query import QueryError  # noqa: PLC0415

    snapshot = _snapshot(out, resolve_settings(config_file, assignments, out).settings)
    if not snapshot.change:
        raise MissingError(f"{out} has no catalog yet; `bucketlens index {out}` makes it")
    try:
        with Search(snapshot, query) as search:
            for warning in search.warnings:
                click.echo(f"note: {warning}", err=True)
            if facets:
                _show_facets(search.facets(), as_json=as_json)
            elif as_json:
                _print_lines(search, limit or 0)
            else:
                _show_table(search, SHOWN if limit is None else limit)
    except QueryError as exc:
        raise QueryError(exc.explain(query), exc.start, exc.end, exc.suggestions) from exc


def _snapshot(out: str, settings: Settings) -> Snapshot:
    """The newest state of the catalog; without what labels and shows images, which takes longer."""
    from bucketlens.catalog import Catalog  # noqa: PLC0415
    from bucketlens.stores import open_store, store_options  # noqa: PLC0415

    options = store_options(settings)
    private = open_store(out, options)
    records = open_store(f"{private.location}/metadata", options)
    return Catalog(private, records, clock=time.time).snapshot()


def _pages(search: Search, limit: int) -> Iterator[Found]:
    """Pages that hold so many images together; 0 is all."""
    left = limit or sys.maxsize
    cursor = None
    while True:
        page = search.found(min(left, PAGE), cursor)
        yield page
        left -= len(page.hits)
        cursor = page.cursor
        if cursor is None or not left:
            return


def _print_lines(search: Search, limit: int) -> None:
    encoder = msgspec.json.Encoder()
    for page in _pages(search, limit):
        for hit in page.hits:
            sys.stdout.buffer.write(encoder.encode(hit) + b"\n")


def _show_table(search: Search, limit: int) -> None:
    terminal = shutil.get_terminal_size((WIDE, 0)).columns if sys.stdout.isatty() else None
    for number, page in enumerate(_pages(search, limit)):
        if not number:
            click.echo(_counted(page.total, min(limit or page.total, page.total)))
        for line in _lines(page.hits, terminal):
            click.echo(line)


def _counted(total: int, shown: int) -> str:
    if not total:
        return "no image is like that"
    counted = f"{total:,} image{'s' if total > 1 else ''}"
    return f"{counted}, the newest {shown:,}:" if shown < total else f"{counted}:"


def _lines(hits: Sequence[Hit], terminal: int | None) -> Iterator[str]:
    """A line for each image: day, how sure, key, labels; cut where a terminal ends."""
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415 - 10 ms

    keys = [printable(hit.key) for hit in hits]
    most = int((terminal or WIDE) * KEY_SHARE)
    width = min(max(map(cell_len, keys), default=0), most)
    for hit, key in zip(hits, keys, strict=True):
        sure = "" if hit.confidence is None else f"{hit.confidence:5.1f}"
        name = key if cell_len(key) > width and terminal is None else _cut(key, width)
        labels = "  ".join(f"{printable(x.name)} {x.confidence:.0f}" for x in hit.labels)
        line = f"{hit.taken}  {sure:5}  {name}  {labels}".rstrip()
        if terminal is not None and cell_len(line) > terminal:
            line = set_cell_size(line, terminal - 1).rstrip() + "…"
        yield line


def _cut(key: str, width: int) -> str:
    """A key as wide as that; of a long one the end, which tells it from its neighbours."""
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415

    if cell_len(key) > width:
        while cell_len(key) >= width:
            key = key[1:]
        key = f"…{key}"
    return set_cell_size(key, width)


def _show_facets(facets: Facets, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(facets))
        return
    for title in ("categories", "labels", "colors", "orientations", "months"):
        values: Sequence[FacetCount] = getattr(facets, title)
        if values:
            click.echo(title)
        width = max((len(printable(value.name)) for value in values), default=0)
        for value in values:
            click.echo(f"  {printable(value.name):<{width}}  {value.count:>9,}")
