"""The REST API is what its own document says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator
from tests.server.asking import PHOTOS, start
from tests.server.clients import call, program
from tests.server.conftest import TOKEN

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import CompletedProcess

    from tests.server.asking import Running


@pytest.mark.slow
@pytest.mark.parametrize("secured", [False, True])
def test_schemathesis_finds_nothing(
    folder: Path, credentials: Path, root: Path, tmp_path: Path, *, secured: bool
):
    """Requests of all kinds, right and wrong, get the answers that the document has for them.

    The server is this test's own, since it finds images and deletes what is derived from them.
    """
    flags = ("--credentials", str(credentials)) if secured else ("--uploads",)
    running = start(folder, *flags)
    try:
        done = _asked(running, root, tmp_path)
    finally:
        running.stop()
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "test cases" in done.stdout.lower()


def _asked(running: Running, root: Path, folder: Path) -> CompletedProcess[str]:
    """What schemathesis says of a server."""
    return call(
        program("schemathesis"),
        "--config-file",
        root / "tests" / "server" / "schemathesis.toml",
        "run",
        f"{running.url}v1/openapi.json",
        "--header",
        f"Authorization: Bearer {TOKEN}",
        "--max-examples=10",
        "--checks=all",
        "--seed=1",
        folder=folder,
    )


def test_the_document_says_what_the_answers_are(server: Running):
    """A real answer of each kind is valid against its schema."""
    document = server.ask("/v1/openapi.json").json
    assert document["openapi"] == "3.1.0"

    def check(name: str, value: object) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        Draft202012Validator(schema).validate(value)

    zebra = (PHOTOS / "zebra.jpg").read_bytes()
    both = "/v1/labels?features=GENERAL_LABELS,IMAGE_PROPERTIES"
    check("LabelsAnswer", server.ask(both, "POST", zebra).json)
    check("LabelRecord", server.ask("/v1/images/zebra.jpg").json)
    check("Problem", server.ask("/v1/images/nothing.jpg").json)
    check("Problem", server.ask("/v1/labels?max_labels=x", "POST", zebra).json)


def test_mistakes_in_parameters_are_named(server: Running):
    """Unknown ones, doubled ones, and values out of range."""
    for query, words in (
        ("min_confidenc=3", "there is no parameter 'min_confidenc'"),
        ("max_labels=1&max_labels=2", "max_labels is there more than once"),
        ("min_confidence=101", "min_confidence takes a number, 0 to 100"),
        ("min_confidence=nan", "min_confidence takes a number"),
        ("max_labels=-1", "max_labels takes 0 to 1000"),
        ("max_labels=1.5", "max_labels takes a whole number"),
        ("features=FACES", "features takes some of: GENERAL_LABELS, IMAGE_PROPERTIES"),
    ):
        answer = server.ask(f"/v1/labels?{query}", "POST", b"x")
        assert answer.status == 400
        assert words in answer.json["detail"]


def test_uploads_are_in_the_document_only_where_they_are_taken(server: Running, guarded: Running):
    """What a server does not do it does not promise."""
    assert "/v1/uploads" in server.ask("/v1/openapi.json").json["paths"]
    document = guarded.ask("/v1/openapi.json", authorization=f"Bearer {TOKEN}").json
    assert "/v1/uploads" not in document["paths"]
    assert document["security"] == [{"token": []}, {"session": []}]


def test_labels_of_an_image_are_given_to_programs(server: Running):
    """The same labels as DetectLabels gives, and what the file says."""
    zebra = (PHOTOS / "zebra.jpg").read_bytes()
    answer = server.ask("/v1/labels?min_confidence=80&max_labels=100", "POST", zebra)
    assert answer.status == 200
    assert "Zebra" in {label["Name"] for label in answer.json["Labels"]}
    assert answer.json["Image"]["format"] == "jpeg"
    png = (PHOTOS / "chelsea.png").read_bytes()
    assert server.ask("/v1/labels", "POST", png).json["Image"]["format"] == "png"


def test_records_are_given_as_they_are_stored(server: Running):
    """Failures too, with an ETag; what was never seen is not there."""
    stored = (server.folder / "out" / "metadata" / "zebra.jpg.json").read_bytes()
    answer = server.ask("/v1/images/zebra.jpg")
    assert answer.body == stored
    assert server.ask("/v1/images/zebra.jpg", if_none_match=answer.headers["etag"]).status == 304
    for key in ("nothing.jpg", "..%2f..%2fphotos/zebra.jpg", "%ff", ""):
        assert server.ask(f"/v1/images/{key}").status == 404
