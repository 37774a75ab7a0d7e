"""Who may ask: users with passwords, programs with tokens, and access keys for signed requests.

They stand in one file of TOML that only its owner may read. Of passwords it holds scrypt hashes,
of tokens SHA-256 hashes; the secrets of access keys have to stand there as they are, since both
sides of a signature compute with them.

    [users.anna]
    password = "scrypt:..."
    [tokens.grafana]
    sha256 = "..."
    [access_keys.BLK0123456789ABCDEF]
    secret = "..."
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import stat
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from bucketlens.errors import ConfigError

SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**15, 8, 1
SCRYPT_MEMORY = 64 * 1024 * 1024
"""Cost of one try at a password: about 80 ms and 32 MB."""

LONGEST_PASSWORD = 1024

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9@._-]{1,64}$")]


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who signs in on the page; ``password`` is the hash of one."""

    password: Annotated[str, Meta(pattern=r"^scrypt:[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$")]


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A program that sends ``Authorization: Bearer``."""

    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class AccessKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A program that signs its requests as for AWS.

    Attributes:
        secret: The secret access key.
        session_token: Of temporary credentials; their requests must carry it.
        expires: From when on it is refused.
    """

    secret: Annotated[str, Meta(min_length=8)]
    session_token: str = ""
    expires: datetime | None = None


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All who may ask, by name; of access keys by their id."""

    users: dict[Name, User] = {}
    tokens: dict[Name, Token] = {}
    access_keys: dict[Annotated[str, Meta(pattern=r"^[A-Za-z0-9]{4,128}$")], AccessKey] = {}

    def __bool__(self) -> bool:
        """Whether anybody is named."""
        return bool(self.users or self.tokens or self.access_keys)

    def holder_of(self, token: str) -> str | None:
        """The name of the program whose token this is."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
        found = None
        for name, known in self.tokens.items():
            if hmac.compare_digest(known.sha256, digest):
                found = name
        return found

    def is_password(self, user: str, password: str) -> bool:
        """Whether this is the user's password; takes as long for a user that there is not."""
        known = self.users.get(user)
        right = _matches(password, known.password if known else _NOBODY)
        return right and known is not None


def hash_password(password: str, salt: bytes | None = None) -> str:
    """A password as the file holds it."""
    salt = salt or os.urandom(16)
    digest = hashlib.scrypt(
        password.encode()[:LONGEST_PASSWORD],
        salt=salt,
        n=SCRYPT_N,
        r=SCRYPT_R,
        p=SCRYPT_P,
        maxmem=SCRYPT_MEMORY,
        dklen=32,
    )
    return f"scrypt:{base64.b64encode(salt).decode()}:{base64.b64encode(digest).decode()}"


def new_token() -> tuple[str, Token]:
    """A token, and what the file holds of it."""
    text = secrets.token_urlsafe(32)
    return text, Token(hashlib.sha256(text.encode()).hexdigest())


def new_access_key() -> tuple[str, AccessKey]:
    """The id and the secret of an access key, in the lengths that AWS's have."""
    identifier = "BLK" + base64.b32encode(os.urandom(16)).decode()[:17]
    return identifier, AccessKey(secrets.token_urlsafe(30))


def read_credentials(location: str) -> Credentials:
    """The credentials in a file; none where no file is named.

    Raises:
        ConfigError: It can't be read, is not what it should be, or others may read it.
    """
    if not location:
        return Credentials()
    path = Path(location).expanduser()
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if os.name == "posix" and mode & 0o077:
                raise ConfigError(
                    f"{path} holds secrets and others may read it: chmod 600 {path}",
                    setting="credentials",
                )
            return decode_credentials(file.read(), str(path))
    except OSError as exc:
        raise ConfigError(
            f"the credentials in {path} can't be read: {exc.strerror}", setting="credentials"
        ) from exc


def decode_credentials(data: bytes, where: str) -> Credentials:
    """The credentials that a text holds.

    Raises:
        ConfigError: It is not what it should be; the message holds no secret.
    """
    try:
        read: Credentials = msgspec.convert(tomllib.loads(data.decode()), Credentials)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{where} is not valid TOML: {exc}", setting="credentials") from exc
    except msgspec.ValidationError as exc:
        raise ConfigError(f"{where}: {exc}", setting="credentials") from exc
    for name, key in read.access_keys.items():
        if key.expires is not None and key.expires.tzinfo is None:
            raise ConfigError(f"{where}: expires of {name} has no zone; end it in Z")
    return read


def encode_credentials(credentials: Credentials) -> bytes:
    """The file of these credentials."""
    lines = ["# Who may ask bucketlens; `bucketlens access` adds to it. Keep it to yourself."]
    for name, user in credentials.users.items():
        lines += ["", f'[users."{name}"]', f'password = "{user.password}"']
    for name, token in credentials.tokens.items():
        lines += ["", f'[tokens."{name}"]', f'sha256 = "{token.sha256}"']
    for name, key in credentials.access_keys.items():
        lines += ["", f"[access_keys.{name}]", f"secret = {_toml(key.secret)}"]
        if key.session_token:
            lines.append(f"session_token = {_toml(key.session_token)}")
        if key.expires is not None:
            lines.append(f"expires = {key.expires.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    return ("\n".join(lines) + "\n").encode()


def write_credentials(path: Path, credentials: Credentials) -> None:
    """Write the file so that nobody else may read it, at any moment."""
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(encode_credentials(credentials))
        temporary.replace(path)
    except OSError as exc:
        raise ConfigError(f"{path} can't be written: {exc.strerror}") from exc
    finally:
        temporary.unlink(missing_ok=True)


def is_name(text: str) -> bool:
    """Whether users and tokens may be called so."""
    return re.fullmatch(r"[A-Za-z0-9@._-]{1,64}", text, re.ASCII) is not None


def _matches(password: str, known: str) -> bool:
    salt = base64.b64decode(known.split(":")[1])
    return hmac.compare_digest(hash_password(password, salt), known)


def _toml(text: str) -> str:
    """A text of TOML, which has JSON's escapes but leaves DEL to none of its texts."""
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")


_NOBODY = "scrypt:AAAAAAAAAAAAAAAAAAAAAA==:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
