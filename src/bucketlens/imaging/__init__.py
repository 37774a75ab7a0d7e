"""Images: bytes to upright pixels, pixels to what the models, the pages and the record need."""

from bucketlens.imaging.decode import decode
from bucketlens.imaging.encode import encode_jpeg, preview, thumbnail
from bucketlens.imaging.limits import Cover, Limits
from bucketlens.imaging.resize import model_input, resize

__all__ = [
    "Cover",
    "Limits",
    "decode",
    "encode_jpeg",
    "model_input",
    "preview",
    "resize",
    "thumbnail",
]
