"""What a measurement was made on and with."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import platform
from pathlib import Path

LIBRARIES = ("bucketlens", "onnxruntime", "simplejpeg", "pillow", "numpy", "torch")
RIVALS = ("opencv-python-headless",)


def describe_machine() -> str:
    """Date, processor, cores, load and versions, in two sentences."""
    versions = [f"{name} {_version(name)}" for name in (*LIBRARIES, *RIVALS) if _version(name)]
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return (
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, {_processor()}, {available_cores()} cores"
        f" (load of the last minute {load:.1f}), {platform.system()}, Python"
        f" {platform.python_version()}, {', '.join(versions)}."
    )


def available_cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    facts = {name.strip(): value.strip() for name, value in facts.items()}
    family = f" (family {facts['cpu family']})" if "cpu family" in facts else ""
    return facts.get("model name", platform.machine()) + family


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
