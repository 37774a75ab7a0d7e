"""Edits and forgetting through the command line, on real photos."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import duckdb

from bucketlens.records import LabelRecord, decode_record

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Cli

KEY = "travel/beach.jpg"


def record(out: Path, key: str = KEY) -> LabelRecord:
    """The record of an image."""
    found = decode_record((out / "metadata" / f"{key}.json").read_bytes())
    assert isinstance(found, LabelRecord)
    return found


def names(out: Path, key: str = KEY) -> set[str]:
    """The labels of an image."""
    return {label.name for label in record(out, key).labels}


def test_an_edit_is_kept_for_good_and_found(collection: Path, cli: Cli) -> None:
    """Through search, pages, settings, runs, a lost catalog and lost records."""
    out = collection / "out"
    seen = max(record(out).labels, key=lambda label: len(label.parents)).name
    said = cli.fine("edit", "out", KEY, "--add", "My Beach", "--remove", seen, "--by", "Anna B")
    assert "+ My Beach  (Anna B, " in said
    assert f"- {seen}  (Anna B, " in said
    assert "My Beach" in names(out)
    assert seen not in names(out)
    assert KEY in cli.fine("search", "out", '"my beach"')
    page = (out / "site" / "images" / f"{KEY}.html").read_text("utf-8")
    assert "My Beach" in page
    assert page.count("A person added this label") == 1
    assert "Anna B" not in page, "who said it is told to those who may see the records only"
    cli.fine("relabel", "out", "--min-confidence", "60")
    before = (out / "metadata" / f"{KEY}.json").read_bytes()
    assert "stale" not in cli.fine("status", "out")
    cli.fine("reconcile", "photos", "out")
    assert (out / "metadata" / f"{KEY}.json").read_bytes() == before
    shutil.rmtree(out / "catalog")
    shutil.rmtree(out / "metadata")
    shutil.rmtree(out / "site")
    cli.fine("run", "photos", "out")
    assert "My Beach" in names(out)
    assert seen not in names(out)
    assert KEY in cli.fine("search", "out", '"my beach"')


def test_edits_follow_a_file_and_move_to_another_collection(collection: Path, cli: Cli) -> None:
    """A renamed file keeps them; a file of edits carries them elsewhere."""
    out, photos = collection / "out", collection / "photos"
    cli.fine("edit", "out", KEY, "--add", "My Beach", "--by", "Anna")
    (photos / "travel" / "beach.jpg").rename(photos / "renamed.jpg")
    cli.fine("run", "photos", "out")
    assert "My Beach" in names(out, "renamed.jpg")
    cli.fine("edits", "out", "--export", "edits.jsonl")
    (line,) = (collection / "edits.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["edits"][0]["by"] == "Anna"
    cli.fine("run", "photos", "other", "--no-pages")
    assert "My Beach" not in names(collection / "other", "renamed.jpg")
    done = cli("edits", "other", "--import", "edits.jsonl")
    assert (done.returncode, "1 images here show them" in done.stderr) == (0, True)
    assert "My Beach" in names(collection / "other", "renamed.jpg")
    (collection / "edits.jsonl").write_text(line + "\n{}\n", "utf-8")
    done = cli("edits", "other", "--import", "edits.jsonl")
    assert (done.returncode, "line 2" in done.stderr) == (2, True)


def test_mistakes_are_told(collection: Path, cli: Cli) -> None:
    """Nothing said, two words on one label, no such image."""
    for arguments, told in (
        ((KEY,), "nothing is added"),
        ((KEY, "--add", "Dog", "--remove", "dog"), "named twice"),
        (("nothing.jpg", "--add", "Dog"), "no record of labels"),
    ):
        done = cli("edit", "out", *arguments)
        assert (done.returncode, told in done.stderr) == (1, True), done.stderr
    assert not (collection / "out" / "edits").exists()


def traces(out: Path, word: str) -> list[str]:
    """Files whose name or content tells of something; Parquet is read, not searched."""
    found = []
    for path in sorted(path for path in out.rglob("*") if path.is_file()):
        name = path.relative_to(out).as_posix()
        if path.suffix == ".parquet":
            with duckdb.connect() as engine:
                rows = engine.execute(f"SELECT * FROM read_parquet('{path}')").fetchall()  # noqa: S608
            told = word in repr(rows)
        else:
            told = word.encode() in path.read_bytes()
        if told or word in name:
            found.append(name)
    return found


def index_rows(cli: Cli) -> str:
    """What the catalog shows."""
    return cli.fine("sql", "out", "SELECT key FROM images ORDER BY key")


def test_what_is_forgotten_leaves_no_trace(collection: Path, cli: Cli) -> None:
    """No file below OUT tells of the image, old segments of the catalog among them."""
    out = collection / "out"
    cli.fine("edit", "out", KEY, "--add", "My Beach")
    assert len(traces(out, "beach.jpg")) >= 6
    done = cli("forget", "out", KEY)
    assert done.returncode == 0, done.stderr
    assert "removed record, page, thumbnail and preview, edits" in done.stdout
    assert "come back with the next run" in done.stderr
    assert traces(out, "beach.jpg") == []
    assert traces(out, "My Beach") == []
    cli.fine("index", "out", "--check")
    assert "travel/beach.jpg" not in index_rows(cli)
    cli.fine("run", "photos", "out")
    assert "My Beach" not in names(out)


def test_what_is_never_to_come_back_does_not(collection: Path, cli: Cli) -> None:
    """Runs pass it over; the list that says so does not tell its name."""
    out = collection / "out"
    cli.fine("forget", "out", KEY, "--never-again")
    cli.fine("run", "photos", "out")
    assert not (out / "metadata" / f"{KEY}.json").exists()
    assert traces(out, "beach.jpg") == []
    assert (out / "state" / "never.json").exists()
    assert cli("forget", "out", "nothing.jpg").returncode == 1


def test_a_copy_keeps_what_was_said(collection: Path, cli: Cli) -> None:
    """Forgetting one of two files with the same bytes takes nothing from the other."""
    out, photos = collection / "out", collection / "photos"
    shutil.copy2(photos / "travel" / "beach.jpg", photos / "copy.jpg")
    cli.fine("run", "photos", "out")
    cli.fine("edit", "out", KEY, "--add", "My Beach")
    assert "My Beach" in names(out, "copy.jpg")
    cli.fine("forget", "out", KEY)
    assert traces(out, "beach.jpg") == []
    assert "My Beach" in names(out, "copy.jpg")
    assert "copy.jpg" in cli.fine("edits", "out")
