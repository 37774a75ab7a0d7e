"""What is committed holds no address, path or key of any one machine."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
THIS_FILE = Path(__file__).resolve().relative_to(ROOT).as_posix()
MOST_BYTES = 20_000_000

FORBIDDEN = {
    "an absolute path of one machine": r"(?<![\w.~$}\-])/(?:work|root|Users|opt/pypi)/",
    "a home folder": r"(?<![\w.~$}\-])/home/(?!you\b|user\b|me\b)\w+",
    "the host of a package registry": (
        r"\b(?:pypi\.(?:org|python\.org)|(?:files\.)?pythonhosted\.org|registry\.npmjs\.\w+"
        r"|npmjs\.com|npmmirror|deb\.debian\.org|snapshot\.debian\.org)\b"
    ),
    "an index option": r"--(?:extra-)?index-url[= ]+\S*:|--find-links[= ]+\S",
    "a resolved download": r'"resolved":\s*"https?:',
    "a key of a cloud account": r"\b(?:AKIA|ASIA)[0-9A-Z]{9}(?!EXAMPLE)[0-9A-Z]{7}\b",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "who or what typed it": r"(?i)\b(?:claude|anthropic|chatgpt|copilot|subagents?|as an ai)\b",
    "the number of an issue": r"(?i)\b(?:issue|pull request|fixes|closes) #?\d+\b(?!\.\d)",
}


def tracked_files() -> list[str]:
    """What git knows, or nothing outside a checkout."""
    if not (ROOT / ".git").exists():
        return []
    listing = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"],
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    """Each tracked text file but this one, with its text."""
    found = []
    for name in tracked_files():
        data = (ROOT / name).read_bytes()
        if name != THIS_FILE and b"\0" not in data[:8192]:
            found.append((name, data.decode("utf-8", errors="replace")))
    return found


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_names(what: str):
    """The project speaks of itself only, and works anywhere."""
    pattern = re.compile(FORBIDDEN[what])
    found = [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        for name, text in texts()
        for match in pattern.finditer(text)
    ]
    assert not found, f"{what}: {found[:10]}"


def test_no_tracked_file_is_huge():
    """A clone stays a matter of seconds."""
    large = [name for name in tracked_files() if (ROOT / name).stat().st_size > MOST_BYTES]
    assert not large


@pytest.mark.parametrize("name", ["demo.txt", "dev.txt"])
def test_every_requirement_is_pinned_with_hashes(name: str):
    """Each package has one version and hashes, and no address."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"[a-z0-9][a-z0-9._-]*==[\w.+]+ ", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert "://" not in text


def test_both_sets_of_requirements_agree():
    """What the demo runs with is what the tests run with."""

    def pins(name: str) -> set[str]:
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        return set(re.findall(r"^([a-z0-9][\w.-]*==[\w.+]+)", text, re.MULTILINE))

    assert pins("demo.txt") <= pins("dev.txt")
