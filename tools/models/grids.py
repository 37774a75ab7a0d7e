"""Where the 8-bit grid of each tensor lies: from its values, then from what it does to the end.

Tensors that are moved without being changed (a concatenation and its inputs, a pooling by maximum
and its input) share one grid, so that their values are rounded once instead of twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from rounding import LEVELS, narrowed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt
    from observe import Observations

    Array = npt.NDArray[np.float32]
    Range = tuple[float, float]
    Harm = Callable[[list[Array], list[Array]], float]

LEAK = 0.1
MOVES = ("Concat", "MaxPool")
# Photos that the effect of a grid on the network's results is measured on.
PROBES = 30
# What is tried on the ends of a range, one after the other: (low, high).
CHANGES = ((1.0, 0.75), (1.0, 1.3), (0.7, 1.0), (1.4, 1.0))
# A grid whose harm is under this share of all harm is left as it is.
WORTH_TRYING = 0.005


def ranges_by_values(model: onnx.ModelProto, seen: Observations) -> dict[str, Range]:
    """Return for each tensor the range that rounds its own values best."""
    leaking = _read_by_leak(model)
    ranges = {
        name: narrowed(
            np.concatenate(seen.values[name]), extremes, _leak if name in leaking else np.asarray
        )
        for name, extremes in seen.extremes.items()
    }
    for group in _groups(model):
        for name in group[1:]:
            ranges[name] = ranges[group[0]]
    return ranges


def ranges_by_effect(
    model: onnx.ModelProto, ranges: dict[str, Range], inputs: Sequence[Array], harm: Harm
) -> dict[str, Range]:
    """Widen or narrow the ranges that do the most harm to what the network says.

    Each grid is tried alone in the float network; errors of different tensors hardly depend on
    each other, so that their harms add up.

    Args:
        model: The float network.
        ranges: Where to begin.
        inputs: Calibration photos.
        harm: How bad outputs are, given the exact ones of the same photo.
    """
    probes = inputs[:: max(1, len(inputs) // PROBES)]
    exact = _results(model, probes)

    def harm_of(group: list[str], one: Range) -> float:
        results = _results(_with_grid(model, group, one), probes)
        return float(np.mean([harm(a, b) for a, b in zip(exact, results, strict=True)]))

    groups = [group for group in _groups(model) if group[0] != "images"]
    harms = [harm_of(group, ranges[group[0]]) for group in groups]
    print(f"harm of {len(groups)} grids, summed: {sum(harms):.3f}", end=" ", flush=True)
    found = dict(ranges)
    for index, group in enumerate(groups):
        if harms[index] > WORTH_TRYING * sum(harms):
            one, harms[index] = _descend(group, ranges[group[0]], harms[index], harm_of)
            found.update(dict.fromkeys(group, one))
    print(f"-> {sum(harms):.3f}")
    return found


def _descend(
    group: list[str], start: Range, least: float, harm_of: Callable[[list[str], Range], float]
) -> tuple[Range, float]:
    """Return the best range found and its harm; the step that helped most is made twice."""
    (low, high), best = start, (start, least, (1.0, 1.0))
    for below, above in CHANGES:
        tried = (low * below, high * above)
        done = harm_of(group, tried)
        if done < best[1]:
            best = (tried, done, (below, above))
    (low, high), least, (below, above) = best
    if (below, above) != (1.0, 1.0):
        further = (low * below, high * above)
        done = harm_of(group, further)
        if done < least:
            return further, done
    return (low, high), least


def _groups(model: onnx.ModelProto) -> list[list[str]]:
    """Return all tensors in groups that share a grid, the one that decides first."""
    names = ["images", *(name for node in model.graph.node for name in node.output)]
    leader = {name: name for name in names}
    for node in model.graph.node:
        if node.op_type in MOVES:
            # What a Concat makes has all the values; what a MaxPool makes has fewer.
            first = node.output[0] if node.op_type == "Concat" else node.input[0]
            members = {leader[name] for name in (*node.input, *node.output)}
            for name in names:
                if leader[name] in members:
                    leader[name] = first
    groups: dict[str, list[str]] = {first: [first] for first in dict.fromkeys(leader.values())}
    for name, first in leader.items():
        if name != first:
            groups[first].append(name)
    return list(groups.values())


def _read_by_leak(model: onnx.ModelProto) -> set[str]:
    """Return the tensors that go into a LeakyReLU, where negative values count a tenth."""
    found: set[str] = set()
    for node in reversed(model.graph.node):
        pooled = node.op_type == "MaxPool" and node.output[0] in found
        if node.op_type == "LeakyRelu" or pooled:
            found.add(node.input[0])
    return found


def _with_grid(model: onnx.ModelProto, group: list[str], one: Range) -> onnx.ModelProto:
    """Return the network with the tensors of one group rounded to 8 bits."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    step = (one[1] - one[0]) / LEVELS
    grid = {"grid_step": np.array(step, np.float32)}
    grid["grid_zero"] = np.array(round(-one[0] / step), np.uint8)
    changed.graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in grid.items())
    nodes = []
    for node in changed.graph.node:
        nodes.append(node)
        for index, name in enumerate(node.output):
            if name in group:
                node.output[index] = f"{name}_exact"
                quantised = [f"{name}_exact", *grid], [f"{name}_codes"]
                nodes.append(onnx.helper.make_node("QuantizeLinear", *quantised))
                nodes.append(
                    onnx.helper.make_node("DequantizeLinear", [f"{name}_codes", *grid], [name])
                )
    del changed.graph.node[:]
    changed.graph.node.extend(nodes)
    return changed


def _results(model: onnx.ModelProto, inputs: Sequence[Array]) -> list[list[Array]]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, ["CPUExecutionProvider"]
    )
    return [session.run(None, {"images": images}) for images in inputs]


def _leak(values: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return np.where(values > 0, values, values * LEAK)
