"""Every file of the shared sets has a verdict, in a process with 1 GB of memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
GIGABYTE = 1 << 30
SECONDS = 120

Verdict = dict[str, Any]

NOT_READ = {"jp2", "raf", "exv", "psd", "ico", "dds", "blp", "fli", "pbm", "hdr", "bin", "dng"}
"""Endings of files in formats that are not read, though Pillow reads some."""

MOSTLY_MISSING = "b9980a2a3e8ea13a6042784ea532a906783040b4"
"""A JPEG of which 3 % are there: Pillow gives a grey picture, we refuse it."""

MADE = {
    "zero_byte.jpg": "damaged",
    "one_byte.jpg": "unsupported",
    "only_soi.jpg": "damaged",
    "only_header_512.jpg": "damaged",
    "truncated_10pct.jpg": "damaged",
    "truncated_50pct.jpg": "damaged",
    "truncated_50pct.png": "damaged",
    "truncated_50pct.webp": "damaged",
    "truncated_50pct.gif": "damaged",
    "truncated_50pct.tif": "damaged",
    "truncated_50pct.avif": "damaged",
    "bitrot_40bytes.jpg": "damaged",
    "all_zero_100k.jpg": "damaged",
    "random_64k.jpg": "unsupported",
    "svg_named.jpg": "unsupported",
    "html_error_page.jpg": "unsupported",
    "s3_access_denied.jpg": "unsupported",
    "json_body.jpg": "unsupported",
    "pdf_named.jpg": "unsupported",
    "zip_named.jpg": "unsupported",
    "lfs_pointer.jpg": "unsupported",
    "gzip_of_jpeg.jpg": "unsupported",
    "macos_dot_underscore._.jpg": "unsupported",
    "bomb_30000x30000_1bit.png": "too_large",
    "header_65500x65500.jpg": "too_large",
    "truncated_99pct.jpg": None,
    "tail_cut_2bytes.jpg": None,
    "trailing_garbage.jpg": None,
    "webp_named.jpg": None,
    "jpeg_named.heic": None,
    "jpeg_no_extension": None,
    "cmyk.jpg": None,
    "grey16.png": None,
    "icc_garbage.jpg": None,
    "exif_garbage.jpg": None,
    "orientation99.jpg": None,
    "gif_3000_frames.gif": None,
}


def manifest(folder: Path) -> list[dict[str, Any]]:
    """The lines of a set's manifest."""
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def verdicts(folder: Path) -> tuple[dict[str, Verdict], int]:
    """The verdict for each file of a set, and the most memory used, bytes."""
    files = [row["file"] for row in manifest(folder)]
    done = subprocess.run(
        [sys.executable, str(HERE / "verdicts.py"), str(GIGABYTE)],
        input=json.dumps([str(folder / file) for file in files]).encode(),
        capture_output=True,
        timeout=SECONDS,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    *lines, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == len(files)
    return dict(zip(files, lines, strict=True)), last["peak_kilobytes"] * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited by Linux's means")
@pytest.mark.parametrize("name", ["formats", "camera_large"])
def test_sound_files_decode(shared_data: Path, name: str) -> None:
    """Every format comes out with its size, frames and orientation, within 1 GB."""
    found, peak = verdicts(shared_data / name)
    assert peak < GIGABYTE
    for row in manifest(shared_data / name):
        verdict = found[row["file"]]
        if row["file"].rsplit(".", 1)[-1] in NOT_READ:
            assert verdict["error"] == "unsupported", row["file"]
            continue
        assert "error" not in verdict, (row["file"], verdict)
        assert sorted(verdict["size"]) == sorted((row["width"], row["height"])), row["file"]
        assert verdict["frames"] == row["frames"], row["file"]
        assert verdict["orientation"] == (row["exif_orientation"] or 1), row["file"]


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited by Linux's means")
def test_bad_files_have_a_verdict(shared_data: Path) -> None:
    """No bad file crashes, hangs or takes more than 1 GB, and each gets the right answer."""
    found, peak = verdicts(shared_data / "bad_inputs")
    assert peak < GIGABYTE
    assert max(verdict["seconds"] for verdict in found.values()) < 10
    for row in manifest(shared_data / "bad_inputs"):
        file, tags, verdict = row["file"], row["tags"], found[row["file"]]
        name = Path(file).name
        error = verdict.get("error")
        if name in MADE and "/made/" in file:
            assert error == MADE[name], (file, verdict)
        elif "bomb" in tags:
            assert error in {"too_large", "unsupported"}, (file, verdict)
        elif "decodes" in tags and name.rsplit(".", 1)[-1] not in NOT_READ:
            expected = {"damaged"} if MOSTLY_MISSING in name else {None}
            assert error in expected, (file, verdict)
        else:
            assert error in {None, "damaged", "unsupported", "too_large"}, (file, verdict)
