"""The catalog of a million synthetic images, made without writing a million records first."""

from __future__ import annotations

import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path

from bucketlens.catalog.composing import compose
from bucketlens.catalog.engine import open_engine
from bucketlens.catalog.files import Files
from bucketlens.catalog.incoming import compare, take_in
from bucketlens.catalog.manifest import Manifest, replace_manifest
from bucketlens.catalog.pieces import PIECE, Asked, Piece, PieceReader
from bucketlens.catalog.snapshot import SEARCHED, create_views
from bucketlens.names import output_name
from bucketlens.records import encode_record
from bucketlens.stores import open_store
from bucketlens.stores.memory import MemoryStore
from synthetic import load_pool, synthetic


def fill_catalog(out: str, count: int, processes: int) -> None:
    """Make the catalog of so many images, without their scores, in an empty place."""
    private = open_store(out)
    with tempfile.TemporaryDirectory() as folder:
        files = Files(private, Path(folder))
        jobs = [(folder, n // PIECE, n, min(n + PIECE, count)) for n in range(0, count, PIECE)]
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, mp_context=context) as pool:
            pieces = list(pool.map(_read, jobs))
        with closing(open_engine()) as engine:
            create_views(engine, Manifest(), files, SEARCHED)
            take_in(engine, pieces, again=False)
            engine.execute("CREATE TABLE wanted AS SELECT name FROM incoming")
            counts = compare(engine)
            manifest = compose(engine, files, Manifest(), pieces, counts, anew=True)
        if not replace_manifest(private, None, manifest):
            raise SystemExit(f"there is a catalog in {out} already")


def _read(job: tuple[str, int, int, int]) -> Piece:
    folder, number, first, end = job
    pool, records = load_pool(), MemoryStore()
    asked = []
    for one in range(first, end):
        record = synthetic(pool, one)
        name = output_name(record.source.key, ".json")
        records.put(name, encode_record(record))
        asked.append(Asked(name.removesuffix(".json")))
    reader = PieceReader(records, Files(MemoryStore(), Path(folder)), keep_scores=False)
    return reader.read(number, asked)
