"""Lists of keys as text: one key a line, or columns parted by commas."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_plus

from bucketlens.pipeline.keylists.rows import Row
from bucketlens.pipeline.plans import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from bucketlens.pipeline.keylists.documents import Document

LONGEST_LINE = 64 * 1024
"""Bytes; no key of any store has so many, and a file without line ends must not fill the memory."""


def read_lines(document: Document) -> Iterator[Row | Refused]:
    """One key a line, as it is; empty lines mean nothing."""
    with document.opened() as file:
        for number, line in _lines(file):
            where = f"{document.name}:{number}"
            if line is None:
                yield Refused(where, f"the line has over {LONGEST_LINE:,} bytes")
            elif line:
                yield Row(where, line)


def read_csv(document: Document) -> Iterator[Row | Refused]:
    """Columns ``key`` and perhaps ``bucket`` and ``size``, in any order, named by the first row.

    Without such a row, one column is keys, and two are buckets and keys.
    """
    with document.opened() as file:
        rows = table(file, document.name)
        first = next(rows, None)
        if first is None:
            return
        columns = None if isinstance(first, Refused) else Columns.named(first[1])
        if columns is None:
            columns = Columns.counted(0 if isinstance(first, Refused) else len(first[1]))
            if columns is None:
                raise document.unreadable("its first row names no column `key`")
            yield first if isinstance(first, Refused) else columns.row(*first)
        for row in rows:
            yield row if isinstance(row, Refused) else columns.row(*row)


class Columns(NamedTuple):
    """Where in a row things stand.

    Attributes:
        encoded: Keys are written as in a URL.
        whole: As of :class:`Row`.
    """

    key: int
    bucket: int | None = None
    size: int | None = None
    latest: int | None = None
    deleted: int | None = None
    encoded: bool = False
    whole: bool = False

    @classmethod
    def named(
        cls, names: Sequence[str], *, encoded: bool = False, whole: bool = False
    ) -> Columns | None:
        """By their names, in any case; None where none is ``key``."""
        known = {name.strip().lower().replace("_", ""): i for i, name in enumerate(names)}
        if "key" not in known:
            return None
        return cls(
            known["key"],
            bucket=known.get("bucket"),
            size=known.get("size"),
            latest=known.get("islatest"),
            deleted=known.get("isdeletemarker"),
            encoded=encoded,
            whole=whole,
        )

    @classmethod
    def counted(cls, number: int) -> Columns | None:
        """By their number, where nothing names them; a first row that is no row tells none."""
        return {0: cls(0), 1: cls(0), 2: cls(1, 0)}.get(number)

    def row(self, where: str, cells: Sequence[str]) -> Row | Refused:
        """What a row says."""
        if len(cells) <= max(self.key, self.bucket or 0):
            return Refused(where, f"the row has {len(cells)} columns")
        key = cells[self.key]
        if self.encoded:
            key = unquote_plus(key, errors="surrogateescape")
        size = cells[self.size] if self.size is not None and self.size < len(cells) else ""
        return Row(
            where,
            key,
            None if self.bucket is None else cells[self.bucket],
            int(size) if size.isascii() and size.isdigit() else None,
            self.whole,
        )

    def is_current(self, cells: Sequence[str]) -> bool:
        """Whether a row of an inventory is of what the bucket shows under the key now."""
        values = [
            cells[i].lower() if i is not None and i < len(cells) else None
            for i in (self.latest, self.deleted)
        ]
        return values[0] != "false" and values[1] != "true"


def table(file: BinaryIO, name: str) -> Iterator[tuple[str, list[str]] | Refused]:
    """The rows of a CSV file with where they stand; what is no row is told as such."""
    long: list[int] = []

    def texts() -> Iterator[str]:
        for number, text in _lines(file):
            if text is None:
                long.append(number)
            else:
                yield f"{text}\n"  # inside quotes it is part of the key

    reader = csv.reader(texts(), strict=True)
    while True:
        cells: list[str] | Refused | None
        try:
            cells = next(reader, None)
        except csv.Error as exc:
            cells = Refused(f"{name}:{reader.line_num}", f"it is no row of CSV: {exc}")
        while long:
            yield Refused(f"{name}:{long.pop()}", f"the line has over {LONGEST_LINE:,} bytes")
        if cells is None:
            return
        if isinstance(cells, Refused):
            yield cells
        elif cells:
            yield f"{name}:{reader.line_num}", cells


def _lines(file: BinaryIO) -> Iterator[tuple[int, str | None]]:
    """Numbered lines without their ends; None for one that is too long.

    What is not UTF-8 is kept as surrogates, so that it can be told of by its line.
    """
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = file.readline(LONGEST_LINE)
            yield number, None
            continue
        text = line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
        yield number, text.removeprefix("\ufeff") if number == 1 else text
