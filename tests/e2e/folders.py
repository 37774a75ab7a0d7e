"""Somebody's photos, what that somebody does to them, and what runs over them leave."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from tests.e2e.indexed import INDEX, index_state

from bucketlens.imaging import encode_jpeg
from bucketlens.records import Tombstone, canonical, decode_record
from bucketlens.stores import StoreOptions, open_store

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from tests.e2e.conftest import Cli

SEED = int(os.environ.get("SOAK_SEED", "20261122"))
IMAGES = 150
QUICK = {"BUCKETLENS_DETECTOR": "none"}
"""Labelling is not what is tested here: half of it is enough."""

AWKWARD = (
    *("a b+c%2F.jpg", "IMG_0001.JPG", "img_0001.jpg", "CON.jpg", "dot..jpg", "~tilde~u.jpg"),
    *("Größe/ñandú.jpg", "🐈 cat.png", "x.jpg.json/b.jpg", "x.jpg", "a/b/c/d/e.jpg"),
    *("e\u0301.jpg", "\u00e9.jpg", "tab\there.jpg", "<i>.jpg", "'q\"uote.jpg", "n" * 180 + ".jpg"),
)
NO_UTF8 = b"caf\xe9.jpg"
BAD = {"empty.jpg": b"", "text.jpg": b"no image", "folder/cut.jpg": None}
"""Of the last one the beginning of a photo."""


@dataclass
class Folder:
    """Somebody's photos, and what that somebody does to them meanwhile."""

    path: Path
    chance: random.Random
    aside: dict[Path, Path] = field(default_factory=dict)

    def fill(self) -> None:
        """Distinct small pictures under plain and awkward names, some of them bad."""
        for i in range(IMAGES - len(AWKWARD) - len(BAD)):
            self.write(f"roll {i % 7}/{i:03}.{'png' if i % 9 == 0 else 'jpg'}")
        for name in AWKWARD:
            self.write(name)
        for name, data in BAD.items():
            self.write(name, self.picture(name)[:300] if data is None else data)
        if sys.platform == "linux":
            (self.path / os.fsdecode(NO_UTF8)).write_bytes(self.picture("x.jpg"))

    def write(self, name: str, data: bytes | None = None) -> None:
        """Put a file, a new picture unless it is told which bytes."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self.picture(name) if data is None else data)

    def picture(self, name: str) -> bytes:
        """A picture that is like no other."""
        noise = np.random.default_rng(self.chance.getrandbits(32))
        coarse = noise.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        image = Image.fromarray(coarse).resize((96, 72))
        if name.endswith(".png"):
            target = self.path.parent / "picture.png"
            image.save(target)
            return target.read_bytes()
        return encode_jpeg(np.asarray(image))

    def disturb(self) -> None:
        """Add, overwrite, spoil, remove, touch, or move away for a while."""
        files = sorted(path for path in self.path.rglob("*") if path.is_file())
        for path in self.chance.sample(files, 6):
            deed = self.chance.choice(["add", "overwrite", "spoil", "remove", "touch", "aside"])
            if deed == "add":
                self.write(f"new/{self.chance.getrandbits(32):x}.jpg")
            elif deed == "overwrite":
                path.write_bytes(self.picture(path.name))
            elif deed == "spoil":
                path.write_bytes(b"spoilt")
            elif deed == "remove":
                path.unlink()
            elif deed == "touch":
                path.touch()
            else:
                self.aside[path] = self.path.parent / f"aside-{self.chance.getrandbits(32):x}"
                path.rename(self.aside[path])

    def bring_back(self) -> None:
        """What was moved away comes back as it was, with its time."""
        for path, place in self.aside.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            place.rename(path)
        self.aside.clear()


TELLS_APART = {"site.json", "data/shown.json", "index.html"}
"""What tells one site or one state of the catalog from another, so it differs.

The index page shows what came last, which is another thing after another way here; what it leads to
is compared as what the index holds.
"""


def state_of(out: Path | str, options: StoreOptions | None = None) -> dict[str, bytes]:
    """All that a run leaves: what records say of the images, the site, and what its index holds."""
    state = {}
    records = open_store(f"{out}/metadata", options)
    for info in records.list():
        record = decode_record(records.get(info.key).data)
        assert not isinstance(record, Tombstone), info.key
        state[f"metadata/{info.key}"] = canonical(record)
    site = open_store(f"{out}/site", options)
    for info in site.list():
        if info.key not in TELLS_APART and not info.key.startswith(INDEX):
            state[f"site/{info.key}"] = site.get(info.key).data
    state["site/index"] = index_state(site)
    return state


def assert_like_a_quiet_run(cli: Cli, out: str) -> None:
    """What stands is what a run on this machine alone leaves in an empty folder."""
    quiet = cli("run", "photos", "quiet", **QUICK)
    assert quiet.returncode in {0, 1}, quiet.stderr
    expected, found = state_of(cli.folder / "quiet"), state_of(cli.folder / out)
    assert found.keys() == expected.keys()
    assert [name for name, data in expected.items() if found[name] != data] == []


def count_outputs(out: Path) -> int:
    """Records and pages that stand."""
    return sum(len(names) for _, _, names in os.walk(out))
