"""The catalog by the command line, as a process: kept by runs, asked, exported, repaired."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from tests.catalog.cabinets import buried, failed, label, labelled, new_cabinet

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Cli


def filled(folder: Path) -> None:
    """A collection in ``out`` of records as a run leaves them; one key is an attack."""
    new_cabinet(folder).put(
        labelled("a/dog.jpg", label("Dog", 97.5, boxes=1), label("Animal", 99.0), page=None),
        labelled("=HYPERLINK(1);\x1b[31m.png", label("Red"), page=None),
        failed("broken.jpg"),
    )


def test_a_run_keeps_the_catalog(cli: Cli, collection: Path):
    """The check agrees after a run, after a removal, and after labels were made again."""
    assert "it says what the records say" in cli("index", "out", "--check").stderr
    (collection / "photos" / "zebra.jpg").unlink()
    cli.fine("run", "photos", "out")
    cli.fine("relabel", "out", "--min-confidence", "90")
    checked = json.loads(cli.fine("index", "out", "--check", "--json"))
    assert checked["images"] == 10
    assert checked["sound"]
    assert not checked["behind"] + checked["surplus"]


def test_sql_answers_as_a_table_as_csv_and_as_json(cli: Cli):
    """What strangers wrote can't move the terminal's cursor."""
    filled(cli.folder)
    cli.fine("index", "out", "--no-pages")
    question = "SELECT key, kind, categories, failure FROM images ORDER BY key"
    table = cli.fine("sql", "out", question)
    assert "\x1b" not in table
    assert "a/dog.jpg" in table
    rows = list(csv.reader(io.StringIO(cli.fine("sql", "out", question, "--csv"))))
    assert rows[0] == ["key", "kind", "categories", "failure"]
    assert rows[1:] == [
        ["=HYPERLINK(1);\x1b[31m.png", "labels", "Colors", ""],
        ["a/dog.jpg", "labels", "Animals and Pets", ""],
        ["broken.jpg", "failure", "", "damaged"],
    ]
    lines = cli.fine("sql", "out", question, "--json").splitlines()
    assert json.loads(lines[2]) == {
        "key": "broken.jpg",
        "kind": "failure",
        "categories": [],
        "failure": "damaged",
    }


@pytest.mark.parametrize(
    "question",
    [
        "SELECT * FROM read_text('secret.txt')",
        "SELECT * FROM 'secret.txt'",
        "SELECT * FROM glob('*')",
        "SELECT * FROM read_csv('{out}/bucketlens.toml')",
        "COPY images TO 'stolen.csv'",
        "EXPLAIN ANALYZE COPY images TO 'stolen.csv'",
        "ATTACH 'stolen.db'",
        "SELECT 1; COPY images TO 'stolen.csv'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "CREATE TABLE t AS SELECT 1",
        "SELECT * FROM nothing",
        "SELEKT",
        "",
    ],
)
def test_sql_reads_the_tables_and_nothing_else(cli: Cli, question: str):
    """Anything but a SELECT over the catalog ends with a message, and leaves no file."""
    filled(cli.folder)
    cli.fine("index", "out", "--no-pages")
    (cli.folder / "secret.txt").write_text("private")
    before = {path for path in cli.folder.rglob("*") if path.is_file()}
    done = cli("sql", "out", question.format(out=cli.folder / "out"))
    assert done.returncode == 2
    assert "private" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert {path for path in cli.folder.rglob("*") if path.is_file()} == before


def test_exports_hold_all_images_with_their_labels(cli: Cli):
    """The three forms say the same."""
    import duckdb  # noqa: PLC0415

    filled(cli.folder)
    cli.fine("index", "out", "--no-pages")
    cli.fine("export", "out", "--parquet", "all.parquet")
    lines = [json.loads(line) for line in cli.fine("export", "out", "--jsonl").splitlines()]
    cli.fine("export", "out", "all.csv", "--csv")
    with (cli.folder / "all.csv").open(encoding="utf-8", newline="") as file:
        cells = list(csv.DictReader(file))
    with duckdb.connect() as engine:
        rows = engine.execute(
            "SELECT key, [x.name FOR x IN labels], [x.confidence FOR x IN labels]"
            " FROM read_parquet(?)",
            [str(cli.folder / "all.parquet")],
        ).fetchall()
    dog = next(line for line in lines if line["key"] == "a/dog.jpg")
    assert dog["labels"] == [
        {"name": "Dog", "confidence": 97.5, "instances": 1},
        {"name": "Animal", "confidence": 99.0, "instances": 0},
    ]
    assert [row[0] for row in rows] == [line["key"] for line in lines]
    assert [row[1] for row in rows] == [[x["name"] for x in line["labels"]] for line in lines]
    assert [cell["key"] for cell in cells] == [line["key"] for line in lines]
    assert next(c for c in cells if c["key"] == "a/dog.jpg")["confidences"] == "97.5;99.0"


def test_what_is_wrong_is_found_and_made_anew(cli: Cli):
    """The check exits with 1 and says what to do, a damaged file with 2; a rebuild repairs both."""
    filled(cli.folder)
    cli.fine("index", "out", "--no-pages")
    cabinet = new_cabinet(cli.folder)
    cabinet.put(labelled("new.jpg", label("Cat"), page=None), buried("broken.jpg"))
    behind = cli("index", "out", "--check")
    assert behind.returncode == 1
    assert "1 records are newer" in behind.stderr
    cli.fine("index", "out", "--no-pages")
    assert cabinet.records.head("broken.jpg.json"), "a tombstone waits for a run"
    for path in (cli.folder / "out" / "catalog").glob("labels-*.parquet"):
        path.write_bytes(path.read_bytes()[:-5])
    assert cli("index", "out", "--check").returncode == 1
    asked = cli("sql", "out", "SELECT count(*) FROM labels")
    assert asked.returncode == 2
    assert "--rebuild" in asked.stderr
    cli.fine("index", "out", "--rebuild", "--no-pages")
    assert cli.fine("sql", "out", "SELECT count(*) AS n FROM images", "--csv") == "n\n3\n"
    cli.fine("index", "out", "--compact", "--no-pages")
    assert cli("index", "out", "--check").returncode == 0


def test_many_records_are_read_by_several_processes(cli: Cli):
    """The catalog of 20,000 records says what they say."""
    cabinet = new_cabinet(cli.folder)
    cabinet.put(
        *(labelled(f"{i % 7}/{i}.jpg", label("Dog"), page=None, seed=i % 5) for i in range(20_000))
    )
    built = json.loads(cli.fine("index", "out", "--no-pages", "--json", "--workers", "2"))
    assert (built["images"], built["added"]) == (20_000, 20_000)
    assert cli("index", "out", "--check", "--workers", "2").returncode == 0
