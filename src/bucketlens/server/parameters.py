"""Parameters of requests, each checked, with a message that names it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bucketlens.server.problems import RefusedError

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.requests import Request


class Parameters:
    """The query of a request.

    Args:
        request: The request.
        known: Names that it may have; another one is a mistake that is told.

    Raises:
        RefusedError: It has another one, or one twice.
    """

    def __init__(self, request: Request, *known: str) -> None:
        """Check the names."""
        self._query: QueryParams = request.query_params
        for name in self._query:
            if name not in known:
                listed = ", ".join(known) or "none"
                raise RefusedError(400, f"there is no parameter {name!r}; there are: {listed}")
            if len(self._query.getlist(name)) > 1:
                raise RefusedError(400, f"the parameter {name} is there more than once")

    def text(self, name: str, default: str = "", *, most: int = 1024) -> str:
        """A text of at most so many characters."""
        value = self._query.get(name, default)
        if len(value) > most:
            raise RefusedError(400, f"the parameter {name} has over {most} characters")
        return value

    def number(self, name: str, default: float, least: float, most: float) -> float:
        """A number within a range."""
        try:
            value = float(self._query.get(name, default))
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise RefusedError(400, f"the parameter {name} takes a number, {least:g} to {most:g}")
        return value

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within a range."""
        text = self._query.get(name, str(default))
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 10):  # noqa: PLR2004
            raise RefusedError(400, f"the parameter {name} takes a whole number")
        if not least <= int(text) <= most:
            raise RefusedError(400, f"the parameter {name} takes {least} to {most}")
        return int(text)

    def flag(self, name: str) -> bool:
        """True or false; false where it is not there."""
        text = self._query.get(name, "false")
        if text not in ("true", "false"):
            raise RefusedError(400, f"the parameter {name} takes true or false")
        return text == "true"

    def words(self, name: str, default: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
        """Some of the known words, divided by commas."""
        if name not in self._query:
            return default
        words = tuple(self._query[name].split(","))
        if not set(words) <= set(known):
            raise RefusedError(400, f"the parameter {name} takes some of: {', '.join(known)}")
        return words
