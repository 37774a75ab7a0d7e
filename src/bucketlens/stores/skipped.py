"""Which names in people's folders are no images of theirs."""

from __future__ import annotations

import re

OWN_FOLDER = ".bucketlens"
"""Where a local store keeps lock files, if it needs any; never shown nor written to by key."""

TEMPORARY = re.compile(r"\.bucketlens-[0-9a-f]{16}\.tmp")
"""Files that are being written; what a killed process left behind looks the same."""

SYSTEM_NAMES = frozenset(
    {
        *(OWN_FOLDER, ".git", "lost+found", "__macosx", ".ds_store", "thumbs.db", "desktop.ini"),
        *("$recycle.bin", "system volume information"),  # Windows
        *(".trashes", ".trash", ".spotlight-v100", ".fseventsd", ".appledouble"),  # macOS
        *("@eadir", "#recycle", "#snapshot", "@recycle", ".@__thumb"),  # Synology, QNAP
    }
)
"""Names that systems put into folders, case folded."""


def is_system(name: str) -> bool:
    """Whether a file or folder of this name was put there by a system, not by a person."""
    return name.casefold() in SYSTEM_NAMES or name.startswith("._")


def is_skipped(name: str, *, hidden: bool) -> bool:
    """Whether a source passes over this name; ``hidden`` takes also what begins with a dot."""
    return (name.startswith(".") and not hidden) or is_system(name)
