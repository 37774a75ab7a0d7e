"""How fast the server answers DetectLabels, beside the floor and a server written by hand.

    make bench-server
    make bench-server BENCH_ARGS="--seconds 20 --rounds 5"

1, 8 and 64 clients send photos of 0.2 megapixels over loopback, signed as for AWS, and ask again
at once. All take turns in each round, and the median counts. The hand-written server has the
classifier alone, so ours is measured with it alone as well.
"""

from __future__ import annotations

import argparse
import base64
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from answering import floor
from bucketlens.server.credentials import AccessKey, write_credentials
from bucketlens.server.credentials import Credentials as Known
from clients import measure
from machine import available_cores, describe_machine
from photosets import photo_sets
from serving import serving
from tables import markdown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clients import Taken

KEY, SECRET = "BLKBENCHBENCHBENCH00", "secret-of-the-bench"
CLIENTS = (1, 8, 64)
START_SECONDS = 120
FULL, ALONE = "`bucketlens serve`, both models", "`bucketlens serve`, classifier alone"
TORCH, TORCH_1 = "Starlette and PyTorch, its own threads", "Starlette and PyTorch, one thread"


@dataclass(frozen=True)
class Contender:
    """A server that runs, and the requests that it understands."""

    process: psutil.Process
    address: tuple[str, int]
    requests: Sequence[bytes]

    def work(self) -> float:
        """Seconds of processor time so far, of all its processes."""
        family = [self.process, *self.process.children(recursive=True)]
        times = [member.cpu_times() for member in family]
        return sum(t.user + t.system + t.children_user + t.children_system for t in times)


@dataclass(frozen=True)
class Turn:
    """What one turn of a contender gave; work in milliseconds of processor time an answer."""

    taken: Taken
    work: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a turn")
    parser.add_argument("--rounds", type=int, default=3, help="how often each has its turn")
    parser.add_argument("--without-torch", action="store_true", help="only ours and the floor")
    asked = parser.parse_args()
    images = [photo.data for photo in photo_sets()["0.2 MP"]]
    floors: dict[str, list[float]] = {FULL: [], ALONE: []}
    turns: dict[tuple[str, int], list[Turn]] = {}
    with ExitStack() as stack:
        contenders = {FULL: stack.enter_context(ours(images))}
        contenders[ALONE] = stack.enter_context(ours(images, "--detector", "none"))
        if not asked.without_torch:
            contenders[TORCH] = stack.enter_context(torch_server(images, available_cores()))
            contenders[TORCH_1] = stack.enter_context(torch_server(images, 1))
        for _ in range(asked.rounds):
            for name, taken in floors.items():
                pace = floor(
                    images,
                    cores=available_cores(),
                    detector=name == FULL,
                    seconds=asked.seconds,
                )
                taken.append(pace.rate)
                tell(f"floor of {name}", f"{pace.rate:.1f}/s, {pace.work:.1f} ms")
            for name, contender in contenders.items():
                for clients in CLIENTS:
                    turn = take(contender, clients, asked.seconds)
                    turns.setdefault((name, clients), []).append(turn)
                    p99 = 1e3 * turn.taken.percentile(99)
                    tell(name, f"{clients}: {turn.taken.rate:.1f}/s, p99 {p99:.0f} ms")
    print(report(turns, floors))


def take(contender: Contender, clients: int, seconds: float) -> Turn:
    """One turn."""
    before = contender.work()
    taken = measure(contender.address, contender.requests, clients=clients, seconds=seconds)
    answers = len(taken.times)
    if not answers:
        raise SystemExit(f"no answer came in {seconds:g} seconds; give it more by --seconds")
    # The warm-up is work as well, and is not among the answers that count.
    share = seconds / (seconds + 2.0)
    return Turn(taken, 1e3 * share * (contender.work() - before) / answers)


def report(turns: dict[tuple[str, int], list[Turn]], floors: dict[str, list[float]]) -> str:
    """The tables of docs/performance.md."""
    rows = []
    for (name, clients), taken in turns.items():
        rate = middle([turn.taken.rate for turn in taken])
        cells = [name, str(clients), f"{rate:.1f}", f"{middle([turn.work for turn in taken]):.1f}"]
        cells += [
            f"{1e3 * middle([turn.taken.percentile(p) for turn in taken]):.0f}"
            for p in (50, 95, 99)
        ]
        known = floors.get(name)
        cells.append(f"{rate / middle(known):.0%}" if known else "")
        # What queueing alone demands: each client waits for all others' images.
        cells.append(f"{1e3 * clients / middle(known):.0f}" if known and clients > 1 else "")
        rows.append(cells)
    head = ["", "clients", "answers/s", "processor ms", "p50 ms", "p95 ms", "p99 ms"]
    table = markdown([*head, "of the floor", "queueing, ms"], rows)
    levels = "; ".join(f"{name} {middle(rates):.1f}/s" for name, rates in floors.items())
    return f"{describe_machine()}\n\n{table}\n\nFloors: {levels}.{times(turns)}"


def times(turns: dict[tuple[str, int], list[Turn]]) -> str:
    """How many times as fast as the better of the two servers written by hand, with 8 clients."""
    theirs = [
        middle([turn.taken.rate for turn in taken])
        for (name, clients), taken in turns.items()
        if name in {TORCH, TORCH_1} and clients == 8  # noqa: PLR2004 - the middle of CLIENTS
    ]
    if not theirs:
        return ""
    alone = middle([turn.taken.rate for turn in turns[ALONE, 8]])
    return f" With 8 clients, {ALONE} is {alone / max(theirs):.1f} times as fast as PyTorch."


def middle(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


@contextmanager
def ours(images: Sequence[bytes], *arguments: str) -> Iterator[Contender]:
    """Our server over an empty folder, with one access key."""
    with tempfile.TemporaryDirectory(prefix="bucketlens-bench-") as folder:
        write_credentials(Path(folder) / "access", Known(access_keys={KEY: AccessKey(SECRET)}))
        with serving(Path(folder), "--credentials", "access", *arguments) as (process, url):
            address = ("127.0.0.1", int(url.rstrip("/").rpartition(":")[2]))
            requests = [detect_labels(image, url) for image in images]
            yield Contender(psutil.Process(process.pid), address, requests)


@contextmanager
def torch_server(images: Sequence[bytes], threads: int) -> Iterator[Contender]:
    """The server written by hand."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    script = Path(__file__).with_name("torch_server.py")
    process = subprocess.Popen([sys.executable, str(script), str(port), str(threads)])
    address = ("127.0.0.1", port)
    try:
        wait_for(address)
        requests = [post("/", image, {"Host": f"127.0.0.1:{port}"}) for image in images]
        yield Contender(psutil.Process(process.pid), address, requests)
    finally:
        process.terminate()
        process.wait()


def detect_labels(image: bytes, url: str) -> bytes:
    """A request that is signed as for AWS; it holds for a quarter of an hour."""
    body = json.dumps({"Image": {"Bytes": base64.b64encode(image).decode()}}).encode()
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "RekognitionService.DetectLabels",
    }
    request = AWSRequest("POST", url, headers=headers, data=body)
    SigV4Auth(Credentials(KEY, SECRET), "rekognition", "us-east-1").add_auth(request)
    host = url.rstrip("/").rpartition("/")[2]
    return post("/", body, {"Host": host, **dict(request.headers.items())})


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A request as it goes over the wire."""
    told = {**headers, "Content-Length": str(len(body))}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def wait_for(address: tuple[str, int]) -> None:
    """Wait until somebody listens."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(address, timeout=1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return


def tell(name: str, what: str) -> None:
    """Say how it goes."""
    print(f"    {what:>40}  {name}", file=sys.stderr)


if __name__ == "__main__":
    main()
