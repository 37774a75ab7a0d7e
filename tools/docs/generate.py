"""Write the parts of the documentation that follow from the code, or check that they are right.

    python tools/docs/generate.py           write them
    python tools/docs/generate.py --check   exit 1 and say which are out of date

- ``src/bucketlens/record.schema.json``: the JSON Schema of a record
- the table of settings in ``docs/configuration.md``
- the table of errors in ``docs/errors.md``
- the tables of columns in ``docs/catalog.md``

A table stands between ``<!-- NAME:begin -->`` and ``<!-- NAME:end -->``.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import inspect as types

from bucketlens import errors
from bucketlens.catalog.schema import TABLES
from bucketlens.errors import BucketlensError
from bucketlens.record_schema import record_schema
from bucketlens.settings import FIELDS, Settings, describe, setting_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "src" / "bucketlens" / "record.schema.json"
CONFIGURATION = ROOT / "docs" / "configuration.md"
ERRORS = ROOT / "docs" / "errors.md"
CATALOG = ROOT / "docs" / "catalog.md"


def main() -> int:
    """Write or check; the exit status says whether all was right."""
    parser = argparse.ArgumentParser(description="Write what the documentation takes from the code")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 on differences")
    check = parser.parse_args().check

    stale = [
        path
        for path, text in generated().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        name = path.relative_to(ROOT).as_posix()
        if check:
            print(f"{name} is out of date; `make fix` renews it", file=sys.stderr)
        else:
            path.write_text(generated()[path], encoding="utf-8", newline="\n")
            print(f"wrote {name}")
    return 1 if check and stale else 0


def generated() -> dict[Path, str]:
    """Each file with the text that it should have."""
    return {
        SCHEMA: json.dumps(record_schema(), indent=2, ensure_ascii=False) + "\n",
        CONFIGURATION: with_table(CONFIGURATION, "settings", settings_table()),
        ERRORS: with_table(ERRORS, "errors", errors_table()),
        CATALOG: with_tables(CATALOG),
    }


def with_table(path: Path, name: str, table: Iterable[str]) -> str:
    """The text of a page with the lines between its two marks replaced."""
    return replaced(path.read_text(encoding="utf-8"), path, name, table)


def replaced(text: str, path: Path, name: str, table: Iterable[str]) -> str:
    """The text with the lines between two marks replaced."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"{path} has no {begin} … {end}")
    return "\n".join([before + begin, *table, end + after])


def with_tables(path: Path) -> str:
    """The text of a page with the columns of each table of the catalog."""
    text = path.read_text(encoding="utf-8")
    for table in TABLES.values():
        rows = [f"| `{c.name}` | {c.type} | {c.meaning} |" for c in table.columns]
        heading = (f"| column of `{table.name}` | type | what it is |", "|---|---|---|")
        text = replaced(text, path, table.name, (*heading, *rows))
    return text


def settings_table() -> Iterator[str]:
    """One row for each setting: name, default, what it takes, what it does."""
    yield "| setting | default | takes | what it does |"
    yield "|---|---|---|---|"
    defaults = Settings()
    for name in FIELDS:
        takes = values_taken(types.type_info(setting_types()[name]))
        default = as_toml(getattr(defaults, name))
        yield f"| `{name}` | `{default}` | {takes} | {describe(name)} |"


def as_toml(value: object) -> str:
    """A default as one would write it in the settings file; JSON serves for all our shapes."""
    return msgspec.json.encode(value).decode().replace(",", ", ")


def values_taken(kind: types.Type) -> str:  # noqa: PLR0911 - one for each type
    """What a setting takes, in words."""
    match kind:
        case types.Metadata():
            return values_taken(kind.type)
        case types.BoolType():
            return "`true` or `false`"
        case types.IntType() | types.FloatType():
            word = "whole number" if isinstance(kind, types.IntType) else "number"
            if kind.le is not None:
                return f"{word}, {kind.ge:g} to {kind.le:g}"
            return f"{word}, at least {kind.ge:g}"
        case types.StrType():
            return "text"
        case types.LiteralType():
            return " or ".join(f"`{value}`" for value in kind.values)
        case types.VarTupleType():
            item = values_taken(kind.item_type)
            return "list of texts" if item == "text" else f"list of {item}"
        case types.DictType():
            return f"table of names to {values_taken(kind.value_type)}"
        case _:
            raise SystemExit(f"say in tools/docs/generate.py what {kind} takes")


def errors_table() -> Iterator[str]:
    """One row for each class of error, the general before the special."""
    yield "| class | `error` in the record | exit status | meaning |"
    yield "|---|---|---|---|"
    for cls in vars(errors).values():
        if not (isinstance(cls, type) and issubclass(cls, BucketlensError)):
            continue
        if cls is BucketlensError:
            continue
        indent = "&emsp;" * (len(cls.__mro__) - len(BucketlensError.__mro__) - 1)
        code = f"`{cls.code}`" if issubclass(cls, errors.InputError) else "not recorded"
        meaning = (inspect.getdoc(cls) or "").splitlines()[0]
        yield f"| {indent}`{cls.__name__}` | {code} | {cls.exit_status} | {meaning} |"


if __name__ == "__main__":
    sys.exit(main())
