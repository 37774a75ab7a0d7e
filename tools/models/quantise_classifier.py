"""Quantise EfficientNet-Lite2.

Usage: quantise_classifier.py WORK_FOLDER    (writes WORK_FOLDER/efficientnet-lite2.onnx)
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from photos import centre_crop, photos
from quantise import ByteInput, quantise

Array = npt.NDArray[np.floating]

# (byte - 127) / 128 is how the network was trained, and it is a grid of 8 bits already.
GIVEN = ByteInput(step=1 / 128, zero=127, side=260)
# None of them is a photo that accuracy is measured on.
CALIBRATION_SETS = ("coco_val2017", "voc2012_100", "named_photos")


def harm(exact: list[Array], made: list[Array]) -> float:
    """Return the squared error of the logits that matter, those of the 20 surest classes."""
    wanted, got = exact[0][0], made[0][0]
    surest = np.argsort(-wanted)[:20]
    return float(np.mean(np.square(wanted[surest] - got[surest])))


def main(work: Path) -> None:
    """Quantise and write."""
    pictures = [
        centre_crop(photo.pixels(), GIVEN.side, None)
        for name in CALIBRATION_SETS
        for photo in photos(name)
    ]
    model = onnx.load(work / "efficientnet-lite2.float.onnx")
    # The outputs stay float: 256 levels of a logit would be steps of 3 points of confidence.
    outputs = ["logits", "embedding"]
    made = quantise(model, pictures, GIVEN, harm=harm, float_outputs=outputs)
    onnx.save(made, work / "efficientnet-lite2.onnx")
    print(f"quantised with {len(pictures)} photos: {made.ByteSize():,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
