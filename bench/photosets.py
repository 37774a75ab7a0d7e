"""The photos that are measured: about 0.2, 3 and 12 megapixels, and 12 in several scans.

Decoding follows the bytes more than the pixels, so originals from cameras are taken where the
development data are there. Elsewhere the example photos are enlarged and given the noise of a
sensor, without which a large JPEG would hold next to nothing. Either way the table names each file
and its bytes.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

REPOSITORY = Path(__file__).resolve().parents[1]
CACHE = Path(__file__).resolve().parent / "cache"
EXAMPLES = REPOSITORY / "examples" / "photos"

CAMERA = (
    "ianare__jpg_tests_42_IndexError.jpg",
    "haraldk__imageio_imageio-jpeg_src_test_resources_jpeg_jfif-with-preview-as-second-image.jpg",
    "drewnoakes__jpg_Kodak_Z1012_IS.jpg",
)
"""Upright originals of 10 to 12 megapixels in ``camera_large``."""

EVERYDAY = ("cat_1", "dog_1", "humans_1", "humans_6", "room_5", "bird_1")
"""Of ``named_photos``: 0.15 to 0.25 megapixels; ``humans_6`` is progressive."""

ENLARGED = 4
"""Of the example photos, the first so many JPEGs by name."""

NOISE = 7.0
"""Standard deviation of the noise that enlarged photos get, of 255: 3 to 4 MB at 12 megapixels."""

PROGRESSIVE = "12 MP, progressive"
"""Apart from the others: nothing of such a file can be left out in decoding it small."""

MEGAPIXELS = {"0.2 MP": 0.2, "3 MP": 3.1, "12 MP": 12.0}


@dataclass(frozen=True)
class Photo:
    """One file that is measured, and where it comes from."""

    path: str
    origin: str
    width: int
    height: int
    size: int
    progressive: bool

    @property
    def data(self) -> bytes:
        """Its bytes."""
        return Path(self.path).read_bytes()


def photo_sets() -> dict[str, list[Photo]]:
    """The photos of each size; made once and kept beside this script."""
    data = data_folder()
    kind = "originals" if data else "enlarged"
    listing = CACHE / kind / "photos.json"
    if not listing.exists():
        # In a process of its own: Linux counts the memory of whoever starts a process as a part of
        # that process's peak, and these pictures are large.
        process = multiprocessing.get_context("spawn").Process(target=_make, args=(data, listing))
        process.start()
        process.join()
    found = json.loads(listing.read_text(encoding="utf-8"))
    return {name: [Photo(**photo) for photo in photos] for name, photos in found.items()}


def agreement_photos() -> list[Path]:
    """Upright photos on which the networks are asked for the same answer."""
    data = data_folder()
    folders = [data / "imagenet_val_full", data / "named_photos"] if data else []
    folders.append(EXAMPLES)
    return sorted(path for folder in folders for path in folder.rglob("*") if _is_upright(path))


def data_folder() -> Path | None:
    """The development data: where the environment says, else beside the checkout, else none."""
    told = os.environ.get("BUCKETLENS_TEST_DATA")
    folder = Path(told) if told else REPOSITORY.parent / "shared" / "data"
    return folder if (folder / "camera_large").is_dir() else None


def _make(data: Path | None, listing: Path) -> None:
    made = _from_data(data, listing.parent) if data else _from_examples(listing.parent)
    found = {name: [asdict(photo) for photo in photos] for name, photos in made.items()}
    listing.write_text(json.dumps(found), encoding="utf-8")


def _from_data(data: Path, folder: Path) -> dict[str, list[Photo]]:
    camera = [data / "camera_large" / "images" / name for name in CAMERA]
    named = [data / "named_photos" / "images" / f"jetson_{name}.jpg" for name in EVERYDAY]
    made = {"0.2 MP": [_photo(path, "as it is") for path in named]}
    made["3 MP"] = [
        _write(_scaled(Image.open(path), 3.1), folder / f"3-{path.name}", "scaled down, quality 85")
        for path in camera
    ]
    made["12 MP"] = [_photo(path, "as it came from the camera") for path in camera]
    made[PROGRESSIVE] = [_progressive(path, folder) for path in camera[:2]]
    return made


def _from_examples(folder: Path) -> dict[str, list[Photo]]:
    made = {}
    for name, megapixels in MEGAPIXELS.items():
        photos = []
        for example in sorted(EXAMPLES.rglob("*.jpg"))[:ENLARGED]:
            with Image.open(example) as opened:
                upright = ImageOps.exif_transpose(opened).convert("RGB")
            picture = _scaled(upright, megapixels)
            if megapixels > 1:
                picture = _noisy(picture)
            how = "example photo, scaled" + (" up, noise added" if megapixels > 1 else "")
            name_here = f"{megapixels:g}-{example.name}"
            photos.append(_write(picture, folder / name_here, f"{how}, quality 85"))
        made[name] = photos
    made[PROGRESSIVE] = [_progressive(Path(photo.path), folder) for photo in made["12 MP"][:2]]
    return made


def _scaled(picture: Image.Image, megapixels: float) -> Image.Image:
    scale = (megapixels * 1e6 / (picture.width * picture.height)) ** 0.5
    size = round(picture.width * scale), round(picture.height * scale)
    return picture.resize(size, Image.Resampling.LANCZOS)


def _noisy(picture: Image.Image) -> Image.Image:
    noise = np.random.default_rng(0).normal(0.0, NOISE, (picture.height, picture.width, 1))
    return Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8))


def _write(picture: Image.Image, path: Path, origin: str) -> Photo:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=85)
    return _photo(path, origin)


def _progressive(path: Path, folder: Path) -> Photo:
    """The same picture with the same tables, in several scans."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"progressive-{path.name}"
    with Image.open(path) as picture:
        picture.save(target, quality="keep", progressive=True)
    return _photo(target, f"{path.name} written again in several scans")


def _photo(path: Path, origin: str) -> Photo:
    with Image.open(path) as picture:
        progressive = bool(picture.info.get("progressive"))
        width, height = picture.size
    return Photo(str(path), origin, width, height, path.stat().st_size, progressive)


def _is_upright(path: Path) -> bool:
    if path.suffix.lower() not in {".jpg", ".jpeg", ".png"}:
        return False
    with Image.open(path) as picture:
        return picture.getexif().get(274, 1) == 1
