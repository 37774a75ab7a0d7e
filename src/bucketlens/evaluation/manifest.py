"""Photos whose truth is known, read from a manifest.

A manifest is a file of JSON objects, one a line (or one JSON list of them). Each names a photo and
says what is known of it, in one of four ways; all rows of a manifest use the same one:

``classes``
    ``class_index`` or ``wnid``, and perhaps ``real_class_indices``: classes of the classifier.
``objects``
    ``boxes``: every object of some classes, with where it is.
``names``
    ``labels``: plain names, as people tag photos.
``everyday``
    ``present``, ``acceptable`` and ``silly``: all that a person sees in the photo.

Other fields are passed over.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from bucketlens.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Kind = Literal["classes", "objects", "names", "everyday"]
Index = Annotated[int, Meta(ge=0)]
Extent = Annotated[float, Meta(ge=0.0)]

MISTAKES_TOLD = 10
"""Mistakes named in one message; whoever made more of them made the same one often."""


class KnownBox(msgspec.Struct, frozen=True, kw_only=True):
    """One object of a photo.

    Attributes:
        label: Its name.
        bbox_xywh: Left, top, width and height in pixels of the image as it is stored.
        iscrowd: The box stands for many of them: finding it or not counts for nothing.
        difficult: The same, as VOC says it.
        category_id: COCO's number of the class.
    """

    label: Annotated[str, Meta(min_length=1)]
    bbox_xywh: tuple[float, float, Extent, Extent]
    iscrowd: int = 0
    difficult: int = 0
    category_id: int | None = None

    @property
    def optional(self) -> bool:
        """Whether it may be missed without harm."""
        return bool(self.iscrowd or self.difficult)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One photo, as a line of the manifest says it.

    Attributes:
        file: Path below the manifest's folder, or below ``set``.
        set: A folder below the photos' root, where one file speaks of several sets.
        sha256: Of the file, hex.
        labels: Names of what is in the photo.
        class_index: The one class, an index into the classifier's labels.
        wnid: The same as a source id of the taxonomy, such as ``n02099601``.
        real_class_indices: All classes that are right; an empty list says that none is.
        boxes: All objects of the classes that were looked for.
        boxes_complete: Whether ``boxes`` are really all.
        coco_id: Says that COCO's 80 classes were looked for.
        voc_id: Says that VOC's 20 classes were looked for.
        present: All that is plainly there.
        acceptable: What is arguable.
        silly: What would be embarrassing.
    """

    file: Annotated[str, Meta(min_length=1)]
    set: str | None = None
    sha256: str | None = None
    labels: tuple[str, ...] | None = None
    class_index: Index | None = None
    wnid: str | None = None
    real_class_indices: tuple[Index, ...] | None = None
    boxes: tuple[KnownBox, ...] | None = None
    boxes_complete: bool = True
    coco_id: int | None = None
    voc_id: str | None = None
    present: tuple[str, ...] | None = None
    acceptable: tuple[str, ...] = ()
    silly: tuple[str, ...] = ()

    @property
    def of_coco(self) -> bool:
        """Whether its boxes are named and complete as COCO's are."""
        return self.coco_id is not None or any(
            box.category_id is not None for box in self.boxes or ()
        )


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """A photo that is there, and its row.

    Attributes:
        path: The file.
        where: The manifest and the place in it, for messages.
        row: What is known.
    """

    path: Path
    where: str
    row: Row


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A set of photos whose truth is known in one way."""

    name: str
    path: Path
    kind: Kind
    photos: tuple[Photo, ...]


def read_manifest(path: Path, *, photos: Sequence[Path] = (), limit: int | None = None) -> Manifest:
    """Read a manifest and find its photos.

    Args:
        path: The file, or a folder with a ``manifest.jsonl``.
        photos: Folders to look for files (or sets) in, before the manifest's own.
        limit: Take the first so many photos only.

    Raises:
        ConfigError: It can't be read, or rows have mistakes; names file and line of each.
    """
    if path.is_dir():
        path /= "manifest.jsonl"
    placed, mistakes = [], []
    for where, raw in _raw_rows(path):
        try:
            placed.append((where, msgspec.json.decode(raw, type=Row)))
        except msgspec.MsgspecError as exc:
            mistakes.append(f"{where}: {exc}")
        if len(placed) == limit:
            break
    mistakes += _mistakes(placed)
    roots = (*photos, path.parent)
    found = [Photo(path=_find(roots, row), where=where, row=row) for where, row in placed]
    mistakes += [_absent(photo) for photo in found if not photo.path.is_file()]
    if mistakes:
        raise ConfigError(_told(path, mistakes))
    if not found:
        raise ConfigError(f"{path} names no photos")
    kind = kind_of(found[0].row)
    assert kind is not None, "rows without a truth were refused above"  # noqa: S101
    return Manifest(name=_name(path), path=path, kind=kind, photos=tuple(found))


def kind_of(row: Row) -> Kind | None:
    """In which way the truth of a row is known; None where nothing is known."""
    if row.present is not None:
        return "everyday"
    if not (row.class_index is None and row.wnid is None and row.real_class_indices is None):
        return "classes"
    if row.boxes is not None:
        return "objects"
    return None if row.labels is None else "names"


def _raw_rows(path: Path) -> Iterator[tuple[str, bytes | msgspec.Raw]]:
    """Each row's place and text."""
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise ConfigError(f"the manifest {path} can't be read: {exc.strerror}") from exc
    if data.lstrip().startswith(b"["):
        try:
            rows = msgspec.json.decode(data, type=list[msgspec.Raw])
        except msgspec.MsgspecError as exc:
            raise ConfigError(f"{path} is not a JSON list: {exc}") from exc
        yield from ((f"{path}, entry {i}", row) for i, row in enumerate(rows, 1))
        return
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        if line.strip():
            yield f"{path}, line {number}", line


def _mistakes(placed: list[tuple[str, Row]]) -> Iterator[str]:
    """What is wrong with rows that can be read."""
    kinds = [kind_of(row) for _, row in placed]
    usual = next((kind for kind in kinds if kind), None)
    for (where, row), kind in zip(placed, kinds, strict=True):
        if kind is None:
            yield (
                f"{where}: nothing is known of {row.file}; give labels, boxes, class_index or"
                " present"
            )
        elif kind != usual:
            yield f"{where}: its truth is of {kind}, that of the rows before of {usual}"
        elif kind == "objects" and not row.boxes_complete:
            yield f"{where}: boxes that are not complete can't be judged by; leave this row out"
    files = Counter((row.set, row.file) for _, row in placed)
    for where, row in placed:
        if files[row.set, row.file] > 1:
            yield f"{where}: {row.file} is named {files[row.set, row.file]} times"
            files[row.set, row.file] = 1


def _find(roots: Sequence[Path], row: Row) -> Path:
    """Where the photo is, or should be; a root that is the set's own folder is good too."""
    inside = row.file if row.set is None else f"{row.set}/{row.file}"
    places = [place for root in roots for place in (root / inside, root / row.file)]
    return next((place for place in places if place.is_file()), places[0])


def _absent(photo: Photo) -> str:
    hint = "" if photo.row.set is None else "; --photos names the folder that the sets are in"
    return f"{photo.where}: there is no file {photo.path}{hint}"


def _name(path: Path) -> str:
    """What the set is called: its folder for a ``manifest.jsonl``, else the file."""
    return path.absolute().parent.name if path.stem == "manifest" else path.stem


def _told(path: Path, mistakes: list[str]) -> str:
    more = len(mistakes) - MISTAKES_TOLD
    lines = mistakes[:MISTAKES_TOLD] + ([f"and {more:,} more"] if more > 0 else [])
    return f"the manifest {path} has mistakes:\n  " + "\n  ".join(lines)
