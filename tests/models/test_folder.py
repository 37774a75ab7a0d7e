"""Model folders, found and refused."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bucketlens.errors import ConfigError
from bucketlens.models import (
    Classifier,
    Detector,
    DetectorDecoding,
    find_model_folder,
    load_model_folder,
    packaged_names,
)
from bucketlens.models.card import format_card, parse_card
from bucketlens.models.session import require_provider


def change_card(folder: Path, **changes: Any) -> None:  # noqa: ANN401 - fields of any type
    """Write other values into the card of a folder, digests included if labels changed."""
    card = parse_card((folder / "card.json").read_bytes())
    (folder / "card.json").write_bytes(format_card(msgspec.structs.replace(card, **changes)))


def change_input(folder: Path, **changes: Any) -> None:  # noqa: ANN401
    """Write other values into the input of a card."""
    card = parse_card((folder / "card.json").read_bytes())
    change_card(folder, input=msgspec.structs.replace(card.input, **changes))


def test_both_packaged_models_are_there():
    """A fresh installation has a classifier and a detector."""
    assert packaged_names() == ("efficientnet-lite2", "nanodet-g")


@pytest.mark.parametrize("name", packaged_names())
def test_packaged_files_are_those_of_their_cards(name: str):
    """Loading checks both digests and the number of labels."""
    folder = load_model_folder(find_model_folder(name))
    assert folder.card.name == name
    assert len(set(folder.labels)) == folder.card.label_count


def test_packaged_labels_are_source_ids():
    """Labels name what the taxonomy knows: WordNet ids and COCO classes."""
    classifier = load_model_folder(find_model_folder("efficientnet-lite2"))
    detector = load_model_folder(find_model_folder("nanodet-g"))
    assert classifier.labels[:2] == ("n01440764", "n01443537")
    assert (detector.labels[0], detector.labels[79]) == ("coco:person", "coco:toothbrush")


def test_packaged_models_are_small():
    """Both together stay within the 20 MB that the package may carry."""
    sizes = [len(load_model_folder(find_model_folder(name)).model) for name in packaged_names()]
    assert sum(sizes) < 20_000_000


def test_quantised_models_are_as_good_as_their_float_networks():
    """No card tells of more than half a point that quantisation cost."""
    for name in packaged_names():
        measured = load_model_folder(find_model_folder(name)).card.measured
        headline = [one for one in measured if one.metric in {"top1", "AP"}]
        assert headline
        for one in headline:
            assert one.float_value is not None
            assert one.value >= one.float_value - 0.005, (name, one)


def test_an_unknown_name_is_refused_with_the_names_that_there_are():
    """The message lists the packaged models."""
    with pytest.raises(ConfigError, match=r"efficientnet-lite2, nanodet-g"):
        find_model_folder("resnet")


def test_a_folder_is_found_by_its_path(tiny: Path):
    """A user's own model is named by where it is."""
    assert find_model_folder(str(tiny)) == tiny


@pytest.mark.parametrize("name", ["model.onnx", "labels.json"])
def test_a_changed_file_is_refused(tiny: Path, name: str):
    """A file that is not the one of the card is named, with what to do."""
    with (tiny / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(ConfigError, match=rf"{name} is not the file .* Copy the folder again"):
        load_model_folder(tiny)


@pytest.mark.parametrize("name", ["model.onnx", "labels.json", "card.json"])
def test_a_missing_file_is_refused(tiny: Path, name: str):
    """The message names the file and what a folder must hold."""
    (tiny / name).unlink()
    with pytest.raises(ConfigError, match=rf"{name} can't be read: No such file"):
        load_model_folder(tiny)


def test_another_number_of_labels_is_refused(tiny: Path):
    """Labels of another model would give every score a wrong name."""
    change_card(tiny, label_count=4)
    with pytest.raises(ConfigError, match=r"holds 3 labels, but card.json beside it says 4"):
        load_model_folder(tiny)


def test_labels_that_are_no_array_are_refused(tiny: Path):
    """A file of another form is told apart from one with another digest."""
    text = b'{"0": "blue"}'
    (tiny / "labels.json").write_bytes(text)
    change_card(tiny, labels_sha256=hashlib.sha256(text).hexdigest())
    with pytest.raises(ConfigError, match=r"labels.json is not a JSON array of texts"):
        load_model_folder(tiny)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b'"width": 4', b'"width": "4"', r"Expected `int`, got `str` - at `\$.input.width`"),
        (b'"layout"', b'"lay_out"', r"unknown field `lay_out`"),
        (b'"kind": "classifier"', b'"kind": "oracle"', r"Invalid value 'oracle'"),
        (b"255.0", b"0.0", r"std must be above 0"),
        (b"{", b"", r"Expected `object`, got `str`"),
    ],
)
def test_a_card_that_is_not_valid_is_refused(tiny: Path, old: bytes, new: bytes, why: str):
    """The message says which field is wrong and why."""
    card = tiny / "card.json"
    card.write_bytes(card.read_bytes().replace(old, new, 1))
    with pytest.raises(ConfigError, match=why):
        load_model_folder(tiny)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"width": 5}, r"\['n', 3, 2, 4\], but card.json describes float32 of shape"),
        ({"layout": "nhwc"}, r"describes float32 of shape \['n', 2, 4, 3\]"),
        ({"dtype": "uint8"}, r"is tensor\(float\) of shape .* describes uint8"),
        ({"name": "images"}, r"takes planes, but card.json names the input images"),
    ],
)
def test_a_graph_with_another_input_is_refused(tiny: Path, changes: dict[str, Any], why: str):
    """What the card says of the input is compared with the graph itself."""
    change_input(tiny, **changes)
    with pytest.raises(ConfigError, match=why):
        Classifier(load_model_folder(tiny))


def test_a_graph_with_other_outputs_is_refused(tiny: Path):
    """An output that is not there is named beside those that are."""
    card = parse_card((tiny / "card.json").read_bytes())
    change_card(tiny, decoding=msgspec.structs.replace(card.decoding, scores="logits"))
    with pytest.raises(ConfigError, match=r"has no output logits; it has shares"):
        Classifier(load_model_folder(tiny))


def test_a_graph_with_another_number_of_scores_is_refused(tiny: Path):
    """Labels that agree with the card but not with the graph are caught too."""
    text = b'["blue", "green"]'
    (tiny / "labels.json").write_bytes(text)
    change_card(tiny, label_count=2, labels_sha256=hashlib.sha256(text).hexdigest())
    with pytest.raises(ConfigError, match=r"output shares has 3 values where 2 are needed"):
        Classifier(load_model_folder(tiny))


def test_maps_of_bytes_need_their_grids_in_the_card(tmp_path: Path):
    """A card without them would take bytes for planes of floats; the message names the field."""
    detector = Path(shutil.copytree(find_model_folder("nanodet-g"), tmp_path / "detector"))
    card = parse_card((detector / "card.json").read_bytes())
    change_card(detector, decoding=msgspec.structs.replace(card.decoding, grids=msgspec.UNSET))
    with pytest.raises(ConfigError, match=r"stride_8 is tensor\(uint8\).* Add decoding\.grids"):
        Detector(load_model_folder(detector))


def test_a_card_without_grids_is_written_without_them():
    """Cards of detectors with float maps stay as they were, and so do their fingerprints."""
    decoding = DetectorDecoding(maps=("fine",), strides=(8,), bins=4)
    assert b"grids" not in msgspec.json.encode(decoding)


def test_a_file_that_is_no_model_is_refused(tiny: Path):
    """The runtime's own complaint is passed on in a sentence."""
    (tiny / "model.onnx").write_bytes(b"not a model")
    change_card(tiny, model_sha256=hashlib.sha256(b"not a model").hexdigest())
    with pytest.raises(ConfigError, match=r"can't be opened by ONNX Runtime"):
        Classifier(load_model_folder(tiny))


def test_a_model_of_the_other_kind_is_refused(tiny: Path):
    """A classifier where a detector is needed names the setting to change."""
    with pytest.raises(ConfigError, match="holds a classifier") as caught:
        Detector(load_model_folder(tiny))
    assert caught.value.setting == "detector"
    with pytest.raises(ConfigError, match="holds a detector") as caught:
        Classifier(load_model_folder(find_model_folder("nanodet-g")))
    assert caught.value.setting == "classifier"


def test_a_missing_provider_is_refused_with_those_present():
    """Asking for CUDA where there is none never falls back in silence."""
    with pytest.raises(ConfigError, match=r"present: CPUExecutionProvider\. Set .* cpu") as caught:
        require_provider("cuda", ["CPUExecutionProvider"])
    assert caught.value.setting == "provider"


def test_a_present_provider_is_accepted():
    """The check itself opens nothing."""
    require_provider("cuda", ["CUDAExecutionProvider", "CPUExecutionProvider"])
