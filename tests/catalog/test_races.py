"""Several keepers at once, and killed ones: the catalog ends as the records are."""

from __future__ import annotations

import multiprocessing
import os
import random
import threading
import time
from typing import TYPE_CHECKING

import pytest
from tests.catalog.cabinets import Cabinet, label, labelled, new_cabinet, told

from bucketlens.catalog.manifest import MANIFEST
from bucketlens.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bucketlens.catalog import Catalog


def test_an_update_that_is_overtaken_reads_what_changed_since(cabinet: Cabinet):
    """It read the older record; the newer one that another put into the catalog stays."""
    cabinet.put(*(labelled(f"{i}.jpg", label("Dog")) for i in range(5)))
    cabinet.catalog.refresh()
    cabinet.put(labelled("1.jpg", label("Cat")))
    slow = cabinet.catalog

    def overtaken() -> None:
        cabinet.put(labelled("1.jpg", label("Red")), labelled("2.jpg", label("Red")))
        cabinet.remove("3.jpg")
        cabinet.catalog.refresh()

    _before_next_manifest(slow, overtaken)
    done = slow.refresh()
    rows = told(cabinet.catalog.snapshot())
    assert rows == cabinet.truth()
    assert rows["1.jpg"].labels[0][0] == "Red"
    assert not done.changed


def test_scores_that_went_meanwhile_are_kept_anew(cabinet: Cabinet):
    """An update counted on the scores of a row that another one replaced and dropped."""
    cabinet.put(*(labelled(f"{i}.jpg", label("Dog"), seed=1) for i in range(3)))
    cabinet.catalog.refresh()
    cabinet.put(labelled("1.jpg", label("Cat"), seed=1))
    slow = cabinet.catalog
    behind = Cabinet(cabinet.private, new_cabinet().records)
    behind.put(labelled("1.jpg", label("Red"), seed=2))

    def overtaken() -> None:
        behind.catalog.refresh()
        behind.catalog.compact()

    _before_next_manifest(slow, overtaken)
    slow.refresh()
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()
    assert cabinet.catalog.check().sound


def test_a_rebuild_that_is_overtaken_is_made_of_newer_records(cabinet: Cabinet):
    """What changed while it read is in it."""
    cabinet.put(*(labelled(f"{i}.jpg", label("Dog")) for i in range(5)))
    cabinet.catalog.refresh()
    slow = cabinet.catalog

    def overtaken() -> None:
        cabinet.put(labelled("1.jpg", label("Red")), labelled("new.jpg", label("Red")))
        cabinet.remove("3.jpg")
        cabinet.catalog.refresh()

    _before_next_manifest(slow, overtaken)
    slow.rebuild()
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()


def test_who_always_loses_gives_up_with_a_reason(cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch):
    """The next call may have more luck."""
    cabinet.put(labelled("a.jpg", label("Dog")))
    catalog = cabinet.catalog
    monkeypatch.setattr("bucketlens.catalog.updating.replace_manifest", lambda *_: False)
    with pytest.raises(TransientError, match="changed by others"):
        catalog.refresh()


def _before_next_manifest(catalog: Catalog, do: Callable[[], None]) -> None:
    """Let something happen just before a catalog puts its next manifest."""
    store = catalog._files.private
    put, waiting = store.put, [do]

    def after(key: str, data: bytes, **conditions: object) -> str:
        if key == MANIFEST and waiting:
            waiting.pop()()
        return put(key, data, **conditions)  # type: ignore[arg-type]

    store.put = after  # type: ignore[method-assign]


def test_threads_that_write_and_index_at_once(tmp_path: Path):
    """Whoever wins, the last one finds nothing left to do and the truth stands."""
    cabinet = new_cabinet(tmp_path)
    stop = threading.Event()
    broken: list[BaseException] = []

    def index(how: str) -> None:
        chance = random.Random(how)  # noqa: S311 - a test
        while not stop.is_set():
            try:
                if how == "compact" and chance.random() < 0.3:
                    cabinet.catalog.compact()
                elif how == "keys":
                    cabinet.catalog.refresh([f"{chance.randrange(20)}.jpg" for _ in range(5)])
                else:
                    cabinet.catalog.refresh()
            except TransientError:
                pass
            except BaseException as exc:  # noqa: BLE001 - told below
                broken.append(exc)
                return

    threads = [threading.Thread(target=index, args=(how,)) for how in ("all", "keys", "compact")]
    for thread in threads:
        thread.start()
    _write_for(cabinet, 4.0, seed=1)
    stop.set()
    for thread in threads:
        thread.join()
    assert broken == []
    cabinet.catalog.refresh()
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()
    assert not cabinet.catalog.refresh().changed
    assert cabinet.catalog.check().sound


def _write_for(cabinet: Cabinet, seconds: float, seed: int) -> None:
    """Change, add and remove records at random for a while."""
    chance = random.Random(seed)  # noqa: S311 - a test
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        key = f"{chance.randrange(20)}.jpg"
        if chance.random() < 0.2:
            cabinet.remove(key)
        else:
            name = chance.choice(("Dog", "Cat", "Red", "Animal"))
            cabinet.put(labelled(key, label(name, float(chance.randrange(55, 99))), seed=seed))
        seed = chance.randrange(3)


def _index_for_ever(folder: str) -> None:
    """What a process does until it is killed."""
    from pathlib import Path  # noqa: PLC0415

    cabinet = new_cabinet(Path(folder))
    chance = random.Random(os.getpid())  # noqa: S311 - a test
    while True:
        try:
            if chance.random() < 0.2:
                cabinet.catalog.compact()
            else:
                cabinet.catalog.refresh()
        except TransientError:
            pass


def test_processes_that_are_killed_at_any_moment(tmp_path: Path):
    """What a killed one leaves is no trouble for the next, and no lie to a reader."""
    cabinet = new_cabinet(tmp_path)
    cabinet.put(*(labelled(f"{i}.jpg", label("Dog"), seed=i) for i in range(20)))
    context = multiprocessing.get_context("spawn")
    for seed in range(3):
        processes = [
            context.Process(target=_index_for_ever, args=(str(tmp_path),)) for _ in range(2)
        ]
        for process in processes:
            process.start()
        _write_for(cabinet, 3.0, seed=seed)
        for process in processes:
            process.kill()
            process.join()
        told(cabinet.catalog.snapshot())
    cabinet.catalog.refresh()
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()
    assert cabinet.catalog.check().sound
