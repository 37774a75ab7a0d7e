"""ONNX Runtime sessions, and the check that a graph is the one that its card describes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from bucketlens.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    import onnxruntime

    from bucketlens.models.card import InputSpec
    from bucketlens.models.folder import ModelFolder

Provider = Literal["cpu", "cuda"]

# Operators that CUDA lacks run on the processor, so that one stands behind the other.
PROVIDERS: dict[Provider, tuple[str, ...]] = {
    "cpu": ("CPUExecutionProvider",),
    "cuda": ("CUDAExecutionProvider", "CPUExecutionProvider"),
}
ELEMENT_TYPES = {"uint8": "tensor(uint8)", "float32": "tensor(float)"}
ERRORS_ONLY = 3


def open_session(
    folder: ModelFolder, *, provider: Provider = "cpu", threads: int = 1
) -> onnxruntime.InferenceSession:
    """Return a session for the folder's model, which may be run from several threads at once.

    Args:
        folder: The model.
        provider: What computes.
        threads: Threads that share the work of one run. One is best where several images are
            worked on at once anyway.

    Raises:
        ConfigError: the provider is not there, the file is no ONNX model that this runtime
            reads, or its input is not what the card says.
    """
    onnxruntime = _quiet_runtime()
    require_provider(provider, onnxruntime.get_available_providers())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    # Threads that spin while they wait take the processor from the rest of the pipeline.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(folder.model, options, list(PROVIDERS[provider]))
    except Exception as exc:  # the runtime's own error types are not public
        raise ConfigError(
            f"{folder.path / 'model.onnx'} can't be opened by ONNX Runtime "
            f"{onnxruntime.__version__}: {exc}. Export the model again for a runtime of this "
            "version"
        ) from exc
    _check_input(folder, session)
    return session


def _quiet_runtime() -> ModuleType:
    """ONNX Runtime, imported late (it is heavy) and told first to report nothing to its maker.

    Its wheels keep an identifier of the machine in the user's cache and send events with it unless
    this variable stands in the environment before the import; a labeler of private photos must not.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime  # noqa: PLC0415

    onnxruntime.disable_telemetry_events()
    runtime: ModuleType = onnxruntime
    return runtime


def require_provider(provider: Provider, present: Sequence[str]) -> None:
    """Check that the runtime has what was asked for.

    Raises:
        ConfigError: it has not; the message lists what it has.
    """
    if PROVIDERS[provider][0] in present:
        return
    usable = [name for name, needed in PROVIDERS.items() if needed[0] in present]
    raise ConfigError(
        f"provider {provider!r} needs {PROVIDERS[provider][0]}, which this ONNX Runtime does not "
        f"have; present: {', '.join(present)}. Set provider to one of {', '.join(usable)}, or "
        "install the build of onnxruntime that has it",
        setting="provider",
    )


def require_outputs(
    folder: ModelFolder, session: onnxruntime.InferenceSession, names: Sequence[str]
) -> None:
    """Check that the graph has the outputs that the card names.

    Raises:
        ConfigError: one is missing.
    """
    present = [output.name for output in session.get_outputs()]
    missing = [name for name in names if name not in present]
    if missing:
        raise ConfigError(
            f"{folder.path / 'model.onnx'} has no output {', '.join(missing)}; it has "
            f"{', '.join(present)}. Correct the names under decoding in card.json"
        )


def require_size(folder: ModelFolder, output: str, size: object, wanted: int) -> None:
    """Check the number of channels of an output, where the graph fixes it.

    Raises:
        ConfigError: it is not `wanted`.
    """
    if isinstance(size, int) and size != wanted:
        raise ConfigError(
            f"{folder.path / 'model.onnx'}: output {output} has {size} values where "
            f"{wanted} are needed for the {folder.card.label_count} labels of card.json. "
            "The labels belong to another model, or decoding names the wrong output"
        )


def _check_input(folder: ModelFolder, session: onnxruntime.InferenceSession) -> None:
    spec = folder.card.input
    given = {entry.name: entry for entry in session.get_inputs()}
    if list(given) != [spec.name]:
        raise ConfigError(
            f"{folder.path / 'model.onnx'} takes {', '.join(given)}, but card.json names the "
            f"input {spec.name}. Correct input.name; models with several inputs are not supported"
        )
    entry = given[spec.name]
    if entry.type != ELEMENT_TYPES[spec.dtype] or not _fits(entry.shape, spec):
        raise ConfigError(
            f"{folder.path / 'model.onnx'}: input {spec.name} is {entry.type} of shape "
            f"{entry.shape}, but card.json describes {spec.dtype} of shape "
            f"{['n', *spec.shape]}. Correct input in the card, and export the model with a free "
            "batch dimension if it has a fixed one"
        )


def _fits(shape: Sequence[object], spec: InputSpec) -> bool:
    """Tell whether the graph takes any number of images of the shape that the card says."""
    wanted = (None, *spec.shape)
    return len(shape) == len(wanted) and all(
        not isinstance(has, int) or has == needs for has, needs in zip(shape, wanted, strict=True)
    )
