"""The parts put together as the settings say: what every door begins with.

Nothing here loads a model before it is needed: :func:`build_view` reads cards only.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING

import msgspec

from bucketlens.errors import ConfigError, MissingError
from bucketlens.events import KeyFilter
from bucketlens.labels import ReplyView, View, load_taxonomy
from bucketlens.models import Classifier, Detector, find_model_folder, load_model_folder
from bucketlens.models.rekognition import REKOGNITION
from bucketlens.names import key_of
from bucketlens.pipeline.asking import SERVICE, detect_labels_request, request_fingerprint
from bucketlens.pipeline.engaging import engage_rekognition
from bucketlens.pipeline.labelling import Labeler, limits_fingerprint
from bucketlens.pipeline.passing import Pass
from bucketlens.pipeline.recording import Recorder
from bucketlens.pipeline.scoring import ModelScorer, score_fingerprint
from bucketlens.pipeline.settling import Settler
from bucketlens.pipeline.surveying import Current
from bucketlens.records import LabelRecord, Record, fingerprint
from bucketlens.site import IndexBuilder, SiteWriter
from bucketlens.site.assets import assets
from bucketlens.stores import (
    ConflictError,
    check_conditional_puts,
    open_store,
    store_options,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bucketlens.models import ModelCard, ModelFolder
    from bucketlens.settings import Settings
    from bucketlens.stores import ListingIssue, Store

log = logging.getLogger(__name__)

NONE = "none"
"""The name of no model."""

PRIVATE_FOLDERS = ("metadata", "edits", "catalog", "state", "replies")
SITE_FOLDER = "site"
THUMBNAILS = "thumbs/"
SITE_IDENTITY = "site.json"
JSON = "application/json"
WEEK = 7 * 24 * 3600

PAGES_VERSION = 1
"""Part of the look of pages: raised when code, not a template, changes what they show."""

PICTURES_VERSION = 1
"""Part of the look of pictures: raised when the same image gives other ones."""


@dataclass(frozen=True, slots=True)
class Models:
    """The models in force, read and checked but not yet opened."""

    classifier: ModelFolder | None
    detector: ModelFolder | None

    def folders(self) -> tuple[ModelFolder, ...]:
        """Those that there are."""
        return tuple(folder for folder in (self.classifier, self.detector) if folder is not None)

    def cards(self) -> tuple[ModelCard, ...]:
        """Their cards."""
        return tuple(folder.card for folder in self.folders())


def find_models(settings: Settings) -> Models:
    """The models that the settings name; at least one must be there, or a service instead."""
    if settings.classifier == REKOGNITION:
        return Models(None, None)
    if settings.classifier == NONE and settings.detector == NONE:
        raise ConfigError(
            "classifier and detector are both none: at least one model is needed",
            setting="classifier",
        )
    return Models(_folder(settings.classifier), _folder(settings.detector))


def _folder(name: str) -> ModelFolder | None:
    return None if name == NONE else load_model_folder(find_model_folder(name))


def build_view(settings: Settings, models: Models | None = None) -> View | ReplyView:
    """What makes labels of scores, or of a service's replies."""
    if settings.classifier == REKOGNITION:
        return ReplyView(settings)
    return build_model_view(settings, models)


def build_model_view(settings: Settings, models: Models | None = None) -> View:
    """What makes labels of the scores of models.

    Raises:
        ConfigError: A service gives the labels, whose vocabulary is not ours.
    """
    if settings.classifier == REKOGNITION:
        raise ConfigError(
            "this looks at the scores of a model, and Rekognition gives none: choose a model",
            setting="classifier",
        )
    models = models or find_models(settings)
    return View(
        load_taxonomy(),
        classifier=models.classifier.labels if models.classifier else (),
        detector=models.detector.labels if models.detector else (),
        models=[card.model_sha256 for card in models.cards()],
        settings=settings,
    )


def made_by(settings: Settings) -> frozenset[str]:
    """sha256 of the models that make records now, as the records name them."""
    if settings.classifier == REKOGNITION:
        return frozenset([SERVICE.sha256])
    return frozenset(card.model_sha256 for card in find_models(settings).cards())


def build_labeler(
    settings: Settings,
    *,
    clock: Callable[[], float] = time.time,
    private: Store | None = None,
    source: Store | None = None,
) -> Labeler:
    """The core, with its models opened, or connected to the service that is one.

    Args:
        settings: In force.
        clock: Gives the time, seconds since the epoch.
        private: Where a service's spending and replies are kept.
        source: Where the images are, for a service that may read them there.
    """
    if settings.classifier == REKOGNITION:
        view = ReplyView(settings)  # before a connection: it finds mistakes in the settings
        asking = engage_rekognition(settings, private=private, source=source, clock=clock)
        return Labeler(settings, asking, view, clock)
    models = find_models(settings)
    provider = settings.provider
    scorer = ModelScorer(
        Classifier(models.classifier, provider=provider) if models.classifier else None,
        Detector(models.detector, provider=provider) if models.detector else None,
        settings=settings,
    )
    return Labeler(settings, scorer, build_view(settings, models), clock)


class SiteIdentity(msgspec.Struct, frozen=True):
    """What tells one site from another."""

    id: str


_SITE_IDENTITY: msgspec.json.Decoder[SiteIdentity] = msgspec.json.Decoder(SiteIdentity)


class SitePages:
    """The site of one collection, as the pipeline writes it.

    The site has an identity of its own, in ``site.json``. It is part of every look: records that
    tell of pages in a site that was deleted since tell of another site's, so a run makes all
    pages anew.
    """

    def __init__(
        self, store: Store, settings: Settings, *, clock: Callable[[], float] = time.time
    ) -> None:
        """Hold the writer; nothing is read or written yet."""
        self._store = store
        self._settings = settings
        self._clock = clock
        self._writer = SiteWriter(
            store, title=settings.title, thumbnail_size=settings.thumbnail_size
        )
        self._lock = threading.Lock()
        self._identity: str | None = None
        self._begun = False

    @property
    def page_look(self) -> str:
        """Changes when the page of the same record would be another."""
        return fingerprint(self._known_identity(), self._settings.title, site_version())

    @property
    def picture_look(self) -> str:
        """Changes when the pictures of the same image would be others."""
        sizes = self._settings.thumbnail_size, self._settings.preview_size
        return fingerprint(self._known_identity(), PICTURES_VERSION, sizes)

    @property
    def look(self) -> str:
        """Changes when the index of the same records would be another."""
        return fingerprint(self.page_look, self._settings.thumbnail_size)

    def write_image(self, record: LabelRecord, thumbnail: bytes, preview: bytes) -> None:
        """Write page, public JSON, thumbnail and preview of one image."""
        self._begin()
        self._writer.write_image(record, thumbnail=thumbnail, preview=preview)

    def write_page(self, record: LabelRecord) -> None:
        """Write page and public JSON of one image again."""
        self._begin()
        self._writer.write_page(record)

    def remove_image(self, key: str) -> None:
        """Remove what was written for one image."""
        self._writer.remove_image(key)

    def image_keys(self) -> Iterator[str]:
        """The keys of all images that anything was written for, by their thumbnails.

        Of an image's files the thumbnail is written first and removed last. Once a week all files
        are listed, which is when a store sweeps what killed processes left half written.
        """
        weekly = self._is_time_for_all()
        for info in self._store.list("" if weekly else THUMBNAILS):
            if info.key.startswith(THUMBNAILS):
                key = key_of(info.key.removeprefix(THUMBNAILS), ".jpg")
                if key is not None:
                    yield key
        if weekly:
            identity = SiteIdentity(id=self._known_identity())
            self._store.put(SITE_IDENTITY, msgspec.json.encode(identity), content_type=JSON)

    def _is_time_for_all(self) -> bool:
        """By the age of the identity, which is put again when all were listed."""
        try:
            return self._clock() - self._store.head(SITE_IDENTITY).modified > WEEK
        except MissingError:
            return False

    def write_index(self, records: Iterator[Record]) -> None:
        """Write the index pages from all records."""
        self._begin()
        builder = IndexBuilder()
        for record in records:
            builder.add(record)
        self._writer.write_index(builder)

    def _known_identity(self) -> str:
        """The site's identity; of a site that is not there yet, the one that it will get."""
        with self._lock:
            if self._identity is None:
                self._identity = self._stored_identity() or os.urandom(8).hex()
            return self._identity

    def _stored_identity(self) -> str | None:
        try:
            return _SITE_IDENTITY.decode(self._store.get(SITE_IDENTITY).data).id
        except (MissingError, msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def _begin(self) -> None:
        """See that the identity stands before anything is written that counts on it."""
        if self._begun:
            return
        identity = self._known_identity()
        data = msgspec.json.encode(SiteIdentity(id=identity))
        with self._lock:
            try:
                self._store.put(SITE_IDENTITY, data, if_absent=True, content_type=JSON)
            except ConflictError:
                # Of two processes that begin a site at once the first one's holds.
                stored = self._stored_identity()
                if stored is None:
                    self._store.put(SITE_IDENTITY, data, content_type=JSON)
                self._identity = stored or identity
            self._begun = True


@cache
def site_version() -> str:
    """Changes with everything that pages are made of, but their records and settings."""
    templates = resources.files("bucketlens.site") / "templates"
    texts = sorted((t.name, t.read_text("utf-8")) for t in templates.iterdir() if t.is_file())
    return fingerprint(PAGES_VERSION, texts, [asset.name for asset in assets()])


class Collection:
    """OUT: what is kept about the images of one source, private and shown.

    Args:
        out: Path or URL that the records and the site stand below.
        settings: In force.
        fresh: Nothing may be there yet.
    """

    def __init__(self, out: str, settings: Settings, *, fresh: bool = False) -> None:
        """Open the stores; nothing is read or written yet."""
        self.out = out
        self._settings = settings
        options = store_options(settings, fresh=fresh)
        self.private = open_store(out, options)
        self.records = open_store(below(out, "metadata"), options)

    @cached_property
    def pages(self) -> SitePages | None:
        """The site; None where none is wanted."""
        if not self._settings.pages:
            return None
        location = self._settings.site_location or below(self.out, SITE_FOLDER)
        options = store_options(self._settings, fresh=True)
        return SitePages(open_store(location, options), self._settings)

    @property
    def site_location(self) -> str:
        """Where the site is, as its store says it; empty where it has no place of its own."""
        location = self._settings.site_location
        return open_store(location, store_options(self._settings)).location if location else ""

    def check(self) -> None:
        """Find out whether the records' store can hold records of several writers at once.

        Folders and memory can, so only what is reached over a network is tried.

        Raises:
            ConfigError: It can't; nothing was changed.
            TransientError: It can't be told now.
        """
        if "://" in self.records.location and not self.records.location.startswith("memory://"):
            check_conditional_puts(self.records)

    @property
    def recorder(self) -> Recorder:
        """What reads and puts the records, and the pages that show them."""
        return Recorder(self.records, self.pages)


def below(location: str, name: str) -> str:
    """The location of a folder in another: works for paths and URLs."""
    if location.endswith(("/", "\\")):
        return location + name
    return f"{location}/{name}"


def current_fingerprints(settings: Settings) -> Current:
    """The fingerprints of records that are up to date, without loading a model."""
    models = find_models(settings)
    if settings.classifier == REKOGNITION:
        scores = request_fingerprint(detect_labels_request(settings))
    else:
        scores = score_fingerprint(models.cards(), settings)
    return Current(
        scores=scores,
        view=build_view(settings, models).fingerprint,
        limits=limits_fingerprint(settings),
    )


@dataclass(frozen=True, slots=True)
class Collecting:
    """A source and what is kept about it: all that settling its keys needs.

    Attributes:
        images: The source.
        collection: Where its outputs go.
        wanted: Which keys are looked at.
        labeler: With its models loaded.
        settler: Settles single keys.
        unlisted: Beginnings of keys that listings of the source could not show, so far.
    """

    images: Store
    collection: Collection
    wanted: KeyFilter
    labeler: Labeler
    settler: Settler
    unlisted: dict[str, None]


def open_collecting(source: str, out: str, settings: Settings, *, check: bool) -> Collecting:
    """SOURCE and OUT together, with the models loaded.

    Args:
        source: Path or URL of the images.
        out: Path or URL that the records and the site stand below.
        settings: In force.
        check: Whether OUT is tried for what it must be able to do; that writes one small object.

    Raises:
        ConfigError: A location is no store or can't do what it must, a model can't be loaded, or
            SOURCE lies in the outputs.
        TransientError: OUT can't be tried now.
    """
    issues: dict[str, None] = {}
    images = open_store(
        source,
        store_options(settings, source=True, on_issue=lambda issue: _note(issue, issues)),
    )
    collection = Collection(out, settings, fresh=True)
    wanted = KeyFilter(
        suffixes=settings.suffixes,
        include=settings.include,
        exclude=settings.exclude,
        own_outputs=own_outputs(
            images.location, collection.private.location, collection.site_location
        ),
        hidden=settings.hidden,
    )
    if check:
        collection.check()
    labeler = build_labeler(settings, private=collection.private, source=images)
    settler = Settler(images, collection.recorder, labeler, time.time)
    return Collecting(images, collection, wanted, labeler, settler, issues)


def open_pass(
    source: str, out: str, settings: Settings, *, allow_deletes: bool = False, check: bool = False
) -> Pass:
    """A pass over SOURCE into OUT, with its models loaded.

    Raises:
        BucketlensError: As :func:`open_collecting`, whose arguments the others are.
    """
    opened = open_collecting(source, out, settings, check=check)
    return Pass(
        source=opened.images,
        records=opened.collection.records,
        private=opened.collection.private,
        pages=opened.collection.pages,
        settler=opened.settler,
        labeler=opened.labeler,
        settings=settings,
        wanted=lambda info: opened.wanted.takes(info.key, info.size),
        allow_deletes=allow_deletes,
        unlisted=lambda: tuple(opened.unlisted),
    )


def own_outputs(source: str, out: str, site: str = "") -> tuple[str, ...]:
    """The folders of the source that hold outputs, so that results never become images.

    Args:
        source: Location of the images, as their store gives it.
        out: Location of the outputs, likewise.
        site: Location of the site, where it is not in ``out``.

    Raises:
        ConfigError: Source and outputs are the same place, or the source holds outputs.
    """
    root, own, shown = (
        f"{place.replace(os.sep, '/').rstrip('/')}/" for place in (source, out, site)
    )
    if own == root:
        raise ConfigError(
            f"images and outputs can't share {source}: give the outputs a folder of their own,"
            f" such as {below(source, 'bucketlens')}"
        )
    holding = [f"{own}{name}/" for name in (*PRIVATE_FOLDERS, SITE_FOLDER)]
    if root.startswith((*holding, shown) if site else tuple(holding)):
        raise ConfigError(f"{source} holds outputs of bucketlens: give it the images instead")
    return tuple(place.removeprefix(root) for place in (own, shown) if place.startswith(root))


def _note(issue: ListingIssue, issues: dict[str, None]) -> None:
    if issue.prefix not in issues:  # the listing is made twice, once to count
        log.warning("not looked at: %s", issue.reason)
        issues[issue.prefix] = None
