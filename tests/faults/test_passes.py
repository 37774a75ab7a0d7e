"""Whatever goes wrong between bucketlens and its stores: the end is that of an undisturbed run.

``SOAK=50 pytest tests/faults`` disturbs twelve runs of more images instead of one, in processes
too, and ``SOAK_SEED=7`` in another way.
"""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.e2e.conftest import Cli
from tests.e2e.folders import state_of
from tests.faults.conftest import BUCKET
from tests.faults.mishaps import Misfortune, Mishap

from bucketlens.imaging import encode_jpeg
from bucketlens.stores import S3Options, StoreOptions, open_store

if TYPE_CHECKING:
    import subprocess

    from tests.faults.proxy import Proxy
    from tests.servers import Server

    from bucketlens.stores import Store

pytestmark = pytest.mark.xdist_group("faults")

SOAK = int(os.environ.get("SOAK", "0"))
ROUNDS = 1 + SOAK // 4
SEED = int(os.environ.get("SOAK_SEED", "20261122"))
IMAGES = 300 if SOAK else 30
"""The former are enough for a run to work in processes."""
SHARE = 0.15
"""Of requests that are disturbed. Eight in a row, as many as are tried, are one in four million."""
SOURCE = f"s3://{BUCKET}/in"
AWKWARD = ("a b+c%2F.jpg", "IMG_1.JPG", "Größe/ñandú.jpg", "tab\there.jpg", "🐈 cat.jpg")


def picture(seed: int) -> bytes:
    """A picture that is like no other."""
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return encode_jpeg(np.kron(noise, np.ones((8, 8, 1), dtype=np.uint8)))


def variables_for(server: Server) -> dict[str, str]:
    """The environment of a call: labelling is not what is tested here, half of it is enough."""
    return {
        "BUCKETLENS_DETECTOR": "none",
        "BUCKETLENS_S3_ENDPOINT": server.endpoint,
        "AWS_REGION": "us-east-1",
        **server.keys,
    }


@dataclass
class Doors:
    """The command line before a server, directly or through a proxy.

    Attributes:
        cli: Called with the server's credentials.
        server: The one behind the proxy.
    """

    cli: Cli
    server: Server

    def call(
        self, server: Server, *words: str, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Call bucketlens."""
        return self.cli(*words, **variables_for(server), **variables)

    def start(self, server: Server, *words: str) -> subprocess.Popen[bytes]:
        """Start bucketlens and do not wait for it."""
        return self.cli.start(*words, **variables_for(server))

    def state(self, out: str) -> dict[str, bytes]:
        """What stands in an OUT, asked for without a proxy."""
        return state_of(out, self.options)

    def store(self, location: str) -> Store:
        """A store without a proxy."""
        return open_store(location, self.options)

    @property
    def options(self) -> StoreOptions:
        """How stores are opened without a proxy."""
        return StoreOptions(s3=S3Options(endpoint=self.server.endpoint, region="us-east-1"))


@pytest.fixture(scope="module")
def filled(server: Server, variables: None) -> Store:
    """The source, with images under plain and awkward names, some of them bad."""
    del variables
    options = StoreOptions(s3=S3Options(endpoint=server.endpoint, region="us-east-1"))
    source = open_store(SOURCE, options)
    names = [f"roll {i % 3}/{i:03}.jpg" for i in range(IMAGES - len(AWKWARD) - 2)]
    for seed, name in enumerate((*AWKWARD, *names)):
        source.put(name, picture(seed))
    source.put("bad/empty.jpg", b"")
    source.put("bad/text.jpg", b"no image")
    return source


@pytest.fixture
def doors(server: Server, filled: Store, root: Path, tmp_path: Path) -> Doors:
    """The command line before SeaweedFS."""
    del filled
    return Doors(Cli(tmp_path, root / "src"), server)


@pytest.fixture(scope="module")
def undisturbed(
    server: Server, filled: Store, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """What a run leaves that nothing comes between."""
    del filled
    doors = Doors(Cli(tmp_path_factory.mktemp("quiet"), root / "src"), server)
    done = doors.call(server, "run", SOURCE, f"s3://{BUCKET}/quiet")
    assert done.returncode == 1, done.stderr
    return doors.state(f"s3://{BUCKET}/quiet")


def assert_same(found: dict[str, bytes], expected: dict[str, bytes]) -> None:
    """Nothing lost, nothing doubled, and each byte the same."""
    assert found.keys() == expected.keys()
    assert [name for name, data in expected.items() if found[name] != data] == []


@pytest.mark.slow
@pytest.mark.timeout(120 + 120 * ROUNDS)
def test_a_disturbed_run_ends_like_an_undisturbed_one(
    proxy: Proxy, doors: Doors, undisturbed: dict[str, bytes]
):
    """And its summary counts what was tried again."""
    for seed in range(SEED, SEED + ROUNDS):
        out = f"s3://{BUCKET}/run-{seed}"
        proxy.misfortune = Misfortune(share=SHARE, seed=seed)
        done = doors.call(proxy.server, "run", SOURCE, out, "--json")
        assert done.returncode == 1, done.stderr  # the bad images
        summary = json.loads(done.stdout)
        # Of an image whose claim was beaten only the page is new when it is settled again.
        assert summary["labelled"] + summary["redrawn"] == IMAGES - 2, summary
        assert summary["failed"] == 2
        struck = proxy.misfortune.count
        repeated = struck.total() - struck[Mishap.SLOW] - struck[Mishap.BEATEN]
        assert struck.total() > IMAGES
        assert 0.8 * repeated < summary["stores"]["retries"] <= struck.total() + 10
        assert 0 < summary["stores"]["throttled"] <= struck[Mishap.BUSY]
        assert "requests to stores were tried again" in done.stderr
        assert_same(doors.state(out), undisturbed)


@pytest.mark.slow
@pytest.mark.timeout(120 + 60 * ROUNDS)
def test_a_disturbed_reconcile_repairs_all(
    proxy: Proxy, doors: Doors, undisturbed: dict[str, bytes]
):
    """Records that are gone or spoilt, files that are missing, images that are no longer there."""
    out = f"s3://{BUCKET}/repaired"
    source = doors.store(SOURCE)
    source.put("gone.jpg", picture(999))
    assert doors.call(doors.server, "run", SOURCE, out).returncode == 1
    source.delete("gone.jpg")
    for seed in range(SEED, SEED + ROUNDS):
        records = doors.store(f"{out}/metadata")
        names = sorted(info.key for info in records.list())
        for name in names[::5]:
            records.delete(name)
        for name in names[1::5]:
            records.put(name, b"{}")
        site = doors.store(f"{out}/site")
        for info in list(site.list("previews/roll 2/")) + list(site.list("images/roll 1/")):
            site.delete(info.key)
        proxy.misfortune = Misfortune(share=SHARE, seed=seed)
        done = doors.call(proxy.server, "reconcile", SOURCE, out)
        assert done.returncode == 1, done.stderr
        assert proxy.misfortune.count
        assert_same(doors.state(out), undisturbed)


@pytest.mark.slow
def test_what_outlasts_all_tries_is_told_and_healed_by_the_next_run(
    proxy: Proxy, doors: Doors, undisturbed: dict[str, bytes]
):
    """Images that can't be read and records that can't be put, while all others can."""
    out = f"s3://{BUCKET}/outage"
    proxy.misfortune = Misfortune(
        share=1.0,
        only=frozenset({Mishap.BUSY, Mishap.RESET, Mishap.LOST}),
        where=lambda request: (
            ("/in/roll%200/" in request.path and request.method == "GET")
            or ("/metadata/roll%201/" in request.path and request.method == "PUT")
        ),
    )
    done = doors.call(proxy.server, "run", SOURCE, out, "--json", BUCKETLENS_STORE_ATTEMPTS="2")
    assert done.returncode == 75, done.stderr
    summary = json.loads(done.stdout)
    assert summary["errors"]["transient"] >= IMAGES // 4
    assert summary["stores"]["given_up"] >= summary["errors"]["transient"]
    assert re.search(r"roll 0/0\d\d.jpg.*transient: ", done.stderr)
    proxy.misfortune = Misfortune()
    again = doors.call(proxy.server, "run", SOURCE, out, "--json")
    assert again.returncode == 1, again.stderr
    assert_same(doors.state(out), undisturbed)


def test_a_listing_that_fails_takes_nothing_away(
    proxy: Proxy, doors: Doors, undisturbed: dict[str, bytes]
):
    """What could not be listed is not gone: the status says that it may work later."""
    out = f"s3://{BUCKET}/unlisted"
    assert doors.call(doors.server, "run", SOURCE, out).returncode == 1
    proxy.misfortune = Misfortune(
        share=1.0,
        only=frozenset({Mishap.SHORT, Mishap.BROKEN}),
        where=lambda request: "list-type=2" in request.path and "prefix=in" in request.path,
    )
    done = doors.call(
        proxy.server, "run", SOURCE, out, "--allow-deletes", BUCKETLENS_STORE_ATTEMPTS="2"
    )
    assert done.returncode == 75, done.stderr
    assert_same(doors.state(out), undisturbed)


def test_a_clock_that_is_wrong_is_the_operators_to_set(proxy: Proxy, doors: Doors):
    """At once, by name, and with nothing done."""
    proxy.misfortune = Misfortune(share=1.0, only=frozenset({Mishap.SKEWED}))
    out = f"s3://{BUCKET}/skewed"
    done = doors.call(proxy.server, "run", SOURCE, out)
    assert done.returncode == 2, done.stderr
    assert "clock" in done.stderr
    assert list(doors.store(out).list()) == []


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system tells no peak")
def test_memory_does_not_grow_with_what_waits_for_a_store(proxy: Proxy, doors: Doors):
    """A hundred megabytes of images, read faster than a slow store takes the outputs."""
    source = doors.store(f"s3://{BUCKET}/large")
    for seed in range(50):
        source.put(f"{seed}.jpg", picture(seed) + bytes(2_000_000))  # decoders stop at the end
    peaks = []
    for name, share in (("quick", 0.0), ("slow", 0.5)):
        proxy.misfortune = Misfortune(share=share, only=frozenset({Mishap.SLOW, Mishap.BUSY}))
        process = doors.start(proxy.server, "run", f"s3://{BUCKET}/large", f"s3://{BUCKET}/{name}")
        peak, errors = peak_of(process)
        assert process.returncode == 0, errors
        peaks.append(peak)
    assert peaks[1] < peaks[0] + 50


def peak_of(process: subprocess.Popen[bytes]) -> tuple[float, str]:
    """The most memory that a process held until its end, in megabytes, and what it complained."""
    status, peak = Path(f"/proc/{process.pid}/status"), 0.0
    while process.poll() is None:
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        peak = max(peak, int(found[1]) / 1000) if found else peak
        time.sleep(0.02)
    return peak, process.communicate()[1].decode()
