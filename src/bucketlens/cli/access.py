"""``bucketlens access``: who may ask a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

if TYPE_CHECKING:
    from bucketlens.server.credentials import Credentials

SHORTEST_PASSWORD = 10


@click.command("access")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--user", metavar="NAME", help="Add somebody who signs in, or change the password.")
@click.option("--token", metavar="NAME", help="Add a program that sends a token.")
@click.option("--key", is_flag=True, help="Add an access key for requests that are signed.")
@click.option("--remove", metavar="NAME", help="Remove a user, a token or an access key.")
def command(
    file: Path, user: str | None, token: str | None, *, key: bool, remove: str | None
) -> None:
    r"""Say in FILE who may ask a server; without options, list them.

    Passwords and tokens are kept as hashes only; tokens and the secrets of access keys are printed
    once. The server reads FILE when it starts.

    \b
    bucketlens access ~/bucketlens-access.toml --user anna
    bucketlens access ~/bucketlens-access.toml --key
    """
    from bucketlens.server.credentials import (  # noqa: PLC0415 - help stays light
        Credentials,
        read_credentials,
        write_credentials,
    )

    before = read_credentials(str(file)) if file.exists() else Credentials()
    after = before
    if user:
        after = _with_user(after, user)
    if token:
        after = _with_token(after, token)
    if key:
        after = _with_key(after)
    if remove:
        after = _without(after, remove)
    if after != before:
        write_credentials(file, after)
    elif not (user or token or key or remove):
        _list(before)


def _with_user(credentials: Credentials, name: str) -> Credentials:
    from bucketlens.server.credentials import User, hash_password  # noqa: PLC0415

    _check_name(name)
    password = click.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True)
    if len(password) < SHORTEST_PASSWORD:
        raise click.UsageError(f"a password needs {SHORTEST_PASSWORD} characters")
    users = {**credentials.users, name: User(hash_password(password))}
    return msgspec.structs.replace(credentials, users=users)


def _with_token(credentials: Credentials, name: str) -> Credentials:
    from bucketlens.server.credentials import new_token  # noqa: PLC0415

    _check_name(name)
    text, token = new_token()
    click.echo(f"Authorization: Bearer {text}")
    return msgspec.structs.replace(credentials, tokens={**credentials.tokens, name: token})


def _with_key(credentials: Credentials) -> Credentials:
    from bucketlens.server.credentials import new_access_key  # noqa: PLC0415

    name, key = new_access_key()
    click.echo(f"AWS_ACCESS_KEY_ID={name}\nAWS_SECRET_ACCESS_KEY={key.secret}")
    keys = {**credentials.access_keys, name: key}
    return msgspec.structs.replace(credentials, access_keys=keys)


def _without(credentials: Credentials, name: str) -> Credentials:
    kept = {
        kind: {other: entry for other, entry in entries.items() if other != name}
        for kind, entries in msgspec.structs.asdict(credentials).items()
    }
    after = msgspec.structs.replace(credentials, **kept)
    if after == credentials:
        raise click.UsageError(f"nobody is called {name} there")
    return after


def _check_name(name: str) -> None:
    from bucketlens.server.credentials import is_name  # noqa: PLC0415

    if not is_name(name):
        raise click.UsageError("a name has up to 64 letters, digits and @ . _ -")


def _list(credentials: Credentials) -> None:
    for kind, entries in msgspec.structs.asdict(credentials).items():
        for name in entries:
            click.echo(f"{kind.removesuffix('s').replace('_', ' ')}: {name}")
