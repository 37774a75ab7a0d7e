"""A site opened in Chromium, from a folder or a plain file server, with its scripts alone."""

from __future__ import annotations

import functools
import http.server
import re
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import bucketlens.site

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPTS = Path(bucketlens.site.__file__).parent / "static" / "js"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'"
)
PAGE = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Index</title>
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<script src="script.js" defer></script></head><body></body></html>
"""
_MODULE_LINE = re.compile(r"^import .*\n|^export (?=async|function|class|const)", re.MULTILINE)


def joined_scripts(*names: str) -> str:
    """Modules as one script, whose functions the test may call."""
    texts = [_MODULE_LINE.sub("", (SCRIPTS / name).read_text("utf-8")) for name in names]
    return "".join(texts) + "globalThis.openIndex = openIndex;\n"


def write_page(root: Path, script: str) -> Path:
    """A page that does nothing but load the script."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "script.js").write_text(script, "utf-8")
    (root / "page.html").write_text(PAGE, "utf-8")
    return root / "page.html"


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(root: Path) -> Iterator[str]:
    """The folder's URL on a server of the standard library."""
    handler = functools.partial(_Handler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
