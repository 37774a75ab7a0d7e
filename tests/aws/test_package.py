"""The zip for Lambda: what is needed is in it, and the same inputs give the same bytes."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tools.lambda_zip import KEPT, LEFT_OUT, add, copy_package, files, pack, prune, unpack

from bucketlens import aws
from bucketlens.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]

LABEL_ONE = """
import json, sys, time
from pathlib import Path
from tests.aws.invoking import FakeContext, build, s3_record
from bucketlens.aws.indexing import build_index_function
from bucketlens.stores import open_store
environ = {"BUCKETLENS_SOURCE": "memory://photos/in/", "BUCKETLENS_OUT": "memory://photos"}
open_store("memory://photos").put("in/a.jpg", Path(sys.argv[1]).read_bytes())
build(environ)({"Records": [s3_record("photos", "in/a.jpg")]}, FakeContext())
build_index_function(environ, began=0.0)({}, FakeContext())
found = [getattr(module, "__file__", None) for module in sys.modules.values()]
print(json.dumps({"LOADED": [name for name in found if name]}))
"""


def test_nothing_that_a_function_loads_is_left_out():
    """A photo is labelled and an index renewed, and no module that this took is pruned."""
    photo = min((ROOT / "examples" / "photos").glob("*.jpg"))
    done = subprocess.run(
        [sys.executable, "-c", LABEL_ONE, str(photo)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT)))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = [
        name.rpartition("site-packages/")[2].rpartition(f"{ROOT}/src/")[2]
        for name in done.stdout.rpartition("LOADED")[2].split('"')
        if "site-packages" in name or f"{ROOT}/src" in name
    ]
    assert any(name.startswith("bucketlens/aws/") for name in loaded)
    assert any(name.startswith("onnxruntime/") for name in loaded)
    assert [name for name in loaded if LEFT_OUT.search(name) and not KEPT.search(name)] == []


def test_a_package_for_another_processor_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Before some library fails in its own words; where nothing is noted, nothing is checked."""
    monkeypatch.setattr(aws, "MACHINE", tmp_path / "machine")
    aws._check_machine("aarch64")
    (tmp_path / "machine").write_text("x86_64")
    aws._check_machine("x86_64")
    with pytest.raises(ConfigError, match="built for x86_64, and the function runs on aarch64"):
        aws._check_machine("aarch64")


def test_the_package_notes_its_processor_and_leaves_out_the_command_line(tmp_path: Path):
    """Our own part of the tree, as it is packed."""
    copy_package(tmp_path, "aarch64")
    prune(tmp_path)
    assert (tmp_path / "bucketlens" / "aws" / "machine").read_text() == "aarch64"
    assert (tmp_path / "bucketlens" / "LICENSE").is_file()
    assert not (tmp_path / "bucketlens" / "cli").exists() or not list(
        (tmp_path / "bucketlens" / "cli").rglob("*.py")
    )


def test_the_same_files_give_the_same_bytes(tmp_path: Path):
    """Whatever their times and whatever order they were written in."""
    for number, names in enumerate((("a.py", "b/c.py"), ("b/c.py", "a.py"))):
        for name in names:
            file = tmp_path / str(number) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(name)
            os.utime(file, (number * 10**9, number * 10**9))
        assert pack(tmp_path / str(number), tmp_path / f"{number}.zip") == 10
    assert (tmp_path / "0.zip").read_bytes() == (tmp_path / "1.zip").read_bytes()


def test_a_wheel_is_unpacked_and_pruned(tmp_path: Path):
    """Modules, data and licences stay; scripts, tests, headers and stubs go."""
    names = (
        *(
            "numpy/core.py",
            "numpy/core.pyi",
            "numpy/tests/test_core.py",
            "numpy/testing/__init__.py",
        ),
        *("numpy.libs/libopenblas.so", "numpy-1.dist-info/METADATA", "numpy-1.dist-info/RECORD"),
        *("numpy-1.dist-info/licenses/LICENSE.md", "numpy-1.data/scripts/f2py"),
        *("numpy-1.data/platlib/numpy/more.py", "numpy/include/array.h"),
    )
    wheel = tmp_path / "numpy.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        for name in names:
            add(packed, name, b"")
    unpack(wheel, tmp_path / "tree")
    prune(tmp_path / "tree")
    assert [name for name, _ in files(tmp_path / "tree")] == [
        "numpy-1.dist-info/METADATA",
        "numpy-1.dist-info/licenses/LICENSE.md",
        "numpy.libs/libopenblas.so",
        "numpy/core.py",
        "numpy/more.py",
        "numpy/testing/__init__.py",
    ]
