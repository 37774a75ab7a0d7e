"""Collections in memory with a scorer that counts its calls: what settles keys, without models."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from bucketlens.imaging import encode_jpeg
from bucketlens.labels.editing import edit_labels
from bucketlens.names import output_name
from bucketlens.pipeline.labelling import Labeler
from bucketlens.pipeline.noting import EditBook
from bucketlens.pipeline.recording import Recorder
from bucketlens.pipeline.settling import Settler
from bucketlens.records import (
    LabelRecord,
    ModelFacts,
    Record,
    decode_record,
)
from bucketlens.scores import encode_log_probabilities
from bucketlens.settings import Settings
from bucketlens.stores import Store, open_store
from bucketlens.types import WHOLE, ClassScores, DecodedImage, ImageProperties, Label, Scores

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bucketlens.edits import Edit
    from bucketlens.pipeline.fencing import Fence

NAMES = ("Red", "Green", "Blue")


class ColorScorer:
    """Scores three classes by how red, green and blue a picture is; a real function of pixels."""

    def __init__(self, fingerprint: str = "scores-1") -> None:
        """Begin with no calls."""
        self.facts = (ModelFacts(name="color", kind="classifier", version="1", sha256="0" * 64),)
        self.fingerprint = fingerprint
        self.scored = 0
        self.before: Callable[[], None] = lambda: None
        self._lock = threading.Lock()

    def score(self, images: Sequence[DecodedImage]) -> list[Scores]:
        """One view a picture."""
        self.before()
        with self._lock:
            self.scored += len(images)
        return [self._one(image) for image in images]

    def _one(self, image: DecodedImage) -> Scores:
        share = image.pixels.reshape(-1, 3).mean(axis=0).astype(np.float64) + 1.0
        codes = encode_log_probabilities(np.log(share / share.sum()))
        return Scores(classes=(ClassScores(box=WHOLE, codes=codes, energy=1.0),))


class ColorView:
    """Names the colour that is strongest."""

    version = "test-1"

    def __init__(self, fingerprint: str = "view-1", suffix: str = "") -> None:
        """A suffix stands for other settings."""
        self.fingerprint = fingerprint
        self._suffix = suffix

    def labels(self, scores: Scores, edits: Sequence[Edit] = ()) -> tuple[Label, ...]:
        """The strongest colour, surely, after what people said."""
        name = NAMES[int(np.argmin(np.frombuffer(scores.classes[0].codes, np.uint8)))]
        seen = (Label(name=name + self._suffix, confidence=99.0),)
        return edit_labels(seen, edits, self, most=1)

    def known(self, _name: str) -> tuple[Label, ...]:
        """It knows no names."""
        return ()

    def image_properties(self, scores: Scores) -> ImageProperties | None:
        """None are measured."""
        del scores
        return None


@dataclass
class PageLog:
    """Pages in a dictionary, as a site would hold them."""

    pages: dict[str, str] = field(default_factory=dict)
    pictures: set[str] = field(default_factory=set)
    writes: int = 0
    page_look: str = "page-1"
    picture_look: str = "pictures-1"
    hidden: frozenset[str] = frozenset()

    def publishes(self, key: str) -> bool:
        """Whether it is not hidden."""
        return key not in self.hidden

    def write_image(
        self,
        record: LabelRecord,
        thumbnail: bytes,
        preview: bytes,
        original: bytes | None = None,
        *,
        fence: Fence,
    ) -> None:
        """Keep what was shown."""
        assert thumbnail[:2] == preview[:2] == b"\xff\xd8"
        assert original is None
        self.pictures.add(record.source.key)
        self.write_page(record, fence=fence)

    def write_page(self, record: LabelRecord, *, fence: Fence) -> None:
        """Keep the first label and the version of the bytes."""
        del fence  # a dictionary has no files that others could write
        self.writes += 1
        self.pages[record.source.key] = f"{record.labels[0].name} {record.source.sha256}"

    def remove_image(self, key: str) -> None:
        """Forget."""
        self.pages.pop(key, None)
        self.pictures.discard(key)


@dataclass
class Lab:
    """One small collection and all that settles it."""

    source: Store
    records: Store
    private: Store
    pages: PageLog
    scorer: ColorScorer
    settings: Settings

    @property
    def edits(self) -> EditBook:
        """What people said, listed anew by each who asks."""
        return EditBook(self.private)

    def labeler(
        self, *, view: ColorView | None = None, settings: Settings | None = None
    ) -> Labeler:
        """The core."""
        clock = count(1_700_000_000)
        return Labeler(
            settings or self.settings,
            self.scorer,
            view or ColorView(),
            lambda: float(next(clock)),
        )

    def settler(self, **changed: object) -> Settler:
        """What settles keys of this collection."""
        labeler = self.labeler(**changed)  # type: ignore[arg-type]
        recorder = Recorder(self.records, self.pages, edits=self.edits)
        return Settler(self.source, recorder, labeler, lambda: 1_700_000_000.0)

    def settle(self, key: str, **changed: object) -> str:
        """Settle one key; the outcome's name."""
        return self.settler(**changed).settle(key, self.settings.max_bytes).value

    def record(self, key: str) -> Record:
        """The record that stands."""
        return decode_record(self.records.get(output_name(key, ".json")).data)


def photo(color: tuple[int, int, int], size: tuple[int, int] = (64, 48)) -> bytes:
    """A small picture of one colour, as JPEG."""
    width, height = size
    return encode_jpeg(np.full((height, width, 3), color, dtype=np.uint8))


RED, GREEN, BLUE = photo((220, 20, 20)), photo((20, 220, 20)), photo((20, 20, 220))

_names = count()


def new_lab() -> Lab:
    """A fresh collection in memory."""
    name = f"memory://lab{next(_names)}"
    return Lab(
        source=open_store(f"{name}/in"),
        records=open_store(f"{name}/out/metadata"),
        private=open_store(f"{name}/out"),
        pages=PageLog(),
        scorer=ColorScorer(),
        settings=Settings(workers=2),
    )
