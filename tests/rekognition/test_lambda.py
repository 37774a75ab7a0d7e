"""Lambda with Rekognition: the same records, and nothing stays set aside between calls."""

from __future__ import annotations

import json
import logging
from itertools import count
from typing import TYPE_CHECKING

import pytest
from tests.aws.invoking import FakeContext, build, returned, s3_record, sqs
from tests.laboratory import photo

from bucketlens.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.rekognition.double import Double

_names = count()


@pytest.fixture(autouse=True)
def _own_log(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Powertools, or a loud word that it is missing; and a log that is left as it was."""
    del capsys
    pytest.importorskip(
        "aws_lambda_powertools", reason="NOT TESTED: aws-lambda-powertools is not installed"
    )
    yield
    logger = logging.getLogger("bucketlens")
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    for mark in ("init", "powertools_handler"):
        logger.__dict__.pop(mark, None)


def test_a_function_gives_back_what_it_did_not_spend(double: Double):
    """After a call the ledger has what the call cost; at the limit its messages come again."""
    name = f"photos{next(_names)}"
    source, private = open_store(f"memory://{name}"), open_store(f"memory://{name}-out")
    function = build(
        {
            "BUCKETLENS_SOURCE": f"memory://{name}",
            "BUCKETLENS_OUT": f"memory://{name}-out",
            "BUCKETLENS_CLASSIFIER": "rekognition",
            "BUCKETLENS_REKOGNITION_RATE": "1000",
            "BUCKETLENS_REKOGNITION_MONTHLY_LIMIT": "0.0035",
        }
    )
    calls = []
    for i in range(3):
        source.put(f"{i}.jpg", photo((80 * i, 20, 20), (320, 240)))
        answer = function(sqs({"Records": [s3_record(name, f"{i}.jpg")]}), FakeContext())
        assert returned(answer) == ([] if i < 2 else ["m0"])
        (info,) = [info for info in private.list("state/") if "spend" in info.key]
        calls.append(json.loads(private.get(info.key).data)["calls"])
    assert calls == [1, 2, 2]
    assert len(double.requests) == 2
    record = json.loads(private.get("metadata/0.jpg.json").data)
    assert record["Labels"][0]["Name"] == "Dog"
    assert record["models"][0]["kind"] == "service"
