"""The functions under AWS's own runtime client and runtime interface emulator."""

import http.client
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tests.aws.invoking import Places, s3_record, sqs

ROOT = Path(__file__).resolve().parents[2]
LOUD = "NOT TESTED:"
INVOKE = "/2015-03-31/functions/function/invocations"
START_SECONDS = 60


def emulator() -> str:
    """The emulator; the wheel of aws-sam-cli holds it as ``samcli/local/rapid``."""
    machine = {"AMD64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    for place in (os.environ.get("TEST_SERVERS_BIN"), str(ROOT / ".servers" / "bin"), None):
        found = shutil.which(f"aws-lambda-rie-{machine}", path=place)
        if found and find_spec("awslambdaric"):
            return found
    pytest.skip(f"{LOUD} aws-lambda-rie in TEST_SERVERS_BIN, or awslambdaric, is not there")


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(handler: str, environ: dict[str, str], log: Path) -> Iterator[int]:
    """The port at which a function can be invoked; it listens on this machine only."""
    port = free_port()
    command = [
        *(emulator(), "--log-level", "error"),
        *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
        *("--runtime-api-address", f"127.0.0.1:{free_port()}"),
        *(sys.executable, "-m", "awslambdaric", handler),
    ]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    environment = (
        kept
        | environ
        | {
            "AWS_LAMBDA_FUNCTION_TIMEOUT": "60",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
            "LAMBDA_TASK_ROOT": str(ROOT / "src"),
            "PYTHONPATH": str(ROOT / "src"),
        }
    )
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            yield port
        finally:
            process.terminate()
            process.wait(10)


def invoke(port: int, event: dict[str, Any]) -> Any:  # noqa: ANN401 - what a function answers
    """What a function answers to an event."""
    end = time.monotonic() + START_SECONDS
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        try:
            connection.request("POST", INVOKE, json.dumps(event))
            return json.loads(connection.getresponse().read())
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        finally:
            connection.close()


@pytest.mark.parametrize("places", ["folder"], indirect=True)
def test_a_photo_is_labelled_under_the_real_runtime(places: Places, photo: bytes, tmp_path: Path):
    """Built in the init phase, called twice, logged as JSON; then the index shows the photo."""
    log = tmp_path / "log"
    places.put("a b+ü.jpg", photo)
    places.put("poison.jpg", photo[:100])
    records = [{"Records": [s3_record(places.bucket, key)]} for key in ("a b+ü.jpg", "poison.jpg")]
    with running("bucketlens.aws.handler", dict(places.environ), log) as port:
        first = invoke(port, sqs(*records, "no JSON"))
        again = invoke(port, records[0])
    assert first == {"batchItemFailures": [{"itemIdentifier": "m2"}]}, log.read_text()
    assert again == {"settled": {"unchanged": 1}}
    assert places.record("a b+ü.jpg")["kind"] == "labels"
    assert places.record("poison.jpg")["kind"] == "failure"
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert [line["ColdStart"] for line in lines if "ColdStart" in line] == [[1.0]]

    with running("bucketlens.aws.index_handler", dict(places.environ), log) as port:
        assert invoke(port, {}) == {"tombstones_dropped": 0}
    assert b"a%20b" in places.site.get("index.html").data


@pytest.mark.parametrize("places", ["folder"], indirect=True)
def test_a_mistake_in_the_configuration_is_told_by_the_start(places: Places, tmp_path: Path):
    """The function does not come up, and the log names the variable."""
    log = tmp_path / "log"
    environ = dict(places.environ) | {"BUCKETLENS_MAX_LABELS": "many"}
    with running("bucketlens.aws.handler", environ, log) as port:
        answer = invoke(port, {})
    assert "BUCKETLENS_MAX_LABELS" in json.dumps(answer) + log.read_text()
