"""Stages as the daemon of X-Ray gets them."""

import json
import re
import socket
import time
from collections.abc import Iterator

import pytest
from tests.aws.invoking import FakeContext, Places, build, s3_record

from bucketlens.aws.tracing import Tracer

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


@pytest.fixture
def daemon() -> Iterator[socket.socket]:
    """What listens beside a function."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(10)
        yield listening


def environ(daemon: socket.socket, trace: str) -> dict[str, str]:
    """What Lambda tells a function of a trace."""
    port = daemon.getsockname()[1]
    return {"AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{port}", "_X_AMZN_TRACE_ID": trace}


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_a_traced_call_tells_of_its_stages(places: Places, photo: bytes, daemon: socket.socket):
    """Each stage is a subsegment of the call's segment, with its begin and its end."""
    function = build(dict(places.environ) | environ(daemon, TRACE))
    places.put("a.jpg", photo)
    before = time.time()
    function({"Records": [s3_record(places.bucket, f"{places.prefix}a.jpg")]}, FakeContext())
    stages = {}
    while "settle" not in stages:
        header, document = daemon.recv(65536).split(b"\n", 1)
        assert json.loads(header) == {"format": "json", "version": 1}
        stage = json.loads(document)
        stages[stage["name"]] = stage
    assert {"inspect", "read", "label", "score", "commit"} <= set(stages)
    for stage in stages.values():
        assert stage["type"] == "subsegment"
        assert stage["trace_id"] == "1-5759e988-bd862e3fe1be46a994272793"
        assert stage["parent_id"] == "53995c3f42cd8ad8"
        assert re.fullmatch("[0-9a-f]{16}", stage["id"])
        assert before - 1 <= stage["start_time"] <= stage["end_time"] <= time.time() + 1
    assert len({stage["id"] for stage in stages.values()}) == len(stages)


@pytest.mark.parametrize("trace", ["", TRACE.replace("Sampled=1", "Sampled=0"), "nonsense;x", ";="])
def test_what_is_not_traced_tells_nothing(daemon: socket.socket, trace: str):
    """The service decides which calls are traced."""
    tracer = Tracer(environ(daemon, trace))
    tracer.begin()
    tracer.stage("settle", 1.0, 2.0)
    daemon.settimeout(0.2)
    with pytest.raises(TimeoutError):
        daemon.recv(1)


def test_both_forms_of_the_address_are_understood(daemon: socket.socket):
    """One for both kinds of packets, or one for each."""
    port = daemon.getsockname()[1]
    address = f"tcp:127.0.0.1:1 udp:127.0.0.1:{port}"
    tracer = Tracer({"AWS_XRAY_DAEMON_ADDRESS": address, "_X_AMZN_TRACE_ID": TRACE})
    tracer.begin()
    tracer.stage("settle", 1.0, 2.0)
    assert b"settle" in daemon.recv(65536)
