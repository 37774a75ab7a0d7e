"""What the label function takes on Lambda's own runtime: start, warm calls, memory.

    make bench-lambda                        the package, on Python 3.12 where there is one
    python bench/lambda.py --code src --python .venv/bin/python

AWS's Runtime Interface Emulator runs the function as Lambda does; `make servers` installs it. The
interpreter needs awslambdaric and boto3, as each runtime of Lambda has them. Source and results are
folders in memory where the system has such (/dev/shm), so stores count for next to nothing.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil

from machine import describe_machine
from photosets import photo_sets
from tables import markdown

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
INVOKE = "/2015-03-31/functions/function/invocations"
NOTHING = {"Records": [{"messageId": "m", "body": '{"Event": "s3:TestEvent"}'}]}
"""A message that asks for no work."""

EMPTY = "def handler(event, context):\n    return {}\n"


class Running(NamedTuple):
    """A function that can be called.

    Attributes:
        port: Where.
        log: What it writes.
        emulator: Its process; the function's is below it.
    """

    port: int
    log: Path
    emulator: subprocess.Popen[bytes]

    def call(self, event: dict[str, Any]) -> float:
        """Milliseconds until the answer, which must be a good one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        body = json.dumps(event)
        began = time.perf_counter()
        connection.request("POST", INVOKE, body)
        answer = json.loads(connection.getresponse().read())
        spent = 1000 * (time.perf_counter() - began)
        if answer.get("batchItemFailures") or "errorMessage" in answer:
            raise SystemExit(f"{answer}\n{self.log.read_text()[-3000:]}")
        return spent

    def metrics(self, name: str) -> list[float]:
        """All values of a metric so far."""
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [value for line in map(json.loads, lines) for value in line.get(name, ())]

    def processor_milliseconds(self) -> float:
        """Processor time of the function's process so far."""
        (process,) = psutil.Process(self.emulator.pid).children()
        spent = process.cpu_times()
        return 1000 * (spent.user + spent.system)

    def peak_megabytes(self) -> float:
        """Resident memory of the function's process, at the most so far."""
        (process,) = psutil.Process(self.emulator.pid).children()
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        (peak,) = [line for line in lines if line.startswith("VmHWM")]
        return int(peak.split()[1]) / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--code", type=Path, default=ROOT / "src", help="a folder, or a package")
    parser.add_argument("--python", default=sys.executable, help="interpreter of the function")
    parser.add_argument("--starts", type=int, default=10)
    parser.add_argument("--calls", type=int, default=30, help="of each size")
    chosen = parser.parse_args()
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - the point of it
    with tempfile.TemporaryDirectory(dir=memory) as scratch:
        folder = Path(scratch)
        code = unpacked(chosen.code, folder)
        print(f"{describe_machine()} {Path(chosen.code).name} on {version(chosen.python)}.\n")
        print(measure_starts(chosen, code, folder), end="\n\n")
        print(measure_calls(chosen, code, folder))


def measure_starts(chosen: argparse.Namespace, code: Path, folder: Path) -> str:
    """The init phase: a first call that asks for nothing, less a warm one like it."""
    empty = folder / "empty"
    empty.mkdir()
    (empty / "function.py").write_text(EMPTY)
    rows = []
    for what, path, handler in (
        ("an empty function", empty, "function.handler"),
        ("label function", code, "bucketlens.aws.handler"),
        ("index function", code, "bucketlens.aws.index_handler"),
    ):
        starts, busy = [], []
        for _ in range(chosen.starts + 1):
            with running(chosen.python, path, handler, folder) as function:
                first = function.call(NOTHING)
                busy.append(function.processor_milliseconds())
                if handler.endswith("index_handler"):
                    starts.append(statistics.median(function.metrics("InitTime")))
                else:
                    starts.append(first - min(function.call(NOTHING) for _ in range(5)))
        del starts[0], busy[0]  # it warms the file cache
        numbers = min(starts), statistics.median(starts), statistics.median(busy)
        rows.append([what, *(f"{one:.0f}" for one in numbers)])
    rows[-1][0] += " (by the clock without the interpreter)"
    heads = ["start, ms", "least", "median", "processor time with the interpreter"]
    return markdown(heads, rows)


def measure_calls(chosen: argparse.Namespace, code: Path, folder: Path) -> str:
    """Warm calls with one photo each, and the memory of a process that saw only such photos."""
    rows = []
    for size, photos in photo_sets().items():
        with running(chosen.python, code, "bucketlens.aws.handler", folder) as function:
            function.call(event_of(put(folder, "warm.jpg", photos[0].data)))
            nothing = statistics.median(function.call(NOTHING) for _ in range(chosen.calls))
            calls, beyond, again = [], [], []
            for number in range(chosen.calls):
                event = event_of(put(folder, f"{number}.jpg", photos[number % len(photos)].data))
                spent = function.call(event)
                labelled = function.metrics("LabelTime")[-1]
                calls.append(spent)
                beyond.append(spent - nothing - labelled)
                again.append(function.call(event) - nothing)
            numbers = [
                statistics.median(calls),
                min(beyond),
                statistics.median(beyond),
                statistics.median(again),
                function.peak_megabytes(),
            ]
        rows.append([size, *(f"{number:.1f}" for number in numbers)])
    heads = ["one photo a call", "ms", "beyond, least", "beyond, median", "repeated", "MB at most"]
    return markdown(heads, rows)


def put(folder: Path, key: str, data: bytes) -> str:
    """Put a photo into the source."""
    (folder / "photos" / key).write_bytes(data)
    return f"{folder / 'photos'}|{key}"


def event_of(place: str) -> dict[str, Any]:
    """A batch of one message that speaks of a photo."""
    bucket, _, key = place.partition("|")
    about = {"bucket": {"name": bucket}, "object": {"key": key}}
    entry = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": about}
    return {"Records": [{"messageId": "m", "body": json.dumps({"Records": [entry]})}]}


@contextmanager
def running(python: str, code: Path, handler: str, folder: Path) -> Iterator[Running]:
    """A function under the emulator, with an empty source and no results yet."""
    for name in ("photos", "out"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "photos").mkdir()
    (folder / "out" / "metadata").mkdir(parents=True)
    port, log = free_port(), folder / "log"
    command = [
        *(emulator(), "--log-level", "error"),
        *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
        *("--runtime-api-address", f"127.0.0.1:{free_port()}"),
        *(python, "-m", "awslambdaric", handler),
    ]
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(code),
        "LAMBDA_TASK_ROOT": str(code),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "60",
        "BUCKETLENS_SOURCE": str(folder / "photos"),
        "BUCKETLENS_OUT": str(folder / "out"),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environ, stdout=output, stderr=output)
        try:
            wait_for(port)
            yield Running(port, log, process)
        finally:
            process.terminate()
            process.wait(10)


def wait_for(port: int) -> None:
    """Wait until the emulator listens; it starts the function with the first call."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise SystemExit("the emulator does not listen")


def unpacked(code: Path, folder: Path) -> Path:
    """The folder of the code, a package unpacked."""
    if code.suffix != ".zip":
        return code.resolve()
    shutil.unpack_archive(code, folder / "code")
    return folder / "code"


def emulator() -> str:
    """AWS's Runtime Interface Emulator."""
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    found = shutil.which(f"aws-lambda-rie-{machine}", path=str(ROOT / ".servers" / "bin"))
    if found is None:
        raise SystemExit("the emulator is not installed: make servers")
    return found


def version(python: str) -> str:
    """Of an interpreter."""
    return subprocess.run(
        [python, "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
