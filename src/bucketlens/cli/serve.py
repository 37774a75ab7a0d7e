"""``bucketlens serve``: a source that labels itself, its site, and DetectLabels."""

from __future__ import annotations

import logging

import click

from bucketlens.cli.heaps import share_heaps
from bucketlens.cli.logs import log_to_standard_error
from bucketlens.cli.options import resolve_settings, setting_options


@click.command("serve")
@click.argument("source")
@click.argument("out")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port.  [default: 8080]")
@click.option(
    "--credentials", metavar="FILE", help="Who may ask; `bucketlens access` writes this file."
)
@click.option("--queue", "queue_url", metavar="URL", help="Queue of SQS that tells of changes.")
@click.option("--uploads/--no-uploads", default=None, help="Take images from the page.")
@click.option(
    "--strict/--lenient", default=None, help="Hold requests to Rekognition's limits, or not."
)
@setting_options("include", "exclude", "workers", "pages", "classifier", "detector")
@click.pass_obj
def command(
    config_file: str | None,
    /,
    source: str,
    out: str,
    assignments: tuple[str, ...],
    **flags: object,
) -> int:
    r"""Label the images of SOURCE as they come, show them, and answer DetectLabels.

    The page is at http://127.0.0.1:8080/ then, and programs that call detect_labels of Amazon
    Rekognition are given that address as their endpoint URL. To be reached from elsewhere,
    `--host 0.0.0.0` needs credentials. Ctrl-C or SIGTERM finishes what is begun.

    \b
    bucketlens serve ~/Pictures ~/labels
    bucketlens serve ~/Pictures ~/labels --host 0.0.0.0 --credentials ~/bucketlens-access.toml
    """
    from bucketlens.errors import ConfigError  # noqa: PLC0415 - help stays light

    settings = resolve_settings(config_file, assignments, out, **flags).settings
    share_heaps()
    log_to_standard_error(settings.log_format, {"uvicorn.error": logging.WARNING})
    try:
        from bucketlens.server.opening import open_server  # noqa: PLC0415
    except ModuleNotFoundError as exc:
        raise ConfigError(
            f"{exc.name} is not installed: pip install 'bucketlens[server]' brings what the server"
            " needs"
        ) from exc
    open_server(source, out, settings).run()
    return 0
