"""Model folders: found by name or path, and refused unless all their parts belong together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bucketlens.errors import ConfigError
from bucketlens.models.card import ModelCard, parse_card

MODEL_FILE, LABELS_FILE, CARD_FILE = "model.onnx", "labels.json", "card.json"
PACKAGED = Path(__file__).parent / "packaged"


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model whose files were checked against its card.

    Attributes:
        path: The folder.
        card: What it says of itself.
        labels: The source id of each output, such as `n01440764` or `coco:person`.
        model: The ONNX file.
    """

    path: Path
    card: ModelCard
    labels: tuple[str, ...]
    model: bytes


def packaged_names() -> tuple[str, ...]:
    """Return the names of the models that come with bucketlens."""
    return tuple(sorted(card.parent.name for card in PACKAGED.glob(f"*/{CARD_FILE}")))


def find_model_folder(name_or_path: str) -> Path:
    """Return the folder of a packaged model, or the folder that the path leads to.

    Raises:
        ConfigError: it is neither.
    """
    if name_or_path in packaged_names():
        return PACKAGED / name_or_path
    path = Path(name_or_path).expanduser()
    if (path / CARD_FILE).is_file():
        return path
    raise ConfigError(
        f"{name_or_path!r} is no model: it is neither a packaged one "
        f"({', '.join(packaged_names())}) nor a folder that holds {CARD_FILE}. Name one of the "
        f"packaged models, or a folder with {MODEL_FILE}, {LABELS_FILE} and {CARD_FILE}"
    )


def load_model_folder(path: Path) -> ModelFolder:
    """Read a model folder and check that its files are those that the card describes.

    Raises:
        ConfigError: a file is missing or differs from the card, the card is not valid, or the
            labels are not as many as it says. The shape of the input is checked when the model
            is opened (`bucketlens.models.session`).
    """
    card_path, labels_path = path / CARD_FILE, path / LABELS_FILE
    try:
        card = parse_card(_read(card_path))
    except (msgspec.ValidationError, msgspec.DecodeError) as exc:
        raise ConfigError(
            f"{card_path} is not a valid model card: {exc}. Correct the card; docs/models.md "
            "lists its fields"
        ) from exc
    model = _checked(path / MODEL_FILE, card.model_sha256)
    labels = _labels(labels_path, _checked(labels_path, card.labels_sha256))
    if len(labels) != card.label_count:
        raise ConfigError(
            f"{labels_path} holds {len(labels)} labels, but {CARD_FILE} beside it says "
            f"{card.label_count}: one of them belongs to another model. Put the right file there"
        )
    return ModelFolder(path=path, card=card, labels=labels, model=model)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise ConfigError(
            f"{path} can't be read: {exc.strerror}. A model folder holds {MODEL_FILE}, "
            f"{LABELS_FILE} and {CARD_FILE}"
        ) from exc


def _checked(path: Path, wanted: str) -> bytes:
    data = _read(path)
    digest = hashlib.sha256(data).hexdigest()
    if digest != wanted:
        raise ConfigError(
            f"{path} is not the file that {CARD_FILE} beside it describes: its sha256 is "
            f"{digest}, not {wanted}. Copy the folder again, or, if you changed the file "
            "yourself, put its new sha256 and a new version into the card"
        )
    return data


def _labels(path: Path, text: bytes) -> tuple[str, ...]:
    try:
        return msgspec.json.decode(text, type=tuple[str, ...])
    except (msgspec.ValidationError, msgspec.DecodeError) as exc:
        raise ConfigError(
            f"{path} is not a JSON array of texts: {exc}. It needs one label for each output of "
            "the model, in their order"
        ) from exc
