"""The script of the site: its modules, joined into one file that runs everywhere.

A browser refuses modules of a page that was opened from a folder, and fetches each of many modules
apart. So the modules of ``static/js`` become one classic script, in the order in which they need
each other. That takes no bundler, since they keep to a few plain forms:

    import {parse, toText} from "./query.js";       at the top, one a line
    export function, export class, export const     no other export

and no two modules give the same name to two things of their top level.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bucketlens.site.squeezing import shorten_names, squeeze_script

if TYPE_CHECKING:
    from collections.abc import Callable

IMPORT = re.compile(r'import \{([\w, ]+)\} from "\./([\w-]+)\.js";')
EXPORT = re.compile(r"export (?=(?:async function|function|class|const)\b)")
DEFINITION = re.compile(r"(export )?(?:async function\*?|function\*?|class|const|let) (\w+)")
FOREIGN = re.compile(r"import |export (?:\{|default|\*)")
DESTRUCTURED = re.compile(r"const \{([\w, ]+)\} =")


def join_modules(entry: str, read: Callable[[str], str]) -> str:
    """One classic script from a module and all that it needs.

    Args:
        entry: The module that begins: ``main``.
        read: Gives the text of a module by its name.

    Raises:
        ValueError: A module does not keep to the forms.
    """
    join = _Join(read)
    join.add(entry, ())
    text = squeeze_script('(() => {\n"use strict";\n' + "".join(join.texts) + "})();\n")
    return shorten_names(text, join.owners)


class _Join:
    """Modules in order, and which of them defines and gives out which names."""

    def __init__(self, read: Callable[[str], str]) -> None:
        self.texts: list[str] = []
        self._read = read
        self._exports: dict[str, set[str]] = {}
        self.owners: dict[str, str] = {}

    def add(self, module: str, within: tuple[str, ...]) -> None:
        """Add a module after those that it needs; each once."""
        if module in within:
            raise ValueError(f"{module}.js needs itself, through {', '.join(within)}")
        if module in self._exports:
            return
        lines = []
        for line in self._read(module).splitlines():
            if match := IMPORT.fullmatch(line):
                self._take(module, match, (*within, module))
            elif FOREIGN.match(line):
                raise ValueError(f"{module}.js: a form that can't be joined: {line}")
            else:
                lines.append(line)
        self._define(module, lines)
        self.texts.append("".join(EXPORT.sub("", line, count=1) + "\n" for line in lines))

    def _take(self, module: str, match: re.Match[str], within: tuple[str, ...]) -> None:
        self.add(match[2], within)
        for name in match[1].split(","):
            if name.strip() not in self._exports[match[2]]:
                raise ValueError(f"{module}.js: {match[2]}.js exports no {name.strip()}")

    def _define(self, module: str, lines: list[str]) -> None:
        exports = self._exports[module] = set()
        for line in lines:
            names = []
            if match := DEFINITION.match(line):
                names = [match[2]]
                exports.update(names if match[1] else [])
            elif match := DESTRUCTURED.match(line):
                names = [name.strip() for name in match[1].split(",")]
            for name in names:
                owner = self.owners.setdefault(name, module)
                if owner != module:
                    raise ValueError(f"{owner}.js and {module}.js both define {name}")
