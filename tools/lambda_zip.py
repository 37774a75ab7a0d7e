"""Build the package for AWS Lambda: bucketlens, its models and what it runs on, in one zip.

    python tools/lambda_zip.py                       both, into build/lambda
    python tools/lambda_zip.py --machine x86_64
    python tools/lambda_zip.py --deploy arm64        both, and the one that the stack is to take

The parts are wheels of exactly the versions and hashes of requirements/lambda.txt, for the runtime
and not for the machine that this runs on. boto3 is not among them: every Python runtime of Lambda
brings it. What only builds, tests or explains the libraries is left out, and modules are compiled
where an interpreter of the runtime's version is found, which saves a quarter of a second of each
cold start. The same inputs give the same bytes.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements" / "lambda.txt"
RUNTIME = "3.12"
"""Of Lambda: older ones have a C library that current wheels no longer run on."""

MACHINES = ("x86_64", "aarch64")
DEPLOYED = {"x86_64": "x86_64", "arm64": "aarch64"}
"""What Lambda calls them."""

PLATFORMS = (*(f"manylinux_2_{minor}" for minor in range(34, 16, -1)), "manylinux2014")
"""What runs on Amazon Linux 2023, whose C library is 2.34; newest first."""

MOST_BYTES = 250 * 1024 * 1024
"""That Lambda takes, unpacked."""

UNPACKED_TO = "/var/task"
"""Where Lambda has it: what compiled modules say of where they are from."""

OLDEST = (1980, 1, 1, 0, 0, 0)
"""The time of all entries: the first that a zip can hold."""

LEFT_OUT = re.compile(
    r"""(?:^|/)(?:tests?|testing|__pycache__|bin|include|docs?|examples)/
    | ^onnxruntime/(?:backend|datasets|quantization|tools|transformers)/
    | ^numpy/(?:f2py|distutils|_pyinstaller)/ | ^numpy/conftest\.py$
    | ^bucketlens/(?:cli|evaluation)/ | ^bucketlens/__main__\.py$
    | \.(?:pyi|pyx|pxd|h|hpp|c|cpp|a|lib|md|rst)$
    | \.dist-info/(?:RECORD|INSTALLER|REQUESTED|direct_url\.json|entry_points\.txt)$
    | (?:^|/)py\.typed$
    """,
    re.VERBOSE,
)
KEPT = re.compile(
    r"^numpy/(?:testing|_core/tests/_natype\.py)|\.dist-info/.*licen[cs]e", re.IGNORECASE
)
"""In spite of the above. Parts of numpy import its testing module."""


def main() -> int:
    """Build what is asked for; the exit status says whether it fits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--machine", choices=MACHINES, action="append", help="default: all")
    parser.add_argument(
        "--deploy", choices=DEPLOYED, default="x86_64", help="copied to bucketlens.zip"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "lambda")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    compiler = find_compiler()
    if compiler is None:
        print(f"no Python {RUNTIME} found: modules are not compiled, cold starts take longer")
    fits = True
    for machine in arguments.machine or MACHINES:
        archive = arguments.out / f"bucketlens-{machine}.zip"
        with tempfile.TemporaryDirectory() as scratch:
            unpacked = build(machine, Path(scratch), archive, compiler)
        packed = archive.stat().st_size
        print(f"{archive}: {packed / 1e6:.1f} MB, {unpacked / 1e6:.1f} MB unpacked")
        fits = fits and unpacked < MOST_BYTES
        if machine == DEPLOYED[arguments.deploy]:
            shutil.copyfile(archive, arguments.out / "bucketlens.zip")
    if not fits:
        print(f"over the {MOST_BYTES:,} bytes that Lambda takes", file=sys.stderr)
    return 0 if fits else 1


def build(machine: str, scratch: Path, archive: Path, compiler: str | None) -> int:
    """Build the package for one kind of machine; its size unpacked, bytes."""
    wheels, tree = scratch / "wheels", scratch / "tree"
    download(machine, wheels)
    for wheel in sorted(wheels.glob("*.whl")):
        unpack(wheel, tree)
    copy_package(tree, machine)
    prune(tree)
    if compiler is not None:
        compile_modules(tree, compiler)
    return pack(tree, archive)


def download(machine: str, folder: Path) -> None:
    """Fetch the wheels for the runtime, checked by their hashes."""
    platforms = [f"--platform={name}_{machine}" for name in PLATFORMS]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
    command += [*platforms, f"--python-version={RUNTIME}", "--only-binary=:all:", "--no-deps"]
    command += ["--require-hashes", "--requirement", str(REQUIREMENTS), "--dest", str(folder)]
    subprocess.run(command, check=True)  # noqa: S603 - our own words


def unpack(wheel: Path, tree: Path) -> None:
    """Put what a wheel installs into the tree; scripts and headers stay out."""
    with zipfile.ZipFile(wheel) as opened:
        for name in opened.namelist():
            data = re.match(r"[^/]+\.data/(?:purelib|platlib)/(.+)", name)
            if not name.endswith("/") and (data or ".data/" not in name):
                target = tree / (data[1] if data else name)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(opened.read(name))


def copy_package(tree: Path, machine: str) -> None:
    """Put our own package into the tree, with its licence and the machine that all is for."""
    shutil.copytree(
        ROOT / "src" / "bucketlens",
        tree / "bucketlens",
        ignore=shutil.ignore_patterns("__pycache__", "*.pyc"),
    )
    for name in ("LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, tree / "bucketlens" / name)
    (tree / "bucketlens" / "aws" / "machine").write_text(machine, "ascii")


def files(tree: Path) -> Iterator[tuple[str, Path]]:
    """All files by name below the tree, sorted."""
    paths = (path for path in tree.rglob("*") if path.is_file())
    yield from sorted((path.relative_to(tree).as_posix(), path) for path in paths)


def prune(tree: Path) -> None:
    """Remove what the functions never read."""
    for name, path in files(tree):
        if LEFT_OUT.search(name) and not KEPT.search(name):
            path.unlink()


def find_compiler() -> str | None:
    """An interpreter of the runtime's version."""
    for name in (sys.executable, f"python{RUNTIME}"):
        candidate = shutil.which(name)  # by its whole path: it is started without one
        if candidate is None:
            continue
        command = [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        except OSError:
            continue
        if done.returncode == 0 and done.stdout.strip() == RUNTIME:
            return candidate
    return None


def compile_modules(tree: Path, interpreter: str) -> None:
    """Compile all modules so that they are never compared with their sources again."""
    command = [interpreter, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(tree), "-p", UNPACKED_TO, str(tree)]
    # Modules for other versions of Python don't compile, and are not imported either.
    subprocess.run(command, check=False, env={"PYTHONHASHSEED": "0"})  # noqa: S603


def pack(tree: Path, archive: Path) -> int:
    """Write the zip, the same bytes for the same tree; the size of what is in it."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        return sum(add(packed, name, path.read_bytes()) for name, path in files(tree))


def add(packed: zipfile.ZipFile, name: str, data: bytes) -> int:
    """Add a file that everybody may read, of no particular time; its size."""
    entry = zipfile.ZipInfo(name, OLDEST)
    entry.external_attr = 0o100644 << 16
    entry.create_system = 3
    entry.compress_type = zipfile.ZIP_DEFLATED
    packed.writestr(entry, data)
    return len(data)


if __name__ == "__main__":
    sys.exit(main())
