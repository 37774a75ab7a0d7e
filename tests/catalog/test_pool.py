"""A catalog that several processes read the records for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.catalog.cabinets import label, labelled, new_cabinet

from bucketlens.assembly import Collection
from bucketlens.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_processes_read_what_one_reads_and_end_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    """Pieces of few records bring them in; none of them has anything to say at its end."""
    cabinet = new_cabinet(tmp_path)
    cabinet.put(*(labelled(f"{i}.jpg", label("Dog")) for i in range(20)))
    monkeypatch.setattr("bucketlens.catalog.comparing.PIECE", 4)
    catalog = Collection(str(tmp_path / "out"), Settings(pages=False), processes=2).catalog
    assert catalog.rebuild().added == 20
    assert catalog.check().sound
    assert capfd.readouterr() == ("", "")
