"""The status of a collection is what its records say, whatever its catalog knows of them."""

from pathlib import Path

import pytest
from tests.catalog.cabinets import Cabinet, buried, failed, label, labelled, new_cabinet

from bucketlens.assembly import Collection
from bucketlens.assembly.surveying import survey_collection
from bucketlens.catalog.manifest import MANIFEST
from bucketlens.pipeline.surveying import Current, survey
from bucketlens.settings import Settings

CURRENT = Current(scores="scores-1", view="view-1", limits="limits-2")


def surveyed(cabinet: Cabinet) -> None:
    """Compare both ways to tell."""
    told = survey_collection(Collection(cabinet.private.location, Settings()), CURRENT)
    read = survey(cabinet.records, CURRENT)
    for found in (told, read):
        found.failures.sort()
    assert told == read


@pytest.fixture
def cabinet(tmp_path: Path) -> Cabinet:
    """Labels, failures, stale records and images without labels."""
    cabinet = new_cabinet(tmp_path)
    cabinet.put(
        *(labelled(f"{i}.jpg", label("Dog"), label("Red"), seed=i % 3) for i in range(6)),
        labelled("none.jpg", seed=1),
        failed("broken.jpg"),
        failed("large.jpg", "too_large"),
    )
    return cabinet


def test_the_survey_of_a_catalog_that_knows_all(cabinet: Cabinet):
    """No record is read, and the counts are the same."""
    cabinet.catalog.refresh()
    surveyed(cabinet)
    collection = Collection(cabinet.private.location, Settings())
    found = survey_collection(collection, CURRENT)
    assert (found.labelled, found.unlabelled, found.errors["damaged"]) == (7, 1, 1)
    assert found.labels == {"Dog": 6, "Red": 6}


def test_records_that_the_catalog_does_not_know_are_read(cabinet: Cabinet):
    """New ones, changed ones, tombstones, damage and what is gone."""
    cabinet.catalog.refresh()
    cabinet.put(labelled("new.jpg", label("Cat"), seed=2), failed("1.jpg", "unsupported"))
    cabinet.put(buried("2.jpg"))
    cabinet.remove("3.jpg")
    cabinet.records.put("4.jpg.json", b"{")
    surveyed(cabinet)


@pytest.mark.parametrize("harm", ["none", "manifest", "file"])
def test_without_a_whole_catalog_all_records_are_read(cabinet: Cabinet, harm: str):
    """A catalog that is missing or damaged is no reason to say nothing."""
    if harm != "none":
        cabinet.catalog.refresh()
    if harm == "manifest":
        cabinet.private.put(MANIFEST, b"{")
    if harm == "file":
        cabinet.private.delete(next(i.key for i in cabinet.private.list("catalog/images-")))
    surveyed(cabinet)
