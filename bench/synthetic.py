"""Records of as many images as one likes, with the labels of real photos.

    python bench/synthetic.py records OUT 100000     JSON records of a collection, as a run leaves
    python bench/synthetic.py catalog OUT 1000000    the catalog of such a collection, without them

The packaged models look once at all photos of the development data (or, without those, at the
examples), and their records are kept in ``bench/cache``. Each synthetic image takes the labels of
one of them, drawn at random with replacement, so that labels occur and co-occur as often as in
photos; their confidences are shifted together a little, and key, dates and stored scores are its
own. The same number always gives the same record.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec
import numpy as np

from bucketlens.assembly.looking import made_by
from bucketlens.names import output_name
from bucketlens.records import (
    FailureFacts,
    FailureRecord,
    LabelRecord,
    Observed,
    Record,
    SourceFacts,
    decode_record,
    encode_record,
)
from bucketlens.settings import Settings
from bucketlens.stores import open_store
from bucketlens.types import ClassScores, Embedding, Label, Scores

ROOT = Path(__file__).resolve().parents[1]
POOL = ROOT / "bench" / "cache" / "pool"
DATA = Path(os.environ.get("BUCKETLENS_TEST_DATA") or ROOT.parent / "shared" / "data")
SETS = ("imagenet_val_full", "imagenet_val_227", "nips2017_ccby", "coco_val2017", "caltech101")
SETS = (*SETS, "voc2012_100", "named_photos", "flowers5", "camera_large")

FIRST = datetime(2014, 1, 1, tzinfo=UTC).timestamp()
LAST = datetime(2026, 11, 22, tzinfo=UTC).timestamp()
FAILED = 0.004
"""Share of files that can't be labelled."""

TAKEN = 0.7
"""Share of photos that say when they were taken."""

SPREAD = 4.0
"""Standard deviation by which all confidences of an image are shifted, in per cent."""

CHUNK = 2000


@dataclass(frozen=True)
class Pool:
    """Records of real photos."""

    records: tuple[LabelRecord, ...]


@cache
def load_pool(folder: Path = POOL) -> Pool:
    """The records of the photos; they are made when there are none of the models in force."""
    done, models = folder / "done", " ".join(sorted(made_by(Settings())))
    if not done.exists() or done.read_text() != models:
        shutil.rmtree(folder, ignore_errors=True)
        _make_pool(folder)
        done.write_text(models)
    records = open_store(str(folder / "records"))
    found = [
        decode_record(records.get(i.key).data) for i in records.list() if "/metadata/" in i.key
    ]
    return Pool(tuple(record for record in found if isinstance(record, LabelRecord)))


def _make_pool(folder: Path) -> None:
    sources = {name: DATA / name / "images" for name in SETS if (DATA / name / "images").is_dir()}
    sources = sources or {"examples": ROOT / "examples" / "photos"}
    for name, source in sources.items():
        print(f"labelling {name}", file=sys.stderr)
        command = [sys.executable, "-m", "bucketlens", "run", source, folder / "records" / name]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
        subprocess.run([*command, "--no-pages"], env=environment, check=False, capture_output=True)


def key_of(number: int) -> str:
    """Where the image of a number lies."""
    return f"{number % 97:02}/{number // 1000:04}/img_{number:07}.jpg"


def synthetic(pool: Pool, number: int) -> Record:
    """The record of the image of a number."""
    chance = random.Random(number)  # noqa: S311 - a benchmark
    modified = FIRST + (LAST - FIRST) * chance.random() ** 0.5  # more in later years
    observed = Observed(
        etag=f"{number:016x}", modified=modified, recorded=LAST, page="look", pictures="look"
    )
    size = chance.randrange(200_000, 6_000_000)
    if chance.random() < FAILED:
        why = chance.choice(("damaged", "unsupported", "too_large"))
        return FailureRecord(
            failure=FailureFacts(error=why, reason=f"the file is {why}", setting=None),
            source=SourceFacts(key=key_of(number), size=size),
            limits_fingerprint="limits",
            observed=msgspec.structs.replace(observed, page=None, pictures=None),
        )
    base = chance.choice(pool.records)
    taken = datetime.fromtimestamp(modified - 3600, UTC).replace(tzinfo=None)
    return msgspec.structs.replace(
        base,
        labels=_shifted(base.labels, chance.gauss(0.0, SPREAD)),
        view_fingerprint="shifted",  # no settings make such labels
        source=SourceFacts(key=key_of(number), size=size, sha256=f"{number:064x}"),
        image=msgspec.structs.replace(
            base.image,
            taken=taken.isoformat(timespec="seconds") if chance.random() < TAKEN else None,
        ),
        scores=_noisy(base.scores, number),
        observed=observed,
    )


def _shifted(labels: tuple[Label, ...], shift: float) -> tuple[Label, ...]:
    """Labels as sure as their kin, a little more or less; none below what is shown."""
    return tuple(
        msgspec.structs.replace(
            label, confidence=round(min(max(label.confidence + shift, 55.0), 99.99), 4)
        )
        for label in labels
    )


def _noisy(scores: Scores, number: int) -> Scores:
    """Scores of its own: equal ones would take next to no room in compressed files."""
    noise = np.random.default_rng(number).integers(-3, 4, 4096, dtype=np.int16)
    embedding = scores.embedding
    return msgspec.structs.replace(
        scores,
        classes=tuple(
            ClassScores(box=one.box, codes=_shaken(one.codes, noise), energy=one.energy)
            for one in scores.classes
        ),
        embedding=None
        if embedding is None
        else Embedding(codes=_shaken(embedding.codes, noise[1000:]), scale=embedding.scale),
    )


def _shaken(codes: bytes, noise: np.ndarray[tuple[int], np.dtype[np.int16]]) -> bytes:
    values = np.frombuffer(codes, np.uint8).astype(np.int16) + noise[: len(codes)]
    return np.clip(values, 0, 255).astype(np.uint8).tobytes()


def write_records(out: str, first: int, count: int, processes: int) -> None:
    """Put the records of so many images where a run would."""
    chunks = [(out, n, min(n + CHUNK, first + count)) for n in range(first, first + count, CHUNK)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        list(pool.map(_write_chunk, chunks))


def _write_chunk(chunk: tuple[str, int, int]) -> None:
    out, first, end = chunk
    pool, records = load_pool(), open_store(f"{out}/metadata")
    for number in range(first, end):
        record = synthetic(pool, number)
        records.put(output_name(record.source.key, ".json"), encode_record(record))


def main() -> None:
    """Write what is asked for."""
    parser = argparse.ArgumentParser(description="Collections of synthetic images")
    parser.add_argument("what", choices=("records", "catalog"))
    parser.add_argument("out")
    parser.add_argument("count", type=int)
    parser.add_argument("--first", type=int, default=0, help="number of the first image")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    load_pool()  # once, before other processes want it
    began = time.monotonic()
    if chosen.what == "records":
        write_records(chosen.out, chosen.first, chosen.count, chosen.processes)
    else:
        from filling import fill_catalog  # noqa: PLC0415

        fill_catalog(chosen.out, chosen.count, chosen.processes)
    print(f"{chosen.count:,} images in {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
