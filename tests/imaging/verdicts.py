"""Decode files one after the other in this process and print a verdict for each.

Run by the tests in a process of its own, with its memory limited, so that a crash or a bomb is
seen as what it is. Each line of the answer is one JSON object.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from pathlib import Path

from bucketlens.errors import InputError
from bucketlens.imaging import Cover, Limits, decode

COVER = Cover(416, 768)


def verdict(path: Path) -> dict[str, object]:
    """What became of a file: the picture's facts, or the error's."""
    started = time.perf_counter()
    try:
        image = decode(path.read_bytes(), limits=Limits(), cover=COVER)
    except InputError as exc:
        facts: dict[str, object] = {"error": exc.code, "message": exc.message}
    else:
        facts = {
            "format": image.format,
            "size": [image.width, image.height],
            "shape": image.pixels.shape,
            "frames": image.frames,
            "orientation": image.orientation,
            "mean": float(image.pixels.mean()),
        }
    return {**facts, "seconds": time.perf_counter() - started}


def main(limit: int, paths: list[str]) -> None:
    """Limit the memory of the process, then decode one file after the other."""
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    warnings.simplefilter("ignore")  # as the command line does: they are about hostile TIFF tags
    for path in paths:
        print(json.dumps({"file": path, **verdict(Path(path))}), flush=True)  # noqa: T201
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"peak_kilobytes": peak}))  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]), json.load(sys.stdin))
