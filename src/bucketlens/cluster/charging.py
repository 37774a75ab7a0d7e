"""What a worker is told of a run, and how it sees that it takes part in the same one."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import bucketlens
from bucketlens.assembly import open_collecting
from bucketlens.errors import BucketlensError, ConfigError, MissingError

if TYPE_CHECKING:
    from bucketlens.assembly import Collecting
    from bucketlens.settings import Settings
    from bucketlens.stores import Store

MARKS = "state/cluster/"
DAY = 24 * 3600.0

FILES = ("classifier", "detector", "extra_stylesheet")
"""Settings that may name a file or folder of the driver's machine."""


@dataclass(frozen=True, slots=True)
class Charge:
    """All that a worker needs to take part in a run; sent to each once.

    Attributes:
        run: Tells this run from others on the same cluster.
        source: Location of the images.
        out: Location of the outputs.
        settings: In force; paths in them are absolute.
        version: Of bucketlens.
        scores: Fingerprint of the scorer.
        view: Fingerprint of the view.
        look: Of the pages; empty without them.
        witness: A key of the source that the driver saw; None in an empty one.
        owned: The workers are processes of the driver's own, for which Ctrl-C is not meant.
    """

    run: str
    source: str
    out: str
    settings: Settings
    version: str
    scores: str
    view: str
    look: str
    witness: str | None
    owned: bool

    @property
    def mark(self) -> str:
        """An object of the outputs by which workers know them."""
        return f"{MARKS}{self.run}"


def charge_workers(opened: Collecting, settings: Settings, *, owned: bool) -> Charge:
    """What workers are to know of a run; puts its mark among the outputs.

    Raises:
        ConfigError: The source is not there, or the outputs can't be written.
    """
    first = next(iter(opened.images.list()), None)
    collection = opened.collection
    if collection.pages is not None:
        collection.pages.begin()  # before several would each begin it
    charge = Charge(
        run=os.urandom(8).hex(),
        source=opened.images.location,
        out=collection.private.location,
        settings=_absolute(settings, collection.site_location),
        version=bucketlens.__version__,
        scores=opened.labeler.scorer.fingerprint,
        view=opened.labeler.view.fingerprint,
        look=_look(opened),
        witness=None if first is None else first.key,
        owned=owned,
    )
    _sweep_marks(collection.private)
    collection.private.put(charge.mark, b"")
    return charge


def discharge(private: Store, charge: Charge) -> None:
    """Take the mark away."""
    with suppress(BucketlensError):
        private.delete(charge.mark)


def take_charge(charge: Charge) -> Collecting:
    """Open on a worker what the driver has open.

    Raises:
        ConfigError: Something here is not as it is there.
        TransientError: A store is away.
    """
    if charge.version != bucketlens.__version__:
        raise ConfigError(
            f"this worker has bucketlens {bucketlens.__version__}, and the run is of"
            f" {charge.version}: install the same version on all of them"
        )
    opened = open_collecting(charge.source, charge.out, charge.settings, check=False)
    _see_the_same(charge, opened)  # first, since a site elsewhere has another look, too
    same = (
        opened.labeler.scorer.fingerprint == charge.scores
        and opened.labeler.view.fingerprint == charge.view
        and _look(opened) == charge.look
    )
    if not same:
        raise ConfigError(
            "models, taxonomy or templates of this worker are not those of the run: install the"
            " same version, and put files that settings name on each machine"
        )
    return opened


def _see_the_same(charge: Charge, opened: Collecting) -> None:
    """See that the places that a worker was told of are those that the driver means.

    A folder that is not mounted on a machine would look like one whose images are gone.

    Raises:
        ConfigError: They are others.
        TransientError: A store is away.
    """
    private = opened.collection.private
    try:
        private.head(charge.mark)
    except MissingError as exc:
        raise ConfigError(
            f"{charge.out} is another place on this worker than for the run: outputs must be in a"
            " bucket, or in a folder that all machines share"
        ) from exc
    if charge.witness is None:
        return
    try:
        opened.images.head(charge.witness)
    except MissingError as exc:
        raise ConfigError(
            f"{charge.witness} of {charge.source} is not there on this worker: images must be in a"
            " bucket, or in a folder that all machines share"
        ) from exc


def _absolute(settings: Settings, site: str) -> Settings:
    """The settings with the paths in them as other processes understand them."""
    values = {name: getattr(settings, name) for name in FILES}
    found = {name: str(Path(v).resolve()) for name, v in values.items() if v and Path(v).exists()}
    if settings.site_location:
        found["site_location"] = site or settings.site_location
    return msgspec.structs.replace(settings, **found)


def _look(opened: Collecting) -> str:
    pages = opened.collection.pages
    return "" if pages is None else pages.look


def _sweep_marks(private: Store) -> None:
    """Take away the marks of drivers that were killed."""
    for info in list(private.list(MARKS)):
        if time.time() - info.modified > DAY:
            private.delete(info.key)
