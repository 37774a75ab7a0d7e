"""The log of commands that run until they are stopped, on standard error."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

OURS = "bucketlens"


def log_to_standard_error(form: str = "json", others: Mapping[str, int] | None = None) -> None:
    """Write what is logged, line by line.

    Args:
        form: ``json``, ``text``, or ``auto`` for text on a terminal and JSON elsewhere.
        others: Loggers that are not ours, and the level that each is heard from.
    """
    from bucketlens.lines import JsonLines, ReadableLines  # noqa: PLC0415 - help stays light

    readable = form == "text" or (form == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ReadableLines() if readable else JsonLines())
    for name, level in {OURS: logging.INFO, **(others or {})}.items():
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(level)
