"""Write a model folder: model, labels, and the card with the digests of both."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING

import msgspec

from bucketlens.models import load_model_folder
from bucketlens.models.card import format_card

if TYPE_CHECKING:
    from pathlib import Path

    from bucketlens.models import ModelCard


def write_folder(target: Path, card: ModelCard, model: Path, labels: list[str]) -> None:
    """Write the folder, with the digests that the files have put into the card."""
    target.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(model, target / "model.onnx")
    text = json.dumps(labels, indent=0, ensure_ascii=False) + "\n"
    (target / "labels.json").write_text(text, encoding="utf-8")
    card = msgspec.structs.replace(
        card,
        model_sha256=_digest(target / "model.onnx"),
        labels_sha256=_digest(target / "labels.json"),
    )
    (target / "card.json").write_bytes(format_card(card))
    load_model_folder(target)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
