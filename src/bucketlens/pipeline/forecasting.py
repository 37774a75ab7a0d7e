"""From what a source holds and what a sample of it took to what all of it would take: arithmetic.

Nothing here reads or writes. The bottleneck of a machine is either its cores or its waiting for
images, whichever takes longer; both are measured on the sample.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from bucketlens.pipeline.running import READERS

LISTED = 1000
"""Objects that one LIST request shows."""

BLOCK = 4096
"""Bytes that a file in a folder takes at least, and in whose multiples it grows."""

HOUR = 3600.0
MILLION = 1e6
GIGABYTE = 1e9

Amount = Annotated[float, Meta(ge=0.0)]


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """Files of one kind that an image leaves behind, on average.

    Attributes:
        name: ``records``, ``pages``, ``pictures``…
        files: How many.
        size: Bytes of them.
        disk: Bytes that they take in a folder, in whole blocks.
    """

    name: str
    files: Amount
    size: Amount
    disk: Amount


class Calls(msgspec.Struct, frozen=True, kw_only=True):
    """Requests to a store: of an image on average, or of all.

    Attributes:
        list: Requests that list; of an image, a fraction.
        get: That read an object.
        head: That ask for its facts.
        put: That write one.
        delete: That remove one, which costs nothing on S3.
    """

    list: Amount = 0.0
    get: Amount = 0.0
    head: Amount = 0.0
    put: Amount = 0.0
    delete: Amount = 0.0

    def __add__(self, other: Calls) -> Calls:
        """Both together."""
        mine, others = msgspec.structs.asdict(self), msgspec.structs.asdict(other)
        return Calls(**{verb: count + others[verb] for verb, count in mine.items()})

    def times(self, images: float) -> Calls:
        """Those of so many images, in whole requests."""
        values = msgspec.structs.asdict(self)
        return Calls(**{verb: float(round(count * images)) for verb, count in values.items()})

    def cost(self, prices: Prices) -> float:
        """What they cost."""
        dear, cheap = self.list + self.put, self.get + self.head
        return dear / MILLION * prices.million_writes + cheap / MILLION * prices.million_reads


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """As the settings have them; see ``price_million_writes`` and its neighbours."""

    million_writes: Amount
    million_reads: Amount
    gigabyte_month: Amount
    core_hour: Amount


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What a sample took, for each of its images.

    Attributes:
        images: In the sample.
        failed: Of them.
        processor: Seconds of one core.
        waiting: Seconds that one reader waits for the image's bytes.
        kinds: What is written.
        source: Requests to the store of the images.
        out: Requests to the stores of the outputs.
    """

    images: int
    failed: int
    processor: Amount
    waiting: Amount
    kinds: tuple[Kind, ...]
    source: Calls
    out: Calls

    def seconds(self, images: int, cores: int) -> float:
        """How long so many images take: the cores' time, or the readers' where that is longer."""
        return images * max(self.processor / cores, self.waiting / (READERS * cores))

    @property
    def bottleneck(self) -> str:
        """What decides how long it takes."""
        return "processor" if self.processor >= self.waiting / READERS else "reading"


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What a service that labels the images takes instead.

    Attributes:
        price: Of one image.
        rate: Images a second.
        monthly_limit: What may be spent in a month.
    """

    price: Amount
    rate: Annotated[float, Meta(gt=0.0)]
    monthly_limit: Amount

    def months(self, images: int) -> float | None:
        """Months until the limit allows so many; None where it never does."""
        cost = images * self.price
        if not cost:
            return 0.0
        return cost / self.monthly_limit if self.monthly_limit else None


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """What so many images take in all.

    Attributes:
        seconds: By the number of cores.
        files: That are written.
        size: Bytes of them.
        disk: Bytes that they take in a folder.
        source: Requests to the store of the images.
        out: Requests to the stores of the outputs.
        core_hours: Of processor time.
    """

    seconds: dict[int, float]
    files: int
    size: int
    disk: int
    source: Calls
    out: Calls
    core_hours: float


def sums_of(trial: Trial, images: int, cores: tuple[int, ...]) -> Sums:
    """What the sample says of so many images."""
    return Sums(
        seconds={number: trial.seconds(images, number) for number in cores},
        files=round(images * sum(kind.files for kind in trial.kinds)),
        size=round(images * sum(kind.size for kind in trial.kinds)),
        disk=round(images * sum(kind.disk for kind in trial.kinds)),
        source=trial.source.times(images),
        out=trial.out.times(images),
        core_hours=images * trial.processor / HOUR,
    )


def whole_blocks(size: int) -> int:
    """Bytes that a file of this size takes in a folder."""
    return -(-size // BLOCK) * BLOCK
