"""What README and docs say is so: settings, commands, records, pages, versions."""

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click
import msgspec
import pytest

import bucketlens
from bucketlens.records import decode_record
from bucketlens.settings import (
    ENVIRONMENT_PREFIX,
    FIELDS,
    NOT_SETTINGS,
    Settings,
    describe,
    load_settings,
)

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]

FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")

NOT_YET: set[str] = {"models.md"}
"""Named before they are in the folder docs."""


def document(name: str) -> str:
    """The text of a file at the top of the checkout."""
    return (ROOT / name).read_text(encoding="utf-8")


def commands_in(path: Path) -> Iterator[str]:
    """Everything that a page shows as typed: lines of sh blocks, and inline code."""
    text = path.read_text(encoding="utf-8")
    for language, block in FENCE.findall(text):
        if language in {"sh", "console", "shell", "bash"}:
            yield from (line.strip().removeprefix("$ ") for line in block.splitlines())
    yield from INLINE.findall(FENCE.sub("", text))


def calls_of(program: str) -> set[tuple[str, ...]]:
    """The words of each call of a program, in all documents, without comments."""
    found = set()
    for path in DOCUMENTS:
        for command in commands_in(path):
            words = command.split("  #")[0].split()
            if words and Path(words[0]).name == program:
                found.add(tuple(shlex.split(command, comments=True)))
    return found


def test_the_documents_are_read():
    """The search below finds what it is about."""
    assert ("make", "demo") in calls_of("make")
    assert any(call[1:2] == ("run",) for call in calls_of("bucketlens"))


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_is_documented_with_its_default(name: str):
    """docs/configuration.md has a row for each setting, with default and description."""
    row = next(
        (
            line
            for line in document("docs/configuration.md").splitlines()
            if f"| `{name}` |" in line
        ),
        "",
    )
    default = msgspec.json.encode(getattr(Settings(), name)).decode().replace(",", ", ")
    assert f"`{default}`" in row
    assert describe(name) in row


def test_no_document_names_a_setting_that_is_gone():
    """Each BUCKETLENS_ variable in the documents is a setting or is known to be none."""
    known = {ENVIRONMENT_PREFIX + name.upper() for name in FIELDS} | NOT_SETTINGS
    for path in DOCUMENTS:
        named = set(
            re.findall(rf"{ENVIRONMENT_PREFIX}[A-Z0-9_]+", path.read_text(encoding="utf-8"))
        )
        assert named <= known, path.name


def test_what_is_generated_is_up_to_date():
    """The schema and the tables follow from the code; `make fix` renews them."""
    command = [sys.executable, str(ROOT / "tools" / "docs" / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_records_that_are_shown_are_records():
    """Each JSON block of docs/records.md is read as a record and has all that it says."""
    blocks = [block for lang, block in FENCE.findall(document("docs/records.md")) if lang == "json"]
    kinds = [type(decode_record(block.encode())).__name__ for block in blocks]
    assert kinds == ["LabelRecord", "FailureRecord", "Tombstone"]


def test_the_settings_files_that_are_shown_are_valid(tmp_path: Path):
    """Each TOML block of the pages on settings can be used as it stands."""
    for name in ("docs/configuration.md", "docs/troubleshooting.md"):
        blocks = [block for lang, block in FENCE.findall(document(name)) if lang == "toml"]
        assert blocks, name
        for block in blocks:
            file = tmp_path / "bucketlens.toml"
            file.write_text(block, encoding="utf-8")
            assert load_settings(file=file)


def test_every_make_target_in_the_documents_exists():
    """Whoever types what a page shows finds that target in the Makefile."""
    targets = set(re.findall(r"^([a-z][a-z-]*):", document("Makefile"), re.MULTILINE))
    for call in calls_of("make"):
        named = [word for word in call[1:] if "=" not in word]
        assert set(named) <= targets, " ".join(call)


def test_every_target_has_a_line_of_help():
    """`make help` leaves out nothing that a person may call."""
    phony = re.findall(r"^\.PHONY: (.*)$", document("Makefile"), re.MULTILINE)
    named = set(" ".join(phony).split()) - {"same-python"}  # a step of others
    helped = re.findall(r"^([a-z][a-z-]*):.*## \S", document("Makefile"), re.MULTILINE)
    assert named
    assert sorted(helped) == sorted(named)


def test_every_bucketlens_command_in_the_documents_exists():
    """Each command and each flag that a page shows is one of the program's own."""
    if find_spec("bucketlens.cli") is None:
        pytest.skip("there is no command line yet")
    main = import_module("bucketlens.cli").cli
    context = click.Context(main, info_name="bucketlens")
    for call in sorted(calls_of("bucketlens")):
        words = [word for word in call[1:] if not word.startswith("-")]
        command = main.get_command(context, words[0]) if words else main
        assert command, " ".join(call)
        own = {
            flag
            for owner in (main, command)
            for param in owner.get_params(context)
            for flag in (*param.opts, *param.secondary_opts)
        }
        used = {word.split("=")[0] for word in call[1:] if word.startswith("-") and word != "-"}
        assert used <= own, " ".join(call)


def test_every_page_is_in_the_navigation():
    """No page is written that nobody finds, and no entry leads nowhere."""
    nav = tomllib.loads(document("zensical.toml"))["project"]["nav"]
    named = {page for entry in nav for page in pages_of(entry)}
    there = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert there <= named
    assert named - there <= NOT_YET


def pages_of(entry: dict[str, str | list[dict[str, str]]]) -> Iterator[str]:
    """The files of an entry of the navigation."""
    for value in entry.values():
        if isinstance(value, str):
            yield value
        else:
            yield from (page for inner in value for page in inner.values())


def test_links_between_top_documents_lead_somewhere():
    """The strict build of the docs checks docs/; this checks what stands outside."""
    for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", document(name)):
            missing = DOCS.name in target and Path(target).name in NOT_YET
            assert missing or (ROOT / target).exists(), f"{name} links to {target}"


def test_the_changelog_speaks_of_this_version():
    """The version of the package has its heading, below what is not released."""
    headings = re.findall(r"^## \[([^\]]+)\]", document("CHANGELOG.md"), re.MULTILINE)
    assert bucketlens.__version__ in headings


def test_the_architecture_page_names_every_module():
    """A module that nobody finds on the one page has no place in the design yet."""
    page = document("docs/architecture.md")
    for path in sorted((ROOT / "src" / "bucketlens").iterdir()):
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.name[0] != "_":
            assert f"`{path.stem}`" in page, path.name


def test_the_layers_of_the_contract_are_those_of_the_page():
    """The page on architecture and the import contract name the same modules."""
    contract = tomllib.loads(document("pyproject.toml"))["tool"]["importlinter"]["contracts"][0]
    layers = re.findall(r"[a-z]\w+", " ".join(contract["layers"]))
    page = document("docs/architecture.md")
    existing = [name for name in layers if find_spec(f"bucketlens.{name}")]
    assert existing
    assert all(f"`{name}`" in page for name in existing)
