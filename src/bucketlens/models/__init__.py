"""The models: folders with a card, and how they run on pixels.

A model is found by name or path (`find_model_folder`), read and checked (`load_model_folder`) and
opened as a `Classifier` or a `Detector`. ONNX Runtime is imported only when one is opened.
"""

from bucketlens.models.boxes import Detections
from bucketlens.models.card import (
    CalibrationReport,
    ClassifierCard,
    ClassifierDecoding,
    DetectorCard,
    DetectorDecoding,
    Grid,
    InputSpec,
    Measurement,
    ModelCard,
    SourcePackage,
)
from bucketlens.models.classifier import Classifier, ClassifierOutput
from bucketlens.models.detector import Detector
from bucketlens.models.folder import (
    ModelFolder,
    find_model_folder,
    load_model_folder,
    packaged_names,
)

__all__ = [
    "CalibrationReport",
    "Classifier",
    "ClassifierCard",
    "ClassifierDecoding",
    "ClassifierOutput",
    "Detections",
    "Detector",
    "DetectorCard",
    "DetectorDecoding",
    "Grid",
    "InputSpec",
    "Measurement",
    "ModelCard",
    "ModelFolder",
    "SourcePackage",
    "find_model_folder",
    "load_model_folder",
    "packaged_names",
]
