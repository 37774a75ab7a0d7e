"""``bucketlens forget``: an image taken out of everything that is kept about it."""

from __future__ import annotations

import click

from bucketlens.cli.options import resolve_settings
from bucketlens.cli.printing import printable


@click.command("forget")
@click.argument("out")
@click.argument("keys", metavar="KEY...", nargs=-1, required=True)
@click.option(
    "--never-again",
    is_flag=True,
    help="Keep a private list of hashes of these keys, and pass them over in every later run.",
)
@click.pass_obj
def command(
    config_file: str | None, /, out: str, keys: tuple[str, ...], *, never_again: bool
) -> int:
    r"""Remove all that OUT holds about the images KEY: record, edits, pages, search, caches.

    The image itself, in the source, is never touched. While it is there, the next run labels it
    again, unless --never-again is given.

    \b
    bucketlens forget ~/labels trip/beach.jpg
    bucketlens forget ~/labels trip/beach.jpg trip/hotel.jpg --never-again
    """
    from bucketlens.assembly import Collection  # noqa: PLC0415 - help stays light
    from bucketlens.assembly.forgetting import open_forgetter  # noqa: PLC0415
    from bucketlens.pipeline.blocking import block  # noqa: PLC0415

    settings = resolve_settings(config_file, (), out).settings
    collection = Collection(out, settings)
    if never_again:
        block(collection.private, keys)
    unknown = 0
    for done in open_forgetter(collection).forget(tuple(dict.fromkeys(keys))):
        unknown += not done.what
        said = f"removed {', '.join(done.what)}" if done.what else "nothing was kept about it"
        click.echo(f"{printable(done.key)}: {said}; the search index holds no trace of it")
    if not never_again:
        click.echo(
            "images that are still in the source come back with the next run: remove them there,"
            " exclude them, or forget them with --never-again",
            err=True,
        )
    return 1 if unknown else 0
