"""Edits and forgetting over HTTP."""

from __future__ import annotations

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from tests.server.asking import start
from tests.server.conftest import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.server.asking import Answer, Running

KEY = "travel/beach.jpg"
PATH = f"/v1/images/{KEY}"


@pytest.fixture(scope="module")
def editable(
    labelled: Path, tmp_path_factory: pytest.TempPathFactory, credentials: Path
) -> Iterator[Running]:
    """A server that knows who asks."""
    folder = tmp_path_factory.mktemp("edited")
    shutil.copytree(labelled, folder, dirs_exist_ok=True, copy_function=shutil.copy2)
    running = start(folder, credentials=str(credentials))
    yield running
    running.stop()


def ask(
    server: Running, path: str, method: str = "GET", body: object = None, **headers: str
) -> Answer:
    """A request of the program that has the token."""
    data = None if body is None else json.dumps(body).encode()
    kind = {} if body is None else {"content_type": "application/json"}
    return server.ask(path, method, data, **{"authorization": f"Bearer {TOKEN}", **kind, **headers})


def until_found(server: Running, query: str, *, found: bool) -> None:
    """Wait until a search finds an image, or none."""
    end = time.monotonic() + 60
    while bool(ask(server, f"/v1/images?q={query}").json.get("total")) is not found:
        assert time.monotonic() < end
        time.sleep(0.2)


def test_an_edit_is_told_with_who_and_when_and_is_found(editable: Running) -> None:
    """By the edits, the record, the page and soon the search."""
    answer = ask(editable, f"{PATH}/edits", "PUT", {"add": ["My Beach"], "remove": ["Submarine"]})
    assert answer.status == 200, answer.body
    assert answer.json["shown"]
    assert [(e["label"], e["by"]) for e in answer.json["edits"]] == [
        ("My Beach", "script"),
        ("Submarine", "script"),
    ]
    assert ask(editable, f"{PATH}/edits").json == answer.json
    record = ask(editable, PATH).json
    assert record["edits"] == answer.json["edits"]
    assert "My Beach" in [label["Name"] for label in record["Labels"]]
    assert b"My Beach" in ask(editable, f"/images/{KEY}.html").body
    until_found(editable, "%22my+beach%22", found=True)


def test_many_at_once_lose_nothing(editable: Running) -> None:
    """Everyone's word stands in the end."""
    words = [f"word {n}" for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda w: ask(editable, f"{PATH}/edits", "PUT", {"add": [w]}), words)
        )
    assert {answer.status for answer in answers} == {200}
    said = {edit["label"] for edit in ask(editable, f"{PATH}/edits").json["edits"]}
    assert set(words) <= said
    assert ask(editable, f"{PATH}/edits", "PUT", {"clear": words}).status == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"add": [""]}, 422),
        ({"add": ["<b>"]}, 422),
        ({"add": ["Dog"], "remove": ["dog"]}, 422),
        ({"add": "Dog"}, 400),
        ({"set": ["Dog"]}, 400),
        ([], 400),
    ],
)
def test_what_can_not_be_taken_is_refused(editable: Running, body: object, status: int) -> None:
    """With a problem that says why."""
    answer = ask(editable, f"{PATH}/edits", "PUT", body)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")


def test_forged_and_unknown_requests_change_nothing(editable: Running) -> None:
    """Other sites' pages, people without credentials, forms, images that there are not."""
    body = {"add": ["Evil"]}
    path = f"{PATH}/edits"
    assert ask(editable, path, "PUT", body, origin="https://evil.example").status == 403
    assert ask(editable, path, "PUT", body, sec_fetch_site="cross-site").status == 403
    assert ask(editable, PATH, "DELETE", None, origin="https://evil.example").status == 403
    assert editable.ask(path, "PUT", b"{}", content_type="application/json").status == 401
    assert editable.ask(PATH, "DELETE").status == 401
    assert ask(editable, path, "PUT", body, content_type="text/plain").status == 415
    assert ask(editable, "/v1/images/nothing.jpg/edits", "PUT", body).status == 404
    assert ask(editable, "/v1/images/nothing.jpg/edits").status == 404
    assert ask(editable, "/v1/images/nothing.jpg", "DELETE").status == 404
    assert "Evil" not in ask(editable, PATH).body.decode()


def test_a_deleted_image_is_gone_everywhere(editable: Running) -> None:
    """Record, page, edits and search; the file itself is not touched."""
    key = "zebra.jpg"
    assert ask(editable, f"/v1/images/{key}/edits", "PUT", {"add": ["Gone Soon"]}).status == 200
    answer = ask(editable, f"/v1/images/{key}", "DELETE")
    assert answer.status == 200, answer.body
    assert {"record", "edits"} <= set(answer.json["removed"])
    assert answer.json["returns"]
    assert ask(editable, f"/v1/images/{key}").status == 404
    assert ask(editable, f"/images/{key}.html").status == 404
    until_found(editable, "%22gone+soon%22", found=False)
    assert (editable.folder / "photos" / key).exists()
