"""The server as a daemon: overload, stopping, logs and metrics."""

from __future__ import annotations

import http.client
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import quote

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.server.asking import PHOTOS, start
from tests.server.test_access import serve

from bucketlens.server.listening import listen
from bucketlens.server.overload import Admission

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.asking import Running

ZEBRA = (PHOTOS / "zebra.jpg").read_bytes()


REFUSED = 0
"""In the place of a status: the server took no connection."""


def label(server: Running) -> int:
    """Have an image labelled; the status."""
    try:
        return server.ask("/v1/labels", "POST", ZEBRA).status
    except ConnectionRefusedError:
        return REFUSED


def metric(server: Running, name: str) -> float:
    """The first number whose name begins so."""
    text = server.ask("/metrics").body.decode()
    found = [row for row in text.splitlines() if row.startswith(name)]
    assert found, name
    return float(found[0].rpartition(" ")[2])


def test_one_request_too_many_is_told_to_come_back(folder: Path):
    """With two places, others are turned away at once and with the time to wait; none fails."""
    server = start(folder, most_requests="2")
    try:
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _: server.ask("/v1/labels", "POST", ZEBRA), range(24)))
        statuses = [answer.status for answer in answers]
        assert set(statuses) == {200, 503}
        refused = next(answer for answer in answers if answer.status == 503)
        assert int(refused.headers["retry-after"]) > 0
        assert refused.json["setting"] == "most_requests"
        assert label(server) == 200
    finally:
        server.stop()


def test_clients_of_aws_hear_of_overload_in_their_words(folder: Path):
    """ThrottlingException, which they try again by themselves; with retries all get labels."""
    server = start(folder, most_requests="1")
    try:

        def detect(attempts: int) -> str:
            client = boto3.session.Session().client(
                "rekognition",
                endpoint_url=server.url,
                region_name="eu-west-1",
                aws_access_key_id="any",
                aws_secret_access_key="any",  # noqa: S106
                config=Config(retries={"total_max_attempts": attempts, "mode": "standard"}),
            )
            try:
                return str(bool(client.detect_labels(Image={"Bytes": ZEBRA})["Labels"]))
            except ClientError as exc:
                return str(exc.response["Error"]["Code"])

        with ThreadPoolExecutor(6) as pool:
            assert set(pool.map(detect, [1] * 6)) == {"True", "ThrottlingException"}
            assert set(pool.map(detect, [12] * 3)) == {"True"}
    finally:
        server.stop()


def test_room_is_given_back():
    """Requests and bytes are counted while they are under way; one that is huge comes alone."""
    admission = Admission(most_requests=2, most_bytes=100)
    with admission.room(1000):
        assert (admission.requests, admission.bytes) == (1, 1000)
        with pytest.raises(Exception, match="1 more are too many"), admission.room(1):
            pass
    with (
        admission.room(60),
        admission.room(40),
        pytest.raises(Exception, match="2 requests are under way"),
        admission.room(0),
    ):
        pass
    assert (admission.requests, admission.bytes) == (0, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_time_and_finishes_what_is_begun(folder: Path, number: int):
    """Requests that were sent are answered, later ones refused, and the status is 0."""
    server = start(folder)
    with ThreadPoolExecutor(8) as pool:
        under_way = [pool.submit(label, server) for _ in range(8)]
        end = time.monotonic() + 30
        while metric(server, "bucketlens_requests_under_way") < 3 and time.monotonic() < end:
            time.sleep(0.01)
        waiting = [future for future in under_way if not future.done()]
        began = time.monotonic()
        assert server.stop(number) == 0
        assert time.monotonic() - began < 10
        assert waiting
        assert {future.result() for future in under_way} <= {200, REFUSED}
        assert [future.result() for future in under_way].count(200) >= 3
    assert label(server) == REFUSED
    assert [line["message"] for line in server.lines if "stopp" in line["message"]] == ["stopping"]


def test_a_client_that_sends_nothing_does_not_hold_it_up(folder: Path):
    """Half a request, and an idle connection, when it is told to stop."""
    server = start(folder)
    with (
        socket.create_connection(server.address) as half,
        socket.create_connection(server.address),
    ):
        half.sendall(b"POST /v1/labels HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nab")
        time.sleep(0.2)
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 10


def test_clients_that_go_away_leave_nothing_behind(folder: Path):
    """Their places are free again."""
    server = start(folder, most_requests="3")
    try:
        for _ in range(20):
            with socket.create_connection(server.address) as gone:
                head = (
                    f"POST /v1/labels HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(ZEBRA)}"
                )
                gone.sendall(f"{head}\r\n\r\n".encode() + ZEBRA[: len(ZEBRA) // 2])
        end = time.monotonic() + 20
        while label(server) != 200 and time.monotonic() < end:
            time.sleep(0.1)
        assert label(server) == 200
    finally:
        server.stop()


def test_a_taken_port_is_said_so(folder: Path):
    """Before the models are loaded."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = serve(folder, "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "can't listen on 127.0.0.1" in done.stderr


def test_each_request_has_one_line(server: Running):
    """Whatever its path holds, and with its time, status and client."""
    path = "/images/" + quote('\r\n{"message": "forged"}\x1b[31m ü.html')
    assert server.ask(path).status == 404
    assert server.ask("/v1/labels?max_labels=x", "POST", b"").status == 400
    time.sleep(0.2)
    lines = [line for line in server.lines if line["message"] == "request"]
    line = next(line for line in reversed(lines) if line["status"] == 400)
    assert line["path"] == "/v1/labels"
    assert line["client"] == "127.0.0.1"
    assert 0 <= line["seconds"] < 10
    assert not [line for line in server.lines if line["message"] in {"forged", "not JSON"}]


def test_metrics_count_what_was_answered(server: Running):
    """In the words of Prometheus: requests, times, images, queue, index and models."""

    def value(name: str) -> float:
        return metric(server, name)

    counted = 'bucketlens_requests_total{route="/v1/labels",status="200"}'
    label(server)
    before = value(counted)
    label(server)
    assert value(counted) == before + 1
    assert value('bucketlens_request_seconds_count{route="/v1/labels"}') >= before + 1
    for name in ("bucketlens_queue_images", "bucketlens_index_lag_seconds"):
        assert value(name) >= 0
    assert value('bucketlens_model{kind="classifier",name="efficientnet-lite2"') == 1


def test_paths_make_no_metrics_of_their_own(server: Running):
    """However many keys are asked for, the routes stay few."""
    for number in range(30):
        server.ask(f"/nothing-{number}")
        server.ask(f"/v1/nothing-{number}")
    text = server.ask("/metrics").body.decode()
    routes = {
        row.split('route="')[1].partition('"')[0] for row in text.splitlines() if "route=" in row
    }
    assert len(routes) < 20


def test_metrics_tell_what_the_stores_cost_in_patience(server: Running):
    """Counters that are there from the start, so that an alarm can be set on them."""
    for name in ("retries", "throttled", "given_up"):
        assert metric(server, f"bucketlens_store_{name}_total") == 0


def test_connections_are_kept(server: Running):
    """Several requests over one connection, also after an error."""
    connection = http.client.HTTPConnection(*server.address, timeout=30)
    try:
        for path, status in (("/healthz", 200), ("/nothing", 404), ("/v1/labels", 405)):
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status
        assert threading.active_count() < 50
    finally:
        connection.close()


def test_the_server_labels_what_comes_into_its_folder(folder: Path):
    """A file that is put there has its record, its page and a line in the log."""
    server = start(folder)
    try:
        end = time.monotonic() + 60
        while not server.ask("/v1/status").json["reconciled"] and time.monotonic() < end:
            time.sleep(0.05)
        (folder / "photos" / "new.jpg").write_bytes(ZEBRA)
        while server.ask("/v1/images/new.jpg").status != 200 and time.monotonic() < end:
            time.sleep(0.05)
        record = server.ask("/v1/images/new.jpg").json
        assert "Zebra" in {label["Name"] for label in record["Labels"]}
        assert server.ask("/images/new.jpg.html").status == 200
        status = server.ask("/v1/status").json
        assert status["watching"] in {"events", "listings"}
        assert server.ask("/readyz").json == {"ok": True}
    finally:
        server.stop()
    line = next(line for line in server.lines if line.get("key") == "new.jpg")
    assert line["message"] == "labelled"
    assert line["labelling_ms"] > 0


def test_notifications_are_for_buckets(server: Running):
    """A server of a folder has no place for them."""
    assert server.ask("/v1/events", "POST", b"{}").status == 404


def test_connections_do_not_wait_to_send():
    """The body of an answer follows its head at once, on each connection that is accepted."""
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
