"""A server under many uploads: whether its memory and its open files stay where they are.

    python bench/soak_server.py --uploads 50000

Each upload is a small JPEG that there has never been before. So many clients put them in, one
after the other. After each tenth they wait until all is labelled and can be found; then it is
printed what the server takes, its memory as the sum of what each of its processes has alone. It
runs in any environment that has the server's extra and psutil, such as the one of ``make test``.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil

from bucketlens.imaging import encode_jpeg
from machine import describe_machine
from serving import serving
from tables import markdown

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

ROWS = 10
LOOKS = 10
PAUSES = frozenset({429, 503})
"""Statuses that say to come back."""


def main() -> None:
    """Upload and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--uploads", type=int, default=50_000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--settings", nargs="*", default=[], help="NAME=VALUE for the server")
    asked = parser.parse_args()
    settings = ["uploads_per_minute=1000000", *asked.settings]
    told = [word for setting in settings for word in ("--set", setting)]
    heads = ["uploads", "seconds", "memory, MB", "open files", "threads", "answers"]
    print(f"{describe_machine()}\n\n{markdown(heads, [])}", flush=True)
    with tempfile.TemporaryDirectory(prefix="bucketlens-soak-") as folder:
        with serving(Path(folder), "--uploads", *told) as (process, url):
            port = int(url.rstrip("/").rpartition(":")[2])
            for row in soak(process, port, asked.uploads, asked.clients):
                print(markdown(heads, [row]).splitlines()[-1], flush=True)
        print(f"\nIt ended with status {process.returncode}.")


def soak(
    process: subprocess.Popen[str], port: int, uploads: int, clients: int
) -> Iterator[list[str]]:
    """Upload so many, and give one row for each tenth."""
    numbers, lock = itertools.count(), threading.Lock()
    answers: Counter[int] = Counter()
    began = time.monotonic()

    def client(last: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while True:
            with lock:
                number = next(numbers)
            if number >= last:
                break
            status = 0
            while status not in {200, 201}:
                status = upload(connection, number)
                with lock:
                    answers[status] += 1
                time.sleep(0.5 if status in PAUSES else 0.0)
        connection.close()

    for row in range(1, ROWS + 1):
        last = uploads * row // ROWS
        numbers = itertools.count(uploads * (row - 1) // ROWS)
        threads = [threading.Thread(target=client, args=(last,)) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wait_for_rest(port)
        seconds = time.monotonic() - began
        yield [str(last), f"{seconds:.0f}", *taken(process), told(answers)]


def upload(connection: http.client.HTTPConnection, number: int) -> int:
    """Put one image in; the status."""
    noise = np.random.default_rng(number).integers(0, 255, (16, 24, 3), dtype=np.uint8)
    data = encode_jpeg(noise.repeat(8, axis=0).repeat(8, axis=1))
    path = f"/v1/uploads?name=upload-{number:06d}.jpg"
    connection.request("POST", path, data, {"Content-Type": "image/jpeg"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def wait_for_rest(port: int) -> None:
    """Wait until all is labelled and in the index."""
    while True:
        said = state(port)
        if not said["waiting"] and not said["in_hand"] and not said["index_lag"]:
            return
        time.sleep(0.5)


def state(port: int) -> dict[str, float]:
    """What the server says of itself."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", "/v1/status")
    said: dict[str, float] = json.loads(connection.getresponse().read())
    connection.close()
    return said


def taken(process: subprocess.Popen[str]) -> list[str]:
    """Memory, open files and threads of the server and its processes.

    The least of some seconds: a search that is loaded anew has its memory twice for a moment.
    """
    top = psutil.Process(process.pid)
    family = [top, *top.children(recursive=True)]
    held = []
    for _ in range(LOOKS):
        held.append(sum(member.memory_full_info().uss for member in family) / 1e6)
        time.sleep(0.5)
    files = sum(member.num_fds() for member in family)
    return [f"{min(held):.0f}", str(files), str(sum(member.num_threads() for member in family))]


def told(answers: Counter[int]) -> str:
    """How many answers there were of each status."""
    return ", ".join(f"{count} x {status}" for status, count in sorted(answers.items()))


if __name__ == "__main__":
    main()
