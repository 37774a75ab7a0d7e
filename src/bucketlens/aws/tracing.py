"""Stages of a call as subsegments of AWS X-Ray, where the call is traced at all.

The daemon beside the function takes them as small JSON documents by UDP, so no library is needed
and nothing is waited for. Powertools would bring X-Ray's own SDK along, which wraps boto3 and
costs more of the start than both models.
"""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

DAEMON_VARIABLE = "AWS_XRAY_DAEMON_ADDRESS"
TRACE_VARIABLE = "_X_AMZN_TRACE_ID"
"""Set anew for each call by the runtime's client."""

HEADER = b'{"format": "json", "version": 1}\n'


class Trace(NamedTuple):
    """The trace that a call belongs to, and the segment of the call."""

    root: str
    parent: str


class Tracer:
    """Sends stages to the daemon.

    Args:
        environ: Environment variables, as they are at the time of each call.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Know where the daemon is, where there is one."""
        self._environ = environ
        self._address = _address(environ.get(DAEMON_VARIABLE, ""))
        self._trace: Trace | None = None

    def begin(self) -> None:
        """A call begins; whether it is traced, the service has decided."""
        self._trace = _trace(self._environ.get(TRACE_VARIABLE, "")) if self._address else None

    def stage(self, name: str, began: float, ended: float) -> None:
        """Tell of a stage; what is lost on the way is lost.

        Args:
            name: Of the stage.
            began: Seconds since the epoch.
            ended: Likewise.
        """
        trace = self._trace
        if trace is None or self._address is None:
            return
        document = {
            "type": "subsegment",
            "name": name,
            "id": os.urandom(8).hex(),
            "trace_id": trace.root,
            "parent_id": trace.parent,
            "start_time": began,
            "end_time": ended,
        }
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
                sending.sendto(HEADER + json.dumps(document).encode(), self._address)
        except OSError:
            self._trace = None  # a trace is never worth an image


def _address(variable: str) -> tuple[str, int] | None:
    """Host and port from ``host:port``, or from ``tcp:host:port udp:host:port``."""
    parts = variable.split()
    chosen = next((part for part in parts if part.startswith("udp:")), parts[0] if parts else "")
    host, _, port = chosen.removeprefix("udp:").rpartition(":")
    return (host, int(port)) if host and port.isdecimal() else None


def _trace(header: str) -> Trace | None:
    """The trace that ``Root=…;Parent=…;Sampled=1`` speaks of; None where it is not sampled."""
    fields = dict(part.strip().split("=", 1) for part in header.split(";") if "=" in part)
    root, parent = fields.get("Root"), fields.get("Parent")
    if fields.get("Sampled") != "1" or not root or not parent:
        return None
    return Trace(root, parent)
