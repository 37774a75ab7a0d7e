"""Run bucketlens beside a cluster that a deployment package of Dask has made."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

TLS = "DASK_DISTRIBUTED__COMM__"
VARIABLES = {"ca_file": "TLS__CA_FILE", "cert": "TLS__CLIENT__CERT", "key": "TLS__CLIENT__KEY"}


def run_beside(cluster: Any, arguments: Sequence[str]) -> int:  # noqa: ANN401 - of any package
    """Run it on the cluster; the exit status.

    The certificates of a cluster that has some of its own are handed over as files that only this
    user can read, for as long as the run lasts.
    """
    command = [sys.executable, "-m", "bucketlens", "run", *arguments, "--engine", "dask"]
    environment = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        if cluster.security.require_encryption:
            environment[f"{TLS}REQUIRE_ENCRYPTION"] = "true"
            for name, text in cluster.security.get_tls_config_for_role("client").items():
                if name in VARIABLES and text:
                    # Certificates made for one cluster are texts, others are files already.
                    path = Path(folder, name) if "\n" in text else Path(text)
                    if "\n" in text:
                        path.write_text(text)
                    environment[TLS + VARIABLES[name]] = str(path)
        called = [*command, "--scheduler", cluster.scheduler_address]
        return subprocess.run(called, env=environment, check=False).returncode
