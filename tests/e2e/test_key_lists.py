"""`run --keys FILE`: only what a list names is looked at, and nothing is taken for gone."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Cli

QUICK = {"BUCKETLENS_DETECTOR": "none"}


def run(cli: Cli, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Exit status, summary and standard error of a run."""
    done = cli("run", "photos", "out", "--json", *arguments, **QUICK)
    return done.returncode, json.loads(done.stdout), done.stderr


def some_photos(cli: Cli, root: Path, count: int = 3) -> list[str]:
    """A folder with a few photos; their keys."""
    chosen = sorted((root / "examples" / "photos").glob("*.jpg"))[:count]
    (cli.folder / "photos").mkdir()
    for path in chosen:
        shutil.copy(path, cli.folder / "photos")
    return [path.name for path in chosen]


def records(cli: Cli) -> set[str]:
    """Keys that have records."""
    folder = cli.folder / "out" / "metadata"
    return {path.relative_to(folder).as_posix()[:-5] for path in folder.rglob("*.json")}


def test_only_what_is_named_is_labelled_and_once(cli: Cli, root: Path):
    """A second run finds it done; bad lines and images that are not there are failures."""
    first, second, third = some_photos(cli, root)
    keys = cli.folder / "keys.txt"
    keys.write_bytes(f"{first}\nnot there.jpg\n../keys.txt.jpg\n{third}\nnotes.txt\n".encode())
    with keys.open("ab") as file:
        file.write(b"\xff.jpg\n")
    status, summary, said = run(cli, "--keys", "keys.txt", "--set", "hidden=true")
    assert status == 1
    assert (summary["labelled"], summary["failed"], summary["passed_over"]) == (2, 3, 1)
    assert summary["errors"] == {"missing": 2, "input": 1}
    assert records(cli) == {first, third}
    assert "not there.jpg" in said
    assert "keys.txt:6" in said
    assert "it is not UTF-8" in said
    keys.write_text(f"{first}\n{third}\n{third}\n")
    status, summary, _ = run(cli, "--keys", "keys.txt")
    assert (status, summary["unchanged"], summary["labelled"]) == (0, 3, 0)
    keys.write_text(f"{second}\n{first}\n")
    assert run(cli, "--keys", "keys.txt", "--limit", "1")[1]["labelled"] == 1
    assert records(cli) == {first, second, third}


def test_records_of_images_that_went_away_stay(cli: Cli, root: Path):
    """Whether the list names them or not: only a run over the whole source takes them for gone."""
    first, second, third = some_photos(cli, root)
    assert run(cli)[0] == 0
    for name in (first, second):
        (cli.folder / "photos" / name).unlink()
    (cli.folder / "keys.csv").write_text(f"key\n{first}\n{third}\n")
    status, summary, said = run(cli, "--keys", "keys.csv", "--allow-deletes")
    assert status == 1
    assert (summary["failed"], summary["unchanged"], summary["removed"]) == (1, 1, 0)
    assert "there is no object" in said
    assert records(cli) == {first, second, third}
    assert run(cli, "--allow-deletes")[1]["removed"] == 2


def test_many_named_images_are_labelled_in_processes(cli: Cli, root: Path):
    """As those of a listing are, and a dry run forecasts them."""
    (name,) = some_photos(cli, root, 1)
    data = (cli.folder / "photos" / name).read_bytes()
    for i in range(40):
        (cli.folder / "photos" / f"{i}.jpg").write_bytes(data + bytes([i]))
    lines = "".join(f"{i}.jpg\n" for i in range(42))
    (cli.folder / "keys.txt").write_text(lines)
    dry = cli("run", "photos", "out", "--keys", "keys.txt", "--dry-run", "--json", **QUICK)
    assert json.loads(dry.stdout)["actions"]["score"] == 40
    assert not records(cli)
    status, summary, _ = run(cli, "--keys", "keys.txt")
    assert (status, summary["labelled"], summary["errors"]) == (1, 40, {"missing": 2})
    assert records(cli) == {f"{i}.jpg" for i in range(40)}


def test_a_list_that_can_not_be_read_leaves_no_trace(cli: Cli, root: Path):
    """It is told of before anything is written."""
    some_photos(cli, root, 1)
    done = cli("run", "photos", "out", "--keys", "none.parquet", **QUICK)
    assert done.returncode == 2
    assert "the list of keys none.parquet is no file" in done.stderr
    assert not records(cli)
