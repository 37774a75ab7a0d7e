"""The command line: each command is one module, loaded when it is called."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from contextlib import suppress
from typing import Any, NamedTuple

import click

import bucketlens
from bucketlens.errors import BucketlensError

BUG = 70
INTERRUPTED = 130


class Command(NamedTuple):
    """Where a command lives, and its line in the list of commands."""

    module: str
    summary: str


COMMANDS = {
    "run": Command("run", "Label every image of SOURCE and keep records and pages in OUT."),
    "plan": Command("plan", "Say what a run would take: time, disk, requests and money."),
    "reconcile": Command("reconcile", "Repair whatever differs between SOURCE and OUT."),
    "watch": Command("watch", "Label images as they arrive in SOURCE, until it is stopped."),
    "worker": Command("worker", "Label images as a queue tells of them, until it is stopped."),
    "serve": Command("serve", "Label what comes into SOURCE, show it, and answer DetectLabels."),
    "access": Command("access", "Say who may ask a server."),
    "label": Command("label", "Label single files and print what is seen."),
    "show": Command("show", "Show what is recorded about one image."),
    "status": Command("status", "Say what OUT holds, what is stale and what failed."),
    "search": Command("search", "Find images by what is in them: 'dog -beach'."),
    "edit": Command("edit", "Add labels to an image, or take labels away, for good."),
    "edits": Command("edits", "Show, export or import what people said about images."),
    "forget": Command("forget", "Remove all that OUT holds about an image."),
    "index": Command("index", "Bring the catalog of OUT up to date, check it or make it anew."),
    "sql": Command("sql", "Answer a SELECT over the catalog of OUT."),
    "export": Command("export", "Write the catalog of OUT as CSV, JSON lines or Parquet."),
    "relabel": Command("relabel", "Make all labels again from stored scores."),
    "evaluate": Command("evaluate", "Measure the models on photos whose labels are known."),
    "models": Command("models", "List the models in force and where they come from."),
    "taxonomy": Command("taxonomy", "Print the tree of labels."),
    "config": Command("config", "Print the settings in force and where each comes from."),
}


class LazyGroup(click.Group):
    """Commands whose modules are imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"bucketlens.cli.{COMMANDS[cmd_name].module}")
        command: click.Command = module.command
        # The mark of click for lines that stay as they are; a raw docstring holds two characters.
        command.help = (command.help or "").replace("\\b", "\b")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, importing none of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(bucketlens.__version__, prog_name="bucketlens")
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False),
    help="TOML file with settings.  [env: BUCKETLENS_CONFIG]",
)
@click.pass_context
def cli(ctx: click.Context, config_file: str | None) -> None:
    r"""Label the images that arrive in buckets and folders.

    \b
    bucketlens run ~/Pictures ~/labels     label a folder; open ~/labels/site/index.html
    bucketlens label photo.jpg             say what is in one photo
    """
    ctx.obj = config_file


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with the status that the outcome has."""
    status = run(arguments)
    _flush()
    sys.exit(status)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status.

    0 all went well; 1 some images failed; 2 something must be configured; 75 it may work later;
    70 a bug; 130 interrupted.
    """
    try:
        outcome: Any = cli.main(arguments, prog_name="bucketlens", standalone_mode=False)
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except BucketlensError as exc:
        hint = f"\nThe setting {exc.setting} would change this." if exc.setting else ""
        return _complain(f"{exc.message}{hint}", exc.exit_status)
    except (KeyboardInterrupt, click.exceptions.Abort):
        return _complain("interrupted", INTERRUPTED)
    except BrokenPipeError:
        outcome = 0  # whoever read our output has seen enough
    except Exception:  # noqa: BLE001 - the last place that can say so
        traceback.print_exc()
        return _complain("this is a bug in bucketlens; please report it with the lines above", BUG)
    return outcome if isinstance(outcome, int) else 0


def _flush() -> None:
    """Keep the interpreter from complaining at exit about output that nobody reads any more."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _complain(message: str, status: int) -> int:
    with suppress(OSError):  # nobody may be there to read it
        click.echo(f"bucketlens: {message}", err=True)
    return status
