"""Any sequence of changes, updates and mergers: the catalog says what the records say."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.catalog.cabinets import Cabinet, buried, failed, ids, label, labelled, new_cabinet, told

from bucketlens.catalog import merging

KEYS = st.sampled_from([f"{n}.jpg" for n in range(8)] + ["Straße/ Ä.JPG", "a//b.png"])
NAMES = st.lists(
    st.sampled_from(["Dog", "Cat", "Animal", "Red", "Mammal"]), unique=True, max_size=4
)
CONFIDENCES = st.sampled_from([55.5, 60.0, 87.25, 99.0])


class Keeping(RuleBasedStateMachine):
    """Records come and go; the catalog is kept in every way that there is."""

    @initialize(limit=st.sampled_from([3, 12]), large=st.sampled_from([5, 100_000]))
    def begin(self, limit: int, large: int) -> None:
        """With an empty collection, and segments that are merged soon or late."""
        self.patched = pytest.MonkeyPatch()
        self.patched.setattr(merging, "MOST_SEGMENTS", limit)
        self.patched.setattr(merging, "LARGE", large)
        self.cabinet: Cabinet = new_cabinet()
        self.fresh = True
        self.known: dict[str, tuple[str, int]] = {}

    @rule(key=KEYS, names=NAMES, confidence=CONFIDENCES, seed=st.integers(0, 2))
    def put_labels(self, key: str, names: list[str], confidence: float, seed: int) -> None:
        """An image is labelled, or labelled anew."""
        labels = [label(name, confidence, boxes=seed) for name in names]
        self.cabinet.put(labelled(key, *labels, seed=seed, modified=1e9 + 1e6 * len(names)))
        self.fresh = False

    @rule(key=KEYS)
    def fail(self, key: str) -> None:
        """An image turns out to be damaged."""
        self.cabinet.put(failed(key))
        self.fresh = False

    @rule(key=KEYS)
    def bury(self, key: str) -> None:
        """An image goes."""
        self.cabinet.put(buried(key))
        self.fresh = False

    @rule(key=KEYS)
    def remove(self, key: str) -> None:
        """A record goes."""
        self.cabinet.remove(key)
        self.fresh = False

    @rule()
    def refresh(self) -> None:
        """By the listing."""
        self.cabinet.catalog.refresh()
        self.fresh = True

    @rule(keys=st.lists(KEYS, max_size=4))
    def refresh_some(self, keys: list[str]) -> None:
        """By keys: what they say is right then, whatever else is."""
        self.cabinet.catalog.refresh(keys)
        rows, truth = told(self.cabinet.catalog.snapshot()), self.cabinet.truth()
        shown = {row.key: row for row in rows.values()}
        stand = {row.key: row for row in truth.values()}
        assert [shown.get(key) for key in keys] == [stand.get(key) for key in keys]

    @rule()
    def compact(self) -> None:
        """Merge all."""
        self.cabinet.catalog.compact()

    @rule()
    def rebuild(self) -> None:
        """From the records alone."""
        self.cabinet.catalog.rebuild()
        self.fresh = True

    @invariant()
    def says_what_the_records_say(self) -> None:
        """When nothing has changed since; and ids are never given to another image."""
        if not hasattr(self, "cabinet"):
            return
        snapshot = self.cabinet.catalog.snapshot()
        rows = told(snapshot)
        if self.fresh:
            assert rows == self.cabinet.truth()
        for name, number in ids(snapshot).items():
            seen = self.known.setdefault(f"{snapshot.lineage} {number}", (name, number))
            assert seen == (name, number)

    def teardown(self) -> None:
        """Undo what was changed."""
        if hasattr(self, "patched"):
            self.patched.undo()


Keeping.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestKeeping = Keeping.TestCase
