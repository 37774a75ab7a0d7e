"""Files of a catalog are kept under names that nothing else has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bucketlens.catalog.files import Files
from bucketlens.errors import TransientError
from bucketlens.stores import ConflictError, WrappedStore, open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Refusing(WrappedStore):
    """A store that says so often that a new name is taken."""

    refusals = 0

    def _put(self, key: str, data: bytes, call: Callable[[], str]) -> str:
        if self.refusals:
            self.refusals -= 1
            raise ConflictError(f"{key} is there already")
        return super()._put(key, data, call)


def test_a_file_is_kept_under_another_name_where_one_is_refused(tmp_path: Path):
    """Nobody else can have the name; but a store that stumbles says so all the same."""
    store = Refusing(open_store("memory://files"))
    files = Files(store, tmp_path)
    made = files.temporary("made")
    made.write_bytes(b"rows")
    store.refusals = 2
    kept = files.put("labels", made, 1)
    assert [info.key for info in store.list()] == [kept.name]
    assert not made.exists()
    made.write_bytes(b"more")
    store.refusals = 99
    with pytest.raises(TransientError, match="labels"):
        files.put("labels", made, 1)
    assert made.exists()
