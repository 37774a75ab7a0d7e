"""The server that one writes by hand: Starlette, Pillow, PyTorch with the same weights.

    python bench/torch_server.py PORT THREADS

It takes the bytes of an image and answers with its five likeliest classes, one image at a time, in
a thread beside the event loop as such servers do. It has no detector, no taxonomy and no limits.
"""

from __future__ import annotations

import io
import sys

import torch
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.routing import Route

from tutorial import network, prepare

MODEL = network()


def likeliest(data: bytes) -> list[list[float]]:
    """Numbers and probabilities of five classes."""
    with torch.no_grad():
        found = MODEL(prepare(io.BytesIO(data))[None]).softmax(dim=1)[0].topk(5)
    return [[int(i), float(p)] for i, p in zip(found.indices, found.values, strict=True)]


async def classify(request) -> JSONResponse:  # noqa: ANN001
    """The endpoint."""
    return JSONResponse(await run_in_threadpool(likeliest, await request.body()))


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[2]))
    app = Starlette(routes=[Route("/", classify, methods=["POST"])])
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
