"""Uploads: received within limits, named safely, never over another image."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.server.asking import PHOTOS, start

from bucketlens.imaging import encode_jpeg
from bucketlens.names import decode_name, encode_name
from bucketlens.server.naming import candidates, ending_for, safe_stem
from bucketlens.server.uploads import Pace

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.asking import Answer, Running

NUMBERS = np.random.default_rng(7)


def photo() -> bytes:
    """A picture that there has never been before."""
    return encode_jpeg(NUMBERS.integers(0, 255, (120, 160, 3), dtype=np.uint8))


def upload(server: Running, name: str, data: bytes) -> Answer:
    """The answer to an upload."""
    path = f"/v1/uploads?name={quote(name, safe='')}"
    return server.ask(path, "POST", data, content_type="image/jpeg")


def settled(server: Running, key: str) -> dict[str, str]:
    """What became of it, once it is no longer queued."""
    end = time.monotonic() + 30
    while True:
        state: dict[str, str] = server.ask(f"/v1/uploads/{quote(key)}").json
        if state["state"] != "queued" or time.monotonic() > end:
            return state
        time.sleep(0.05)


def test_an_upload_is_labelled_and_has_a_page(server: Running):
    """From the bytes to the page that shows them."""
    answer = upload(server, "My photo.JPG", photo())
    assert (answer.status, answer.json["state"]) == (201, "queued")
    key = answer.json["key"]
    assert key == "uploads/My photo.jpg"
    assert answer.headers["location"] == "/v1/uploads/uploads/My%20photo.jpg"
    state = settled(server, key)
    assert state["state"] == "labelled"
    assert server.ask(f"/{state['page']}").status == 200
    assert server.ask(f"/v1/images/{quote(key)}").json["source"]["key"] == key


def test_the_same_bytes_are_recognised(server: Running):
    """Under any name; nothing is stored twice."""
    data = photo()
    first = upload(server, "first.jpg", data).json["key"]
    again = upload(server, "second.jpg", data)
    assert again.status == 200
    assert again.json["key"] == first
    assert again.json["duplicate"] is True
    assert not (server.folder / "photos" / "uploads" / "second.jpg").exists()


def test_an_image_that_was_there_before_is_recognised(server: Running):
    """One that nobody uploaded, by what the catalog knows of it."""
    answer = upload(server, "mine.jpg", (PHOTOS / "travel" / "taxis.jpg").read_bytes())
    assert answer.status == 200
    assert answer.json["key"] == "travel/taxis.jpg"
    assert answer.json["state"] == "labelled"


def test_no_image_is_written_over(server: Running):
    """A name that is taken gets a number, also when many come at once."""
    with ThreadPoolExecutor(8) as pool:
        photos = [photo() for _ in range(8)]
        answers = list(pool.map(lambda data: upload(server, "same.jpg", data), photos))
    keys = {answer.json["key"] for answer in answers}
    assert len(keys) == 8
    stored = {(server.folder / "photos" / key).read_bytes() for key in keys}
    assert stored == set(photos)


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"no image at all", 415, "unsupported"),
        (b"", 422, "damaged"),
        (b"\xff\xd8\xff" + bytes(16 * 1024 * 1024), 413, "too_large"),
    ],
    ids=["text", "empty", "large"],
)
def test_what_is_no_image_is_refused_and_not_stored(
    server: Running, data: bytes, status: int, code: str
):
    """By its bytes, whatever it is called, with a problem that says why."""
    answer = upload(server, "refused.jpg", data)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["code"] == code
    assert not (server.folder / "photos" / "uploads" / "refused.jpg").exists()


def test_a_form_is_no_upload(server: Running):
    """Forms are what other sites can send."""
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/json"):
        answer = server.ask("/v1/uploads?name=a.jpg", "POST", photo(), content_type=kind)
        assert answer.status == 415


def test_a_damaged_image_is_stored_and_its_failure_told(server: Running):
    """It begins like an image, so it is taken; its record says why it has no labels."""
    answer = upload(server, "damaged.jpg", photo()[:800])
    state = settled(server, answer.json["key"])
    assert state["state"] == "failed"
    assert "JPEG" in state["reason"]


def test_unknown_uploads_are_not_there(server: Running):
    """Nor can anything outside the source be asked for."""
    (server.folder / "photos" / ".hidden.jpg").write_bytes(b"x")
    (server.folder / "photos" / "notes.txt").write_bytes(b"x")
    for key in (".hidden.jpg", "notes.txt"):
        assert server.ask(f"/v1/uploads/{key}").status == 404
    for key in ("uploads/never.jpg", "../out/metadata/zebra.jpg.json", ".bucketlens/x"):
        assert server.ask(f"/v1/uploads/{quote(key, safe='')}").status == 404


def test_uploads_are_off_unless_they_are_switched_on(guarded: Running):
    """A server that was not told to take images takes none."""
    token = "Bearer a-token-of-the-tests"  # noqa: S105
    answer = guarded.ask("/v1/uploads?name=a.jpg", "POST", photo(), authorization=token)
    assert answer.status in {404, 405}


def test_too_many_and_too_slow_are_told_to_come_back(folder: Path):
    """A rate for all together, and a time in which a body must have arrived."""
    server = start(folder, "--uploads", uploads_per_minute="2", receive_seconds="1")
    try:
        statuses = [upload(server, f"{n}.jpg", photo()).status for n in range(3)]
        assert statuses == [201, 201, 429]
        answer = upload(server, "more.jpg", photo())
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        with socket.create_connection(server.address, timeout=20) as slow:
            head = "POST /v1/labels HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
            slow.sendall(head.encode() + b"\xff\xd8")
            assert slow.recv(100).startswith(b"HTTP/1.1 408")
    finally:
        server.stop()


def test_a_pause_saves_up_for_a_minute():
    """No more than that."""
    now = 0.0
    pace = Pace(60, lambda: now)
    assert [pace.take() for _ in range(60)] == [0.0] * 60
    assert pace.take() == pytest.approx(1.0)
    now = 1.0
    assert pace.take() == 0
    now = 1_000.0
    assert [pace.take() for _ in range(60)] == [0.0] * 60
    assert pace.take() > 0


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("photo.jpg", "uploads/photo.jpg"),
        ("../../etc/passwd", "uploads/passwd.jpg"),
        ("C:\\Users\\me\\été.JPEG", "uploads/été.jpeg"),
        ("", "uploads/image.jpg"),
        ("...", "uploads/image.jpg"),
        (".htaccess", "uploads/htaccess.jpg"),
        ("a\r\nb\x00c?.jpg", "uploads/a bc.jpg"),
        ("con.jpg", "uploads/image-con.jpg"),
        ("movie.mp4", "uploads/movie.jpg"),
        ("a/b/", "uploads/image.jpg"),
        ("x" * 400 + ".jpg", "uploads/" + "x" * 120 + ".jpg"),
        ("\u202egpj.exe", "uploads/gpj.jpg"),
    ],
)
def test_names_become_keys(name: str, key: str):
    """Folders, control characters and foreign endings go; letters of all scripts stay."""
    assert next(candidates("uploads", name, "jpeg")) == key


@given(name=st.text(max_size=300), folder=st.sampled_from(["uploads", "a/b/", ""]))
def test_any_name_becomes_a_safe_key(name: str, folder: str):
    """One visible segment below the folder, that outputs can be named after."""
    key = next(candidates(folder, name, "png"))
    prefix = folder.rstrip("/")
    leaf = key.removeprefix(f"{prefix}/") if prefix else key
    assert "/" not in leaf
    assert "\\" not in leaf
    assert not leaf.startswith(".")
    assert leaf.isprintable()
    assert leaf.endswith(".png")
    assert len(leaf.encode()) < 140
    assert decode_name(encode_name(key)) == key
    assert safe_stem(leaf) + ending_for(leaf, "png") == leaf
