"""Images: bytes to upright pixels, pixels to what the models, the pages and the record need."""

from bucketlens.imaging.decode import decode
from bucketlens.imaging.encode import (
    SMALL,
    encode_jpeg,
    fit,
    preview,
    small_copy,
    thumbnail,
    with_small,
)
from bucketlens.imaging.limits import Cover, Limits
from bucketlens.imaging.properties import picture_tones, region_colors
from bucketlens.imaging.resize import model_input, resize
from bucketlens.imaging.sizes import PictureSize, picture_size

__all__ = [
    "SMALL",
    "Cover",
    "Limits",
    "PictureSize",
    "decode",
    "encode_jpeg",
    "fit",
    "model_input",
    "picture_size",
    "picture_tones",
    "preview",
    "region_colors",
    "resize",
    "small_copy",
    "thumbnail",
    "with_small",
]
