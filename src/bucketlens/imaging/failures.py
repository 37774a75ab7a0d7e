"""Foreign exceptions of the decoders, mapped to ours where they enter."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from PIL import Image

from bucketlens.errors import DamagedError, InputError, TooLargeError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_REASON = 160
"""Characters of a decoder's own message that are worth keeping."""

UNREAD = "unknown pixel mode"
"""What Pillow says of a TIFF whose samples are of a kind that it has no mode for."""


@contextmanager
def decoding(kind: str) -> Iterator[None]:
    """Run a decoder; whatever it raises becomes an ``InputError``.

    Only calls into decoders belong inside. On hostile bytes they raise nearly anything (OSError,
    SyntaxError, struct.error, IndexError, ZeroDivisionError …), so nothing is left out.

    Raises:
        TooLargeError: The decoder ran out of memory or saw a decompression bomb.
        UnsupportedError: The file is sound, as far as that is known, but of a rare kind.
        DamagedError: Anything else.
    """
    try:
        yield
    except (InputError, ImportError, NameError):  # the latter two are mistakes of ours
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as exc:
        raise TooLargeError(
            f"is {kind.upper()} and needs too much memory: {reason(exc)}; a lower max_pixels"
            " refuses such files earlier",
            setting="max_pixels",
        ) from exc
    except Exception as exc:
        if isinstance(exc, NotImplementedError) or UNREAD in str(exc):
            raise UnsupportedError(
                f"is {kind.upper()} of a kind that is not read: {reason(exc)}"
            ) from exc
        raise DamagedError(f"is damaged {kind.upper()}: {reason(exc)}") from exc


def reason(exc: BaseException) -> str:
    """The first line of what an exception says, or its name."""
    lines = str(exc).splitlines()
    text = lines[0].strip() if lines else ""
    return text[:LONGEST_REASON] or type(exc).__name__
