"""``bucketlens edit``: a person's word on the labels of one image."""

from __future__ import annotations

import getpass

import click

from bucketlens.cli.options import resolve_settings


@click.command("edit")
@click.argument("out")
@click.argument("key")
@click.option("--add", multiple=True, metavar="LABEL", help="It shows this. Repeatable.")
@click.option("--remove", multiple=True, metavar="LABEL", help="It does not. Repeatable.")
@click.option(
    "--clear", multiple=True, metavar="LABEL", help="Let the models decide again. Repeatable."
)
@click.option("--by", metavar="NAME", help="Who says so.  [default: your user name]")
@click.pass_obj
def command(
    config_file: str | None,
    /,
    out: str,
    key: str,
    add: tuple[str, ...],
    remove: tuple[str, ...],
    clear: tuple[str, ...],
    by: str | None,
) -> None:
    r"""Add labels to the image KEY in OUT, or take labels away, for good.

    What you say wins over the models in every later run, and follows the picture where it is moved
    or renamed. A label brings those above it: Golden Retriever brings Dog. A name that bucketlens
    does not know becomes a label of your own.

    \b
    bucketlens edit ~/labels trip/beach.jpg --add 'My Dog' --remove Cat
    bucketlens edit ~/labels trip/beach.jpg --clear Cat
    """
    from bucketlens.assembly import Collection  # noqa: PLC0415 - help stays light
    from bucketlens.assembly.editing import open_editor  # noqa: PLC0415
    from bucketlens.cli.edits import print_edits  # noqa: PLC0415
    from bucketlens.edits import Changes  # noqa: PLC0415
    from bucketlens.pipeline.indexing import renew_index  # noqa: PLC0415

    settings = resolve_settings(config_file, (), out).settings
    collection = Collection(out, settings)
    changes = Changes(add=add, remove=remove, clear=clear)
    noted, keys = open_editor(collection, settings).edit(key, changes, by or _user())
    print_edits(key, noted.edits)
    if len(keys) > 1:
        click.echo(f"{len(keys) - 1:,} copies of it have the same labels now", err=True)
    if key not in keys:
        click.echo("the labels follow with the next run, which reads the image again", err=True)
    renew_index(collection.records, collection.index, keys)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        return "unknown"
