"""Which keys are wanted: the same answer for an event, a listing and a folder."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError
from bucketlens.events.patterns import compile_pattern
from bucketlens.names import key_digest
from bucketlens.settings import IMAGE_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Callable


SYSTEM_NAMES = (
    *(".bucketlens", ".git", "lost+found", "__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"),
    *("$RECYCLE.BIN", "System Volume Information"),
    *(".Trashes", ".Trash", ".Spotlight-V100", ".fseventsd", ".AppleDouble"),
    *("@eaDir", "#recycle", "#snapshot", "@Recycle", ".@__thumb"),
)
"""Files and folders that systems and archivers leave among photos, copies and scraps; those that
a folder's listing leaves out (a test compares the two), so that folders copied to a bucket count
alike. Upper and lower case are alike here. A ``._`` before a name is macOS's too."""

_HIDDEN = re.compile(r"(?:^|/)\.")
_SYSTEM = re.compile(rf"(?i:(?:^|/)(?:(?:{'|'.join(map(re.escape, SYSTEM_NAMES))})(?:/|\Z)|\._))")


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """Decides by key, and size where it is known, whether an object is looked at.

    Attributes:
        prefixes: Only keys that begin with one of these, as S3 means it; empty for all.
        suffixes: Only keys that end in one of these, in upper or lower case; empty for all.
        include: Only keys that match one of these patterns; empty for all.
        exclude: No keys that match one of these patterns, even if included.
        own_outputs: Folders that bucketlens itself writes to. Keys below them are never looked
            at, so that a bucket that holds both can't set off work by its results.
        never: Gives the digests of keys that are never looked at, since someone asked for that;
            called when the first key is looked at.
        hidden: Also take names and folders that begin with a dot. A dot in a prefix that was
            asked for is no obstacle.

    ``bucketlens.events.patterns`` says what patterns mean. Keys and patterns must be of the same
    root: an event's key counts from the bucket, a listing's from the folder that was opened.

    Raises:
        ConfigError: A pattern is empty, or an output folder is the root.
    """

    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = IMAGE_SUFFIXES
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    own_outputs: tuple[str, ...] = ()
    never: Callable[[], frozenset[str]] = frozenset
    hidden: bool = False
    _endings: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _outputs: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _includes: tuple[re.Pattern[str], ...] = field(init=False, repr=False, compare=False)
    _excludes: tuple[re.Pattern[str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare what is compared for every key."""
        if not all(folder.strip("/") for folder in self.own_outputs):
            raise ConfigError(
                "the outputs go to the root of the source, so that every key would be an output; "
                "give them a folder or a bucket of their own"
            )
        prepare = object.__setattr__
        prepare(self, "_endings", tuple(suffix.lower() for suffix in self.suffixes))
        prepare(self, "_outputs", tuple(f"{name.rstrip('/')}/" for name in self.own_outputs))
        prepare(self, "_includes", tuple(compile_pattern(text) for text in self.include))
        prepare(self, "_excludes", tuple(compile_pattern(text) for text in self.exclude))

    def takes(self, key: str, size: int | None = None) -> bool:
        """Whether an object is looked at."""
        return self.explain(key, size) is None

    def explain(self, key: str, size: int | None = None) -> str | None:
        """Why an object is passed over, one clause that names the setting; None if it is taken.

        Args:
            key: The key, decoded.
            size: Bytes, where known. A key that ends in ``/`` and has none is a folder marker.
        """
        if key.startswith(self._outputs):
            return f"it is below an output folder ({', '.join(self._outputs)})"
        if self.prefixes and not key.startswith(self.prefixes):
            return f"it begins with none of the prefixes ({', '.join(self.prefixes)})"
        if key.endswith("/") and size == 0:
            return "it is a folder marker"
        if self._endings and not key.lower().endswith(self._endings):
            return f"its name ends in none of the suffixes ({', '.join(self._endings)})"
        never = self.never()
        if never and key_digest(key) in never:
            return "it was forgotten for good (state/never.json)"
        return self._explain_names(key) or self._explain_patterns(key)

    def _explain_names(self, key: str) -> str | None:
        """Names that are passed over in the part of the key that nobody asked for by prefix."""
        asked = max((len(p) for p in self.prefixes if key.startswith(p)), default=0)
        start = max(asked - 1, 0)  # the prefix may end in the / that a name begins after
        if not self.hidden and _HIDDEN.search(key, start):
            return "a part of its name begins with a dot (hidden takes it)"
        if _SYSTEM.search(key, start):
            return "it belongs to the system, not to the photos"
        return None

    def _explain_patterns(self, key: str) -> str | None:
        for pattern, text in zip(self._excludes, self.exclude, strict=True):
            if pattern.fullmatch(key):
                return f"it matches the exclude pattern {text}"
        if self._includes and not any(pattern.fullmatch(key) for pattern in self._includes):
            return f"it matches none of the include patterns ({', '.join(self.include)})"
        return None
