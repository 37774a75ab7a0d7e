"""Every command as people call it: what it prints where, what it leaves, how it exits."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.laboratory import BLUE, RED

from bucketlens.cli import COMMANDS
from bucketlens.records import LabelRecord, canonical, decode_record

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from tests.e2e.conftest import Cli

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "photos"
PHOTOS = sum(path.is_file() and path.suffix != ".md" for path in EXAMPLES.rglob("*"))
"""Example photos; beside them lies a text file with their credits."""


def summary(done: CompletedProcess[str]) -> dict[str, Any]:
    """What a run counted, without what is zero and without the time it took."""
    counted: dict[str, Any] = json.loads(done.stdout)
    counted.pop("seconds")
    counted["stores"] = sum(counted["stores"].values())
    return {name: value for name, value in counted.items() if value}


def labels_in(out: Path, key: str) -> set[str]:
    """Names of the labels in a record."""
    record = decode_record((out / "metadata" / f"{key}.json").read_bytes())
    assert isinstance(record, LabelRecord)
    return {label.name for label in record.labels}


def outputs(out: Path) -> set[str]:
    """The files that a run leaves, without locks; files of catalog and index are named by ids."""
    files = (path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    apart = (".bucketlens/", "catalog/", "data/index/")
    return {name for name in files if not any(part in name for part in apart)}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command_shows_an_example(cli: Cli, command: str):
    """Help names the command as it is typed, at once."""
    assert f"bucketlens {command}" in cli.fine(command, "--help").replace("\n", " ")


def test_help_and_version(cli: Cli):
    """The list of commands has them all, and the version is printed."""
    text = cli.fine("--help")
    assert all(f"\n  {command} " in text for command in COMMANDS)
    assert cli.fine("--version").startswith("bucketlens, version ")


def test_a_run_labels_everything_and_a_second_one_does_nothing(collection: Path, cli: Cli):
    """Records, pages and an index for each photo; then all is unchanged and not touched."""
    out = collection / "out"
    assert len(list((out / "metadata").rglob("*.json"))) == PHOTOS
    assert len(list((out / "site" / "images").rglob("*.html"))) == PHOTOS
    assert "Cat" in labels_in(out, "chelsea.png")
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    done = cli("run", "photos", "out", "--json")
    assert summary(done) == {"unchanged": PHOTOS, "passed_over": 1}
    assert f"{PHOTOS} unchanged" in done.stderr
    after = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    assert after == before


def test_changed_added_and_removed_photos_are_followed(collection: Path, cli: Cli):
    """Each is counted as what it is, and the outputs are those of what is there."""
    photos, out = collection / "photos", collection / "out"
    shutil.copyfile(photos / "chelsea.png", photos / "zebra.jpg")
    shutil.copyfile(photos / "chelsea.png", photos / "Neue Katze.PNG")
    (photos / "great-dane.jpg").unlink()
    done = cli("run", "photos", "out", "--json")
    assert done.returncode == 0
    assert summary(done) == {
        "labelled": 2,
        "unchanged": PHOTOS - 2,
        "removed": 1,
        "passed_over": 1,
    }
    assert "Cat" in labels_in(out, "zebra.jpg")
    assert not [name for name in outputs(out) if "great-dane" in name]
    assert "great-dane" not in (out / "site" / "index.html").read_text()
    assert "Neue%20Katze" in (out / "site" / "index.html").read_text()


def test_a_file_that_is_only_touched_is_not_scored_again(collection: Path, cli: Cli):
    """The same bytes at another time give the same record."""
    record = collection / "out" / "metadata" / "zebra.jpg.json"
    before = canonical(decode_record(record.read_bytes()))
    os.utime(collection / "photos" / "zebra.jpg")
    assert summary(cli("run", "photos", "out", "--json"))["labelled"] == 1
    assert canonical(decode_record(record.read_bytes())) == before


def test_failures_are_told_recorded_and_make_the_exit_status_1(cli: Cli):
    """A damaged file among good ones: a table on standard error, a record, and again next time."""
    photos = cli.folder / "photos"
    photos.mkdir()
    (photos / "good.jpg").write_bytes(RED)
    (photos / "broken.jpg").write_bytes(BLUE[:200])
    (photos / "empty.jpg").touch()
    (photos / "text.jpg").write_bytes(b"hello")
    done = cli("run", "photos", "out")
    assert done.returncode == 1
    assert not done.stdout
    assert all(name in done.stderr for name in ("broken.jpg", "empty.jpg", "text.jpg"))
    assert "1 labelled, 3 failed" in done.stderr
    again = cli("run", "photos", "out", "--json")
    assert again.returncode == 1
    assert summary(again)["known_failures"] == 3
    status = cli("status", "out", "--json")
    assert status.returncode == 1
    assert sum(json.loads(status.stdout)["errors"].values()) == 3
    assert "can't" not in cli.fine("show", "out", "good.jpg")
    assert "could not be labelled" in cli.fine("show", "out", "broken.jpg")


def test_a_dry_run_says_what_a_run_then_does(collection: Path, cli: Cli):
    """Nothing is written, not even the folder; the numbers are those of the run."""
    photos = collection / "photos"
    done = cli("run", "photos", "elsewhere", "--dry-run", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["actions"]["score"] == PHOTOS
    assert not (collection / "elsewhere").exists()
    (photos / "great-dane.jpg").unlink()
    before = outputs(collection / "out")
    done = cli("run", "photos", "out", "--dry-run", "--min-confidence", "80")
    assert not done.stdout
    assert f"{PHOTOS - 1} would get new labels" in done.stderr
    assert "1 would be removed" in done.stderr
    assert "min_confidence: 55.0 -> 80.0" in done.stderr
    assert outputs(collection / "out") == before


def test_limits_and_patterns_choose_what_is_looked_at(cli: Cli):
    """The first so many; only, and not, what matches; an exclusion keeps what was done."""
    photos = EXAMPLES
    done = cli("run", photos, "out", "--json", "--limit", "2", "--no-pages")
    assert summary(done)["labelled"] == 2
    done = cli("run", photos, "out", "--json", "--include", "food/", "--include", "chelsea*")
    assert summary(done)["labelled"] + summary(done).get("unchanged", 0) == 3
    done = cli("run", photos, "out", "--json", "--exclude", "food/**", "--exclude", "travel/")
    assert summary(done)["labelled"] == PHOTOS - 3 - 2 - 3
    assert len(list((cli.folder / "out" / "metadata").rglob("*.json"))) == PHOTOS - 3


def test_label_prints_a_table_or_json(cli: Cli):
    """One photo for people, several for programs, and what fails does not stop the rest."""
    cat = EXAMPLES / "chelsea.png"
    assert "Cat" in cli.fine("label", cat)
    (cli.folder / "bad.jpg").write_bytes(b"no image")
    done = cli("label", cat, "bad.jpg", "missing.jpg", cat, "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [line["file"] for line in lines] == [str(cat), "bad.jpg", "missing.jpg", str(cat)]
    assert "Cat" in {label["Name"] for label in lines[0]["Labels"]}
    assert [line["failure"]["error"] for line in lines[1:3]] == ["unsupported", "missing"]
    assert "scores" not in lines[0]


def test_label_reads_standard_input_draws_boxes_and_explains(cli: Cli):
    """The bytes may come through a pipe, the boxes go into a JPEG."""
    photo = EXAMPLES / "astronaut.jpg"
    done = cli("label", "-", "--boxes", "boxes.jpg", "--explain", "Cat", given=photo.read_bytes())
    assert done.returncode == 0
    assert "Person" in done.stdout
    assert "Cat" in done.stdout
    assert (cli.folder / "boxes.jpg").read_bytes()[:2] == b"\xff\xd8"


def test_show_and_status_of_a_collection(collection: Path, cli: Cli):
    """What is known of one photo, and of all."""
    assert "Cat" in cli.fine("show", "out", "chelsea.png")
    whole = json.loads(cli.fine("show", "out", "chelsea.png", "--json"))
    assert whole["source"]["key"] == "chelsea.png"
    missing = cli("show", "out", "nobody.jpg")
    assert missing.returncode == 1
    assert "no record of 'nobody.jpg'" in missing.stderr
    assert json.loads(cli.fine("status", "out", "--json"))["labelled"] == PHOTOS
    assert f"{PHOTOS} images labelled" in cli.fine("status", "out")
    assert (collection / "out").is_dir()


def test_relabel_makes_labels_again_without_the_photos(collection: Path, cli: Cli):
    """A dry run changes nothing; then records and pages follow, and a plain run keeps them."""
    out = collection / "out"
    shutil.rmtree(collection / "photos")
    before = labels_in(out, "travel/beach.jpg")
    done = cli("relabel", "out", "--min-confidence", "90", "--dry-run", "--json")
    assert json.loads(done.stdout)["changed"] > 0
    assert labels_in(out, "travel/beach.jpg") == before
    done = cli("relabel", "out", "--min-confidence", "90")
    assert "kept in bucketlens.toml" in done.stderr
    after = labels_in(out, "travel/beach.jpg")
    assert after < before
    public = json.loads((out / "site/data/images/travel/beach.jpg.json").read_bytes())
    assert {label["Name"] for label in public["Labels"]} == after
    again = cli("relabel", "out", "--json")
    assert json.loads(again.stdout)["changed"] == 0


def test_settings_told_by_flags_stay_with_the_collection(collection: Path, cli: Cli):
    """A plain run does not turn labels back; another value says what it changes, and holds then."""
    cli.fine("relabel", "out", "--min-confidence", "90")
    assert summary(cli("run", "photos", "out", "--json")) == {"unchanged": PHOTOS, "passed_over": 1}
    settings = json.loads(cli.fine("config", "out", "--json"))
    assert settings["min_confidence"]["value"] == 90.0
    assert "bucketlens.toml" in settings["min_confidence"]["origin"]
    done = cli(
        "run", "photos", "out", "--set", "min_confidence=55", "--set", "title=Häuser", "--json"
    )
    assert summary(done)["relabelled"] == PHOTOS
    assert "min_confidence: 90.0 -> 55.0" in done.stderr
    assert "Häuser" in (collection / "out" / "site" / "index.html").read_text()
    assert summary(cli("run", "photos", "out", "--json")) == {"unchanged": PHOTOS, "passed_over": 1}


def test_a_named_settings_file_is_used_instead_of_the_collections(collection: Path, cli: Cli):
    """Who keeps settings elsewhere gets none kept in OUT."""
    (collection / "mine.toml").write_text('title = "Mine"\n')
    cli.fine("--config", "mine.toml", "run", "photos", "out", "--min-confidence", "60")
    assert not (collection / "out" / "bucketlens.toml").exists()
    assert "Mine" in (collection / "out" / "site" / "index.html").read_text()


def test_config_says_where_each_value_comes_from(cli: Cli):
    """File, environment and flag, later ones first; and as JSON."""
    (cli.folder / "lens.toml").write_text("min_confidence = 60\nmax_labels = 5\n")
    text = cli.fine(
        *("--config", "lens.toml", "config", "--set", "workers=3", "--json"),
        BUCKETLENS_MAX_LABELS="7",
    )
    settings = json.loads(text)
    assert settings["min_confidence"] == {"value": 60.0, "origin": "file lens.toml"}
    assert settings["max_labels"] == {"value": 7, "origin": "BUCKETLENS_MAX_LABELS"}
    assert settings["workers"] == {"value": 3, "origin": "flag"}
    assert settings["title"]["origin"] == "default"


def test_all_mistakes_in_settings_are_named_together(cli: Cli):
    """One message, exit status 2, and nothing on standard output."""
    (cli.folder / "lens.toml").write_text("min_confidense = 60\n")
    done = cli(
        *("--config", "lens.toml", "config", "--set", "max_pixels=0"), BUCKETLENS_MAX_LABELS="many"
    )
    assert done.returncode == 2
    assert not done.stdout
    assert "did you mean min_confidence?" in done.stderr
    assert "max_labels (BUCKETLENS_MAX_LABELS)" in done.stderr
    assert "max_pixels" in done.stderr


def test_taxonomy_and_models(cli: Cli):
    """The tree below a label; which models there are, and that a wrong one is refused."""
    assert "Beagle" in cli.fine("taxonomy", "Dog")
    assert cli("taxonomy", "Dgo").returncode == 2
    cards = json.loads(cli.fine("models", "--json"))
    assert [card["name"] for card in cards] == ["efficientnet-lite2", "nanodet-g"]
    assert "licence" in cli.fine("models")
    assert cli("models", "--classifier", "no-such-model").returncode == 2


def test_results_never_become_images(cli: Cli):
    """OUT inside SOURCE is left out of it; a second run finds what the first one found."""
    photos = cli.folder / "photos"
    shutil.copytree(EXAMPLES / "food", photos)
    first = summary(cli("run", "photos", "photos/labels", "--json"))
    second = summary(cli("run", "photos", "photos/labels", "--json"))
    assert first["labelled"] == 2
    assert second["unchanged"] == 2
    assert second["passed_over"] > 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["run", "nowhere", "out"], "does not exist"),
        (["run", "photos", "photos"], "can't share"),
        (["run", "out/site", "out"], "holds outputs"),
        (["run", "out/metadata", "out"], "holds outputs"),
        (["run", "photos", "out", "--set", "no_such=1"], "no such setting"),
        (["run", "photos", "out", "--set", "nonsense"], "NAME=VALUE"),
        (["run", "photos", "out", "--include", ""], "empty"),
        (["run", "photos", "out", "--set", 'label_thresholds={"Catt": 5}'], "no label 'Catt'"),
        (["run", "photos", "out", "--min-confidence", "101"], "min_confidence"),
        (["run", "photos"], "Missing argument"),
        (["run", "photos/chelsea.png", "out"], "not a folder"),
        (["label", "a.jpg", "b.jpg", "--boxes", "c.jpg"], "one file"),
        (["status", "nowhere"], "does not exist"),
        (["relabel", "nowhere"], "does not exist"),
        (["--config", "nowhere.toml", "config"], "can't be read"),
        (["no-such-command"], "No such command"),
    ],
)
def test_mistakes_are_named_and_change_nothing(
    labelled: Path, cli: Cli, arguments: list[str], reason: str
):
    """Exit status 2, the reason on standard error, and no new file anywhere."""
    here = type(cli)(labelled, cli.sources)
    before = {path for path in labelled.rglob("*") if path.is_file()}
    done = here(*arguments)
    assert done.returncode == 2
    assert reason in done.stderr
    assert not done.stdout
    assert "Traceback" not in done.stderr
    assert {path for path in labelled.rglob("*") if path.is_file()} == before


def test_an_empty_source_is_not_taken_for_a_wish_to_delete(collection: Path, cli: Cli):
    """A disk that is not mounted: exit status 2, all records stay until it is said again."""
    shutil.rmtree(collection / "photos")
    (collection / "photos").mkdir()
    done = cli("run", "photos", "out")
    assert done.returncode == 2
    assert "--allow-deletes" in done.stderr
    assert len(list((collection / "out" / "metadata").rglob("*.json"))) == PHOTOS
    cli.fine("run", "photos", "out", "--allow-deletes")
    left = outputs(collection / "out")
    assert not {name for name in left if name.startswith(("metadata/", "site/thumbs/"))}


def test_pages_that_were_left_out_are_made_later_without_a_model(cli: Cli):
    """Switched on, restyled, or deleted by hand: the next run makes what is missing."""
    shutil.copytree(EXAMPLES / "food", cli.folder / "photos")
    cli.fine("run", "photos", "out", "--no-pages")
    assert not (cli.folder / "out" / "site").exists()
    assert summary(cli("run", "photos", "out", "--pages", "--json")) == {"redrawn": 2}
    pages = outputs(cli.folder / "out")
    assert len([name for name in pages if name.startswith("site/thumbs/")]) == 2
    assert summary(cli("run", "photos", "out", "--set", "title=Food", "--json")) == {"redrawn": 2}
    small = cli("run", "photos", "out", "--set", "thumbnail_size=64", "--json")
    assert summary(small) == {"redrawn": 2}
    shutil.rmtree(cli.folder / "out" / "site")
    assert summary(cli("run", "photos", "out", "--json")) == {"redrawn": 2}
    assert outputs(cli.folder / "out") == pages


def test_output_that_nobody_reads_does_not_stop_the_work(cli: Cli):
    """With both pipes closed at the other end everything is labelled, and the status is right."""
    with cli.start("run", EXAMPLES, "out", "--json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stderr.close()
        assert process.wait(timeout=120) == 0
    assert len(list((cli.folder / "out" / "metadata").rglob("*.json"))) == PHOTOS
