"""A mistake in a query: what is wrong, where, and what may have been meant."""

from __future__ import annotations

from bucketlens.errors import InputError


class QueryError(InputError):
    """A query can't be read, or asks for what this collection does not know.

    Attributes:
        start: The first character that is meant, counted from 0.
        end: The one after the last.
        suggestions: Names that are near to an unknown word, the nearest first.
    """

    code = "query"
    exit_status = 2
    http_status = 400

    def __init__(
        self, message: str, start: int, end: int, suggestions: tuple[str, ...] = ()
    ) -> None:
        """Keep what is wrong and where."""
        super().__init__(message)
        self.start = start
        self.end = end
        self.suggestions = suggestions

    def explain(self, text: str) -> str:
        """Three lines for a terminal: the message, the query, and a mark below the mistake."""
        shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
        mark = " " * self.start + "^" * max(1, self.end - self.start)
        near = f"; near to it: {', '.join(self.suggestions)}" if self.suggestions else ""
        return f"{self.message}{near}\n    {shown}\n    {mark}"
