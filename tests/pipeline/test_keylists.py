"""Lists of keys: what each line names, and what becomes of lines that name nothing."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from bucketlens.errors import ConfigError
from bucketlens.pipeline.keylists import key_list
from bucketlens.pipeline.keylists.texts import LONGEST_LINE
from bucketlens.pipeline.plans import Refused, Sought
from bucketlens.stores import StoreOptions, open_store

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = "s3://photos/uploads"


def read(path: Path | str, source: str = SOURCE) -> list[Sought | Refused]:
    """All that a list names."""
    return list(key_list(str(path), source, StoreOptions())())


def keys(found: list[Sought | Refused]) -> list[str]:
    """The keys, where each line names one."""
    assert all(isinstance(item, Sought) for item in found), found
    return [item.key for item in found if isinstance(item, Sought)]


def reasons(found: list[Sought | Refused]) -> dict[str, str]:
    """Why lines were refused, by where they stand."""
    return {item.where: item.reason for item in found if isinstance(item, Refused)}


def test_text_has_one_key_a_line(tmp_path: Path):
    """Keys are as they are, spaces and all; ends of lines of any system, and empty ones, part."""
    file = tmp_path / "keys.txt"
    file.write_bytes("\ufeffa b+c%2F.jpg\r\n\n ümlaut,.jpg\nlast.jpg".encode())
    assert keys(read(file)) == ["a b+c%2F.jpg", " ümlaut,.jpg", "last.jpg"]


def test_a_key_may_be_written_with_its_source(tmp_path: Path):
    """As tools print it: a whole URL, or the path of a file in a folder."""
    file = tmp_path / "keys.txt"
    file.write_text(f"{SOURCE}/a.jpg\nb.jpg\n")
    assert keys(read(file)) == ["a.jpg", "b.jpg"]
    file.write_text("/photos/trip/a.jpg\n")
    assert keys(read(file, "/photos")) == ["trip/a.jpg"]


def test_bad_lines_are_told_by_their_number_and_stop_no_other(tmp_path: Path):
    """What is no UTF-8, too long or impossible."""
    file = tmp_path / "keys.txt"
    file.write_bytes(b"a.jpg\ncaf\xe9.jpg\n" + b"x" * LONGEST_LINE * 2 + b"\nze\0ro.jpg\nb.jpg\n")
    found = read(file)
    assert [item.key for item in found if isinstance(item, Sought)] == ["a.jpg", "b.jpg"]
    assert reasons(found) == {
        "keys.txt:2": "it is not UTF-8",
        "keys.txt:3": "the line has over 65,536 bytes",
        "keys.txt:4": "no key holds a zero byte",
    }


def test_text_may_be_packed(tmp_path: Path):
    """And a file that is cut off is told of, not taken for a short one."""
    file = tmp_path / "keys.txt.gz"
    packed = gzip.compress("".join(f"{i}.jpg\n" for i in range(9999)).encode())
    file.write_bytes(packed)
    assert len(keys(read(file))) == 9999
    file.write_bytes(packed[:-200])
    with pytest.raises(ConfigError, match=r"keys\.txt\.gz can't be read"):
        read(file)


def test_csv_names_its_columns(tmp_path: Path):
    """In any order; with a bucket the key counts from there, and sizes are kept."""
    file = tmp_path / "keys.csv"
    file.write_text(
        "Size,Bucket,Key\n"
        '12,photos,"uploads/a,b.jpg"\n'
        "x,photos,uploads/c.jpg\n"
        "1,others,uploads/d.jpg\n"
        "1,photos,elsewhere/e.jpg\n"
        "1\n"
        '1,photos,"uploads/two\nlines.jpg"\n'
    )
    found = read(file)
    named = [item for item in found if isinstance(item, Sought)]
    assert named == [Sought("a,b.jpg", 12), Sought("c.jpg"), Sought("two\nlines.jpg", 1)]
    assert reasons(found) == {
        "keys.csv:4": "it names the bucket 'others', and SOURCE is s3://photos/uploads",
        "keys.csv:5": "'elsewhere/e.jpg' is not in s3://photos/uploads",
        "keys.csv:6": "the row has 1 columns",
    }


def test_csv_without_names_is_keys_or_buckets_and_keys(tmp_path: Path):
    """More columns than two can't be guessed."""
    file = tmp_path / "keys.csv"
    file.write_text("a.jpg\nb.jpg\n")
    assert keys(read(file)) == ["a.jpg", "b.jpg"]
    file.write_text("photos,uploads/a.jpg\nphotos,uploads/b.jpg\n")
    assert keys(read(file)) == ["a.jpg", "b.jpg"]
    file.write_text("a,b,c\n")
    with pytest.raises(ConfigError, match="names no column `key`"):
        read(file)


def test_rows_that_are_no_csv_are_told_of(tmp_path: Path):
    """A quote in the wrong place costs its own row."""
    file = tmp_path / "keys.csv"
    long = "y" * LONGEST_LINE
    file.write_text(f'key\na.jpg\n"b"x.jpg\n{long}\nc.jpg\n')
    found = read(file)
    assert [item.key for item in found if isinstance(item, Sought)] == ["a.jpg", "c.jpg"]
    assert sorted(reasons(found).values()) == [
        "it is no row of CSV: ',' expected after '\"'",
        "the line has over 65,536 bytes",
    ]


def write_parquet(path: Path, query: str) -> None:
    """A file of what a query gives."""
    with duckdb.connect() as engine:
        engine.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def test_parquet_has_a_column_of_keys(tmp_path: Path):
    """Beside what else there is; rows without a key are told of."""
    file = tmp_path / "keys.parquet"
    write_parquet(file, "SELECT 7 AS other, 'k' || range || '.jpg' AS \"Key\" FROM range(25000)")
    assert keys(read(file)) == [f"k{i}.jpg" for i in range(25000)]
    write_parquet(file, "SELECT * FROM (VALUES ('a.jpg', 3), (NULL, 4)) AS rows(key, size)")
    assert read(file) == [Sought("a.jpg", 3), Refused("keys.parquet, row 2", "it names no key")]
    write_parquet(file, "SELECT 1 AS name")
    with pytest.raises(ConfigError, match="no column `key`"):
        read(file)
    file.write_bytes(b"no parquet")
    with pytest.raises(ConfigError, match="can't be read"):
        read(file)


def inventory(form: str, schema: str, files: dict[str, bytes]) -> bytes:
    """The manifest that S3 writes beside these files."""
    manifest: dict[str, Any] = {
        "sourceBucket": "photos",
        "destinationBucket": "arn:aws:s3:::lists",
        "version": "2016-11-30",
        "creationTimestamp": "1790000000000",
        "fileFormat": form,
        "fileSchema": schema,
        "files": [
            {
                "key": f"out/photos/all/data/{name}",
                "size": len(data),
                "MD5checksum": hashlib.md5(data, usedforsecurity=False).hexdigest(),
            }
            for name, data in files.items()
        ],
    }
    return json.dumps(manifest).encode()


CSV_SCHEMA = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate"
CSV_ROWS = (
    '"photos","uploads/a+b%2B%C3%BC.jpg","v2","true","false","12","2026-11-01T00:00:00.000Z"\n'
    '"photos","uploads/a+b%2B%C3%BC.jpg","v1","false","false","11","2026-10-01T00:00:00.000Z"\n'
    '"photos","uploads/gone.jpg","v9","true","true","","2026-10-01T00:00:00.000Z"\n'
    '"photos","elsewhere/c.jpg","v1","true","false","11","2026-10-01T00:00:00.000Z"\n'
)


def test_an_inventory_of_csv_files(tmp_path: Path):
    """Keys are written as in a URL; old versions, and images out of the source, are not meant."""
    data = {"1.csv.gz": gzip.compress(CSV_ROWS.encode()), "2.csv.gz": gzip.compress(b"")}
    (tmp_path / "data").mkdir()
    for name, content in data.items():
        (tmp_path / "data" / name).write_bytes(content)
    manifest = tmp_path / "2026-11-01T01-00Z" / "manifest.json"
    manifest.parent.mkdir()
    manifest.write_bytes(inventory("CSV", CSV_SCHEMA, data))
    assert read(manifest) == [Sought("a b+ü.jpg", 12)]
    (tmp_path / "data" / "1.csv.gz").write_bytes(gzip.compress(b""))
    with pytest.raises(ConfigError, match=r"1\.csv\.gz can't be read: .*MD5"):
        read(manifest)
    (tmp_path / "data" / "1.csv.gz").unlink()
    with pytest.raises(ConfigError, match="neither beside it"):
        read(manifest)
    with pytest.raises(ConfigError, match="SOURCE is not in it"):
        read(manifest, "s3://others")
    manifest.write_bytes(inventory("ORC", "", {}))
    with pytest.raises(ConfigError, match="have the inventory made as CSV or Parquet"):
        read(manifest)


def test_an_inventory_of_parquet_files_in_a_bucket(tmp_path: Path):
    """Keys are as they are, and the files are where the manifest says."""
    file = tmp_path / "1.parquet"
    write_parquet(
        file,
        "SELECT * FROM (VALUES ('photos', 'uploads/a+b%2B.jpg', true, false, 5),"
        " ('photos', 'uploads/old.jpg', false, false, 5))"
        " AS rows(bucket, key, is_latest, is_delete_marker, size)",
    )
    lists = open_store("memory://lists")
    lists.put("out/photos/all/data/1.parquet", file.read_bytes())
    schema = "message s3.inventory {  required binary bucket (STRING); …}"
    where = "out/photos/all/2026-11-01T01-00Z/manifest.json"
    lists.put(where, inventory("Parquet", schema, {"1.parquet": file.read_bytes()}))
    assert read(f"memory://lists/{where}") == [Sought("a+b%2B.jpg", 5)]


def test_a_list_that_is_not_there_is_told_of_before_anything_begins(tmp_path: Path):
    """Wherever it should be."""
    for location in (str(tmp_path / "none.txt"), "memory://lists/none.txt", str(tmp_path)):
        with pytest.raises(ConfigError, match="list of keys"):
            key_list(location, SOURCE, StoreOptions())
