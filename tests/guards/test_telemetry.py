"""What looks at private photos tells nobody and leaves nothing behind in the user's home."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_labelling_writes_nothing_into_the_home_of_the_user(tmp_path: Path):
    """The runtime of the models is told to keep no identifier and no queue of events."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ORT_", "XDG_", "BUCKETLENS_"))
    }
    environment |= {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "src")}
    subprocess.run(
        [sys.executable, "-m", "bucketlens", "label", str(ROOT / "examples/photos/zebra.jpg")],
        env=environment,
        check=True,
        capture_output=True,
    )
    assert list(tmp_path.rglob("*")) == []
