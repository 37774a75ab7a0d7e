"""Amazon Rekognition's DetectLabels: what is asked, what comes back, and what can go wrong.

boto3 is imported with the first connection and by nothing else.
"""

from bucketlens.models.rekognition.calling import (
    API_VERSION,
    REKOGNITION,
    DetectLabels,
    DetectLabelsRequest,
    S3Image,
    connect,
)
from bucketlens.models.rekognition.refusals import (
    LostAnswerError,
    RefusedImageError,
    ThrottledError,
    UnreadableObjectError,
)
from bucketlens.models.rekognition.replies import parse_reply

__all__ = [
    "API_VERSION",
    "REKOGNITION",
    "DetectLabels",
    "DetectLabelsRequest",
    "LostAnswerError",
    "RefusedImageError",
    "S3Image",
    "ThrottledError",
    "UnreadableObjectError",
    "connect",
    "parse_reply",
]
