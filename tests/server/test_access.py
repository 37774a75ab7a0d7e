"""Who may ask: tokens, sign-in, and what needs neither."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from tests.server.asking import ROOT
from tests.server.conftest import PASSWORD, TOKEN

from bucketlens.server.credentials import (
    Credentials,
    User,
    encode_credentials,
    hash_password,
)
from bucketlens.server.ended import NAME, EndedSessions
from bucketlens.server.sessions import LASTS, TRIES, Attempts, Sessions
from bucketlens.server.signin import local_target
from bucketlens.stores.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.asking import Answer, Running

PRIVATE = (
    *("/", "/index.html", "/images/zebra.jpg.html", "/thumbs/zebra.jpg.jpg", "/metrics"),
    *("/v1/images/zebra.jpg", "/v1/openapi.json", "/nothing"),
)


def sign_in(server: Running, user: str, password: str, where: str = "") -> Answer:
    """The answer to the form."""
    form = urlencode({"user": user, "password": password, "next": where}).encode()
    kind = "application/x-www-form-urlencoded"
    return server.ask("/signin", "POST", form, content_type=kind)


@pytest.mark.parametrize("path", PRIVATE)
def test_nothing_is_shown_without_credentials(guarded: Running, path: str):
    """Every path that could tell of an image asks who it is."""
    answer = guarded.ask(path)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json["title"] == "Unauthorized"


def test_a_browser_is_sent_to_the_sign_in_page(guarded: Running):
    """And knows where to go on."""
    answer = guarded.ask("/images/zebra.jpg.html", accept="text/html,*/*")
    assert answer.status == 303
    assert answer.headers["location"] == "/signin?next=%2Fimages%2Fzebra.jpg.html"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/signin", "/signin.css"])
def test_what_tells_nothing_is_open(guarded: Running, path: str):
    """Health for whoever keeps it running, and the way in."""
    assert guarded.ask(path).status == 200


def test_a_token_opens_everything(guarded: Running):
    """With the scheme in any case; another token does not."""
    for scheme in ("Bearer", "bearer"):
        assert guarded.ask("/v1/images/zebra.jpg", authorization=f"{scheme} {TOKEN}").status == 200
    for wrong in (f"Bearer {TOKEN}x", "Bearer", f"Basic {TOKEN}", "Bearer \xff"):
        assert guarded.ask("/v1/images/zebra.jpg", authorization=wrong).status == 401


def test_signing_in_gives_a_cookie_that_opens_the_page(guarded: Running):
    """It is kept from scripts and from other sites, and signing out ends it."""
    answer = sign_in(guarded, "anna", PASSWORD, "/images/zebra.jpg.html")
    assert (answer.status, answer.headers["location"]) == (303, "/images/zebra.jpg.html")
    told = answer.headers["set-cookie"]
    assert re.search(r"HttpOnly.*SameSite=lax", told, re.IGNORECASE)
    cookie = told.partition(";")[0]
    page = guarded.ask("/index.html", cookie=cookie)
    assert page.status == 200
    assert b'" data-can="edits sign-out"></script>' in page.body
    assert guarded.ask("/signout", "POST", b"", cookie=cookie).status == 303
    assert guarded.ask("/index.html", cookie=cookie).status == 401


def test_a_forged_sign_in_from_another_site_is_refused(guarded: Running):
    """Else another page could sign a visitor in as somebody else."""
    answer = guarded.ask("/signin", "POST", b"user=anna", origin="https://evil.example")
    assert answer.status == 403


def test_wrong_passwords_are_refused(guarded: Running):
    """The same words for a wrong password and a user that there is not."""
    wrong, nobody = sign_in(guarded, "anna", "guess"), sign_in(guarded, "<b>bob</b>", "guess")
    assert wrong.status == nobody.status == 403
    for answer in (wrong, nobody):
        assert b"do not belong together" in answer.body
        assert b"<b>" not in answer.body
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "body", [b"", b"user=anna", b"&".join([b"a=b"] * 50), b"\xff\xfe", b"user=" + b"x" * 20_000]
)
def test_what_is_no_form_is_refused(guarded: Running, body: bytes):
    """None of it is a mistake of the server."""
    kind = "application/x-www-form-urlencoded"
    assert guarded.ask("/signin", "POST", body, content_type=kind).status in {400, 403, 413}


def credentials() -> Credentials:
    """With one user."""
    return Credentials(users={"anna": User(hash_password(PASSWORD))})


def test_a_session_ends_by_itself():
    """After four weeks the cookie is nobody's."""
    now = 1_000_000.0
    sessions = Sessions(credentials(), EndedSessions(None), lambda: now)
    cookie = sessions.begin("anna")
    assert sessions.user_of(cookie) == "anna"
    now += LASTS
    assert sessions.user_of(cookie) is None


def test_sessions_outlast_a_restart_but_not_the_password():
    """The key of a cookie follows from the password's hash."""
    known = credentials()
    cookie = Sessions(known, EndedSessions(None)).begin("anna")
    assert Sessions(known, EndedSessions(None)).user_of(cookie) == "anna"
    assert Sessions(credentials(), EndedSessions(None)).user_of(cookie) is None


def test_who_has_signed_out_stays_so_after_a_restart():
    """What is kept opens nothing, and is forgotten when the session would have been over."""
    known, store, now = credentials(), MemoryStore(), 1_000_000.0

    def started() -> Sessions:
        return Sessions(known, EndedSessions(store, lambda: now), lambda: now)

    sessions = started()
    mine = sessions.begin("anna")
    sessions.end(mine)
    now += 60
    other = sessions.begin("anna")
    assert started().user_of(mine) is None
    assert started().user_of(other) == "anna"
    assert mine.rpartition("|")[2].encode() not in store.get(NAME).data
    now += LASTS - 30
    started().end(other)
    assert len(json.loads(store.get(NAME).data)) == 1


def test_a_damaged_list_of_ended_sessions_is_made_anew():
    """Nobody is kept out for it, and the next end is kept."""
    known, store = credentials(), MemoryStore()
    store.put(NAME, b"[not a list")
    sessions = Sessions(known, EndedSessions(store))
    cookie = sessions.begin("anna")
    sessions.end(cookie)
    assert Sessions(known, EndedSessions(store)).user_of(cookie) is None


@pytest.mark.parametrize("place", ["user", "end", "mac"])
def test_a_changed_cookie_is_nobodys(place: str):
    """Each part is covered by the MAC."""
    known = Credentials(users={name: User(hash_password(PASSWORD)) for name in ("anna", "bob")})
    sessions = Sessions(known, EndedSessions(None))
    user, end, mac = sessions.begin("anna").split("|")
    changed = {
        "user": f"bob|{end}|{mac}",
        "end": f"{user}|{int(end) + 1}|{mac}",
        "mac": f"{user}|{end}|{'0' * 64}",
    }
    assert sessions.user_of(changed[place]) is None
    assert sessions.user_of("anna|é|ü") is None


def test_guessing_is_slowed_down():
    """After ten wrong passwords an address has to wait; another has not."""
    now = 0.0
    attempts = Attempts(lambda: now)
    for _ in range(TRIES):
        assert attempts.wait("10.0.0.1") == 0
        attempts.failed("10.0.0.1")
    assert attempts.wait("10.0.0.1") == pytest.approx(300)
    assert attempts.wait("10.0.0.2") == 0
    now += 301
    assert attempts.wait("10.0.0.1") == 0


@pytest.mark.parametrize(
    "where",
    ["", "//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "/a\r\nb"],
)
def test_signing_in_leads_nowhere_else(where: str):
    """What is asked for as the next page is a path of this server, or the start page."""
    assert local_target(where) == "/"
    assert local_target("/images/a%20b.html?q=1") == "/images/a%20b.html?q=1"


def serve(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A server that is expected not to start."""
    return subprocess.run(
        [sys.executable, "-m", "bucketlens", "serve", "photos", "out", "--port", "0", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - it must not
def test_other_machines_are_not_answered_without_credentials(folder: Path, host: str):
    """Any address but loopback demands them before anything is loaded."""
    done = serve(folder, "--host", host)
    assert done.returncode == 2
    assert "bucketlens access FILE" in done.stderr


def test_a_file_of_secrets_that_others_may_read_is_refused(folder: Path):
    """The message says how to put it right."""
    loose = folder / "loose.toml"
    loose.write_bytes(encode_credentials(credentials()))
    loose.chmod(0o644)
    done = serve(folder, "--credentials", str(loose))
    assert done.returncode == 2
    assert f"chmod 600 {loose}" in done.stderr
