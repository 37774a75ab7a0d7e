"""The site of one collection, as the pipeline writes it."""

from __future__ import annotations

import os
import threading
import time
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import msgspec

from bucketlens.assembly.designing import design_of
from bucketlens.catalog.engine import mapped
from bucketlens.errors import MissingError
from bucketlens.events import KeyFilter
from bucketlens.names import key_of
from bucketlens.records import fingerprint
from bucketlens.site import SiteIndex, SiteWriter, digest, layout
from bucketlens.site.assets import assets_of
from bucketlens.site.rendering import compile_templates
from bucketlens.stores import ConflictError, replace_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bucketlens.catalog import Snapshot
    from bucketlens.pipeline.fencing import Fence
    from bucketlens.records import LabelRecord
    from bucketlens.settings import Settings
    from bucketlens.stores import Store

THUMBNAILS = "thumbs/"
SITE_IDENTITY = "site.json"
SHOWN_STATE = "data/shown.json"
JSON = "application/json"
WEEK = 7 * 24 * 3600

PAGES_VERSION = 2
"""Part of the look of pages: raised when code, not a template, changes what they show."""

PICTURES_VERSION = 1
"""Part of the look of pictures: raised when the same image gives other ones."""


class SiteIdentity(msgspec.Struct, frozen=True):
    """What tells one site from another."""

    id: str


class ShownState(msgspec.Struct, frozen=True, kw_only=True):
    """What the index was last made from: a state of the catalog, and the look."""

    lineage: str
    change: int
    look: str

    def follows(self, other: ShownState) -> bool:
        """Whether it is the same or a newer state, looking the same."""
        same = (self.lineage, self.look) == (other.lineage, other.look)
        return same and self.change >= other.change


_SHOWN_STATE: msgspec.json.Decoder[ShownState] = msgspec.json.Decoder(ShownState)
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
        self._design = design_of(settings)
        self._writer = SiteWriter(store, self._design)
        self._index = SiteIndex(store, clock=clock)
        self._published = KeyFilter(
            suffixes=(),
            include=settings.publish_include,
            exclude=settings.publish_exclude,
            hidden=True,
        )
        self._lock = threading.Lock()
        self._identity: str | None = None
        self._begun = False

    @property
    def page_look(self) -> str:
        """Changes when the page of the same record would be another."""
        assets = [asset.name for asset in assets_of(self._design).files]
        design = self._design.title, self._design.originals
        return fingerprint(self._known_identity(), design, assets, site_version())

    @property
    def picture_look(self) -> str:
        """Changes when the pictures of the same image would be others."""
        sizes = self._settings.thumbnail_size, self._settings.preview_size
        # Another look only where originals are published: else no picture would be the same.
        originals = ("originals",) if self._design.originals else ()
        return fingerprint(self._known_identity(), PICTURES_VERSION, sizes, *originals)

    @property
    def look(self) -> str:
        """Changes when the index of the same records would be another."""
        return fingerprint(self.page_look, self._settings.thumbnail_size, self._publishing)

    def prepare(self) -> None:
        """Have ready what forks of this process are to share.

        Of a site that is not there yet, all must know the same identity; and templates take 20 ms
        to compile, once instead of once in each.
        """
        _ = self.look
        compile_templates()

    def publishes(self, key: str) -> bool:
        """Whether an image is shown: as ``publish_include`` and ``publish_exclude`` say."""
        return self._published.takes(key)

    def write_image(
        self,
        record: LabelRecord,
        thumbnail: bytes,
        preview: bytes,
        original: bytes | None = None,
        *,
        fence: Fence,
    ) -> None:
        """Write page, public JSON, thumbnail and preview of one image, and where wanted itself."""
        self._begin_pages()
        fence.put(self._store, self._writer.image_files(record, thumbnail, preview, original))

    def write_page(self, record: LabelRecord, *, fence: Fence) -> None:
        """Write page and public JSON of one image again."""
        self._begin_pages()
        fence.put(self._store, self._writer.page_files(record))

    def _begin_pages(self) -> None:
        """See that all stands that pages count on."""
        self.begin()
        self._writer.write_assets()

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

    @property
    def kinds(self) -> Iterable[str]:
        """The folders of files that every shown image has one in."""
        return layout.OF_EACH_IMAGE

    def files_of_images(self) -> Iterator[tuple[str, str]]:
        """The files of images: the folder of each, and the name of its key."""
        for folder, suffix in layout.OF_EACH_IMAGE.items():
            for info in self._store.list(folder):
                name = info.key.removeprefix(folder)
                if key_of(name, suffix) is not None:
                    yield folder, name.removesuffix(suffix)

    def _is_time_for_all(self) -> bool:
        """By the age of the identity, which is put again when all were listed."""
        try:
            return self._clock() - self._store.head(SITE_IDENTITY).modified > WEEK
        except MissingError:
            return False

    def update_index(self, snapshot: Snapshot) -> bool:
        """Write search, overview and index page of a state of the catalog.

        Returns:
            False when another one came between.
        """
        shown = ShownState(lineage=snapshot.lineage, change=snapshot.change, look=self.look)
        with mapped("the site's index"):
            update = self._index.update(snapshot, look=self._publishing, publishes=self._filter)
            state, etag = self._shown()
            if state is not None and state.follows(shown):
                return True
            self.begin()
            with snapshot.connect() as engine:
                said = digest(engine, self._filter, update.overview)
            self._writer.write_index(said)
        data = msgspec.json.encode(shown)
        return replace_document(self._store, SHOWN_STATE, etag, data) is not None

    def purge_index(self, snapshot: Snapshot) -> bool:
        """Write all of them anew, and remove the old files at once; False as for an update."""
        old = self._index.files()
        with mapped("the site's index"):
            self._index.update(snapshot, look=self._publishing, publishes=self._filter, anew=True)
        shown = self.update_index(snapshot)
        self._index.remove(old)
        return shown

    @property
    def _publishing(self) -> str:
        """Changes when the index of the same catalog would show other images."""
        chosen = self._settings.publish_include, self._settings.publish_exclude
        return fingerprint(chosen) if any(chosen) else ""

    @property
    def _filter(self) -> Callable[[str], bool] | None:
        """Decides about keys; None where all are shown, which saves looking at them."""
        return self.publishes if self._publishing else None

    def _shown(self) -> tuple[ShownState | None, str | None]:
        """The state that the index shows, and the version of the document that says so."""
        try:
            blob = self._store.get(SHOWN_STATE)
        except MissingError:
            return None, None
        try:
            return _SHOWN_STATE.decode(blob.data), blob.info.etag
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None, blob.info.etag

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

    def begin(self) -> None:
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
        if not self._design.originals:
            self._remove_originals()

    def _remove_originals(self) -> None:
        """Take back all originals at once when they are no longer to be published."""
        for info in self._store.list(layout.ORIGINALS):
            self._store.delete(info.key)


@cache
def site_version() -> str:
    """Changes with everything that pages are made of, but their records, assets and settings."""
    templates = resources.files("bucketlens.site") / "templates"
    texts = sorted((t.name, t.read_text("utf-8")) for t in templates.iterdir() if t.is_file())
    return fingerprint(PAGES_VERSION, texts)
