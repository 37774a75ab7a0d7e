"""Public names are documented, and stay few and plain."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "src" / "bucketlens").rglob("*.py"))
FUNCTIONS = ast.FunctionDef, ast.AsyncFunctionDef
VAGUE = {"common", "helper", "helpers", "misc", "util", "utils"}


def public_definitions(tree: ast.Module) -> Iterator[tuple[str, str | None]]:
    """Each public class, function and method, with its docstring."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, ast.get_docstring(node)
            yield from (
                (f"{node.name}.{inner.name}", ast.get_docstring(inner))
                for inner in node.body
                if isinstance(inner, FUNCTIONS)
                and not inner.name.startswith("_")
                and not any("overload" in ast.unparse(d) for d in inner.decorator_list)
            )
        elif isinstance(node, FUNCTIONS) and not node.name.startswith("_"):
            yield node.name, ast.get_docstring(node)


@pytest.mark.parametrize(
    "path", MODULES, ids=lambda path: path.relative_to(ROOT / "src").as_posix()
)
def test_public_names_have_docstrings(path: Path):
    """A module and whatever it offers says in a line what it is."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the module has no docstring"
    bare = [name for name, docstring in public_definitions(tree) if not docstring]
    assert not bare


def test_no_module_has_a_name_that_says_nothing():
    """The names of files tell what happens to an image."""
    assert not {path.stem for path in MODULES} & VAGUE
