"""Log lines: one JSON object each for programs, one short line each for people."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON: time, level, message, and the record's ``fields``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; whatever a key is named, it stays one line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class ReadableLines(logging.Formatter):
    """Formats a record as one line for people: the time of day, the message, its ``fields``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; control characters are escaped, so that a name can't write lines of its own."""
        fields: dict[str, object] = getattr(record, "fields", {})
        told = " ".join(f"{name}={_readable(value)}" for name, value in fields.items())
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        level = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
        line = f"{time} {level}{_one_line(record.getMessage())} {told}".rstrip()
        if record.exc_info:
            line += f"\n{self.formatException(record.exc_info)}"
        return line


def _readable(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    text = str(value)
    return _one_line(text) if text and " " not in text else json.dumps(text, ensure_ascii=False)


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
