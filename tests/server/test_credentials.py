"""The file of those who may ask, and the command that writes it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bucketlens.cli.access import command
from bucketlens.errors import ConfigError
from bucketlens.server.credentials import (
    AccessKey,
    Credentials,
    decode_credentials,
    encode_credentials,
    hash_password,
    new_access_key,
    new_token,
    read_credentials,
)

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "correct horse battery"  # noqa: S105


def access(file: Path, *arguments: str, given: str = "") -> str:
    """Call `bucketlens access`; what it prints."""
    done = CliRunner().invoke(command, [str(file), *arguments], input=given)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_adds_users_tokens_and_keys(tmp_path: Path):
    """Secrets are printed once, and what the file keeps of them opens the door."""
    file = tmp_path / "access.toml"
    access(file, "--user", "anna", given=f"{PASSWORD}\n{PASSWORD}\n")
    token = access(file, "--token", "script").split()[-1]
    printed = access(file, "--key")
    read = read_credentials(str(file))
    assert read.is_password("anna", PASSWORD)
    assert not read.is_password("anna", PASSWORD + " ")
    assert not read.is_password("bob", PASSWORD)
    assert read.holder_of(token) == "script"
    assert read.holder_of(token + "x") is None
    (name,) = read.access_keys
    assert f"AWS_ACCESS_KEY_ID={name}" in printed
    assert f"AWS_SECRET_ACCESS_KEY={read.access_keys[name].secret}" in printed
    text = file.read_text()
    assert PASSWORD not in text
    assert token not in text
    assert access(file) == f"user: anna\ntoken: script\naccess key: {name}\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_nobody_else_may_read_the_file(tmp_path: Path):
    """It is written so, and refused otherwise."""
    file = tmp_path / "access.toml"
    access(file, "--token", "script")
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    with pytest.raises(ConfigError, match=f"chmod 600 {re.escape(str(file))}"):
        read_credentials(str(file))


def test_who_is_removed_is_gone(tmp_path: Path):
    """The others stay."""
    file = tmp_path / "access.toml"
    access(file, "--token", "one")
    access(file, "--token", "two")
    access(file, "--remove", "one")
    assert list(read_credentials(str(file)).tokens) == ["two"]
    done = CliRunner().invoke(command, [str(file), "--remove", "three"])
    assert done.exit_code == 2


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 65, 'a"]', "ä"])
def test_names_are_plain(tmp_path: Path, name: str):
    """They stand in a file, in a cookie and in the log."""
    done = CliRunner().invoke(command, [str(tmp_path / "f"), "--token", name or " "])
    assert done.exit_code == 2
    assert not (tmp_path / "f").exists()


def test_short_passwords_are_refused(tmp_path: Path):
    """Ten characters at least."""
    given = "short\nshort\n"
    done = CliRunner().invoke(command, [str(tmp_path / "f"), "--user", "anna"], input=given)
    assert done.exit_code == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("users = 5", "users"),
        ("[users.anna]\npassword = 'plain'", "password"),
        ("[tokens.x]\nsha256 = 'abc'", "sha256"),
        ("[access_keys.AKID]\nsecret = 'long enough'\nexpires = 2026-01-01T00:00:00", "no zone"),
        ("[surprise]", "surprise"),
        ("[[", "TOML"),
        ("\xff", "TOML"),
    ],
)
def test_a_wrong_file_is_refused_and_no_secret_is_told(text: str, words: str):
    """The message says where the mistake is."""
    with pytest.raises(ConfigError, match=words) as caught:
        decode_credentials(text.encode("latin-1"), "file")
    assert "long enough" not in caught.value.message


@given(secret=st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=60))
def test_any_secret_is_read_back_as_it_was(secret: str):
    """Quotes, backslashes and control characters survive."""
    name, _ = new_access_key()
    before = Credentials(access_keys={name: AccessKey(secret, session_token=secret)})
    assert decode_credentials(encode_credentials(before), "file") == before


def test_what_is_made_up_differs_each_time():
    """Tokens, keys and the salt of passwords."""
    assert new_token()[0] != new_token()[0]
    assert new_access_key() != new_access_key()
    assert hash_password(PASSWORD) != hash_password(PASSWORD)
