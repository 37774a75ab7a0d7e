"""Threads of a process that runs for long share their heaps."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="another C library has heaps of its own kind"
)

COUNTED = """
import ctypes, sys, threading
from bucketlens.cli.heaps import share_heaps
share_heaps()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.malloc.restype = ctypes.c_void_p
gate = threading.Barrier(9)
def hold():
    libc.malloc(5000)
    gate.wait()
    gate.wait()
threads = [threading.Thread(target=hold) for _ in range(8)]
[thread.start() for thread in threads]
gate.wait()
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
gate.wait()
"""


@pytest.mark.parametrize(
    ("told", "heaps"), [({}, range(1, 3)), ({"MALLOC_ARENA_MAX": "6"}, range(3, 7))]
)
def test_eight_threads_have_two_heaps_unless_an_operator_wants_more(
    root: Path, told: dict[str, str], heaps: range
):
    """As the C library itself counts them."""
    kept = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    done = subprocess.run(
        [sys.executable, "-c", COUNTED],
        env=kept | {"PYTHONPATH": str(root / "src")} | told,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert done.stdout.count("<heap nr=") in heaps
