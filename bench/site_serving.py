"""A server of a synthetic collection: its site and its search, and nothing that watches or labels.

    python bench/site_serving.py OUT

The routes are those of ``bucketlens serve``; a whole server would remove images that no source has.
Prints its URL when all is loaded, with the seconds that loading took and the memory after it.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import psutil
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from bucketlens.catalog import Catalog
from bucketlens.server.files import SiteFiles
from bucketlens.server.listening import listen, url_of
from bucketlens.server.scripting import script, script_endpoint
from bucketlens.server.searching import FreshSearch, SearchEndpoints
from bucketlens.stores import open_store


def main() -> None:
    """Load, tell where, and answer until killed."""
    out = Path(sys.argv[1])
    catalog = Catalog(open_store(str(out)), open_store(str(out / "metadata")), clock=time.time)
    search = FreshSearch(catalog)
    began = time.perf_counter()
    search.searcher.refresh()
    loaded = time.perf_counter() - began
    endpoints = SearchEndpoints(search.searcher)
    files = SiteFiles(open_store(str(out / "site")), script().name, [])
    app = Starlette(
        routes=[
            Route("/v1/images", endpoints.images),
            Route("/v1/facets", endpoints.facets),
            Route("/v1/complete", endpoints.complete),
            Route("/v1/changes", endpoints.changes),
            Route(f"/{script().name}", script_endpoint),
            Route("/{name:path}", files.get),
        ]
    )
    listening = listen("127.0.0.1", 0)
    search.start()
    memory = psutil.Process().memory_info().rss / 1e6
    told = {"url": url_of(listening, tls=False), "loaded": loaded, "memory_mb": memory}
    print(json.dumps(told), flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    main()
