"""Murai's network in other programs' hands: the same convolutions with the same style in them.

Each takes what Murai's engine takes and gives what that gives: bytes in, bytes out, from where the decoder leaves
them to where the renderer takes them. Each may choose its number type by itself, as it does for everybody.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from murai.apps.benchmark.figures import Row, Subject
from murai.apps.benchmark.options import Size
from murai.apps.benchmark.stopwatch import time_calls
from murai.apps.benchmark.workshop import Workshop
from murai.errors import BenchError
from murai.hardware import Compute, usable_cores
from murai.networks.canvas import canvas_size, draw_canvas
from murai.networks.folded import FoldedPainter, Folding, fold_statistics
from murai.stylize.pack import Pack, load_weights

Paint = Callable[[Tensor], Any]
"""Paints a picture (3, H, W) uint8 on the device; gives one of the same kind."""


class OneStyle(nn.Module):
    """The pack's network with its first style in it: (3, H, W) uint8 to (3, H, W) uint8, for one size."""

    def __init__(self, pack: Pack, size: Size, dtype: torch.dtype) -> None:
        super().__init__()
        weights = load_weights(pack)
        first = (weights.scale[0], weights.shift[0], weights.mean[0], weights.deviation[0])
        style = Folding(weights.network, dtype).fold(*fold_statistics(*first))
        self._painter = FoldedPainter(dtype)
        self.ground = nn.Buffer(style.ground(draw_canvas(*canvas_size(size[1], size[0]))))
        self.kernels = nn.ParameterList(nn.Parameter(each, requires_grad=False) for each in style.kernels)
        self.biases = nn.ParameterList(nn.Parameter(each, requires_grad=False) for each in style.biases)

    def forward(self, rgb: Tensor) -> Tensor:
        painted: Tensor = self._painter(rgb, self.ground, list(self.kernels), list(self.biases))
        return painted


def measure_runtime(workshop: Workshop, name: str, pack: Pack, size: Size) -> Row:
    """One of `RUNTIMES`.

    Raises:
        ImportError: it is not installed.
        BenchError: it can't run the network.
    """
    device = workshop.compute.device
    frames = cycle([frame.rgb for frame in workshop.frames(size)])
    with tempfile.TemporaryDirectory() as folder:
        paint = RUNTIMES[name](pack, size, workshop.compute, Path(folder))
        timings = time_calls(lambda: paint(next(frames)), workshop.seconds, device)
    return workshop.row_of_network(Subject(name, "network", size, pack.facts.name), timings, pack)


def _openvino(pack: Pack, size: Size, compute: Compute, folder: Path) -> Paint:
    import openvino

    network = OneStyle(pack, size, torch.float32).eval()
    with _without_warnings():
        model = openvino.convert_model(network, example_input=_blank(size, "cpu"), input=[(3, size[1], size[0])])
    wanted = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": usable_cores()}
    request = openvino.Core().compile_model(model, "CPU", wanted).create_infer_request()
    return lambda rgb: request.infer([_planes(rgb)])[0]


def _onnxruntime(pack: Pack, size: Size, compute: Compute, folder: Path) -> Paint:
    import onnxruntime

    file = _onnx_file(OneStyle(pack, size, torch.float32), _blank(size, "cpu"), folder)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = usable_cores()
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return lambda rgb: session.run(None, {"rgb": _planes(rgb)})[0]


def _tensorrt(pack: Pack, size: Size, compute: Compute, folder: Path) -> Paint:
    import tensorrt as trt

    blank = _blank(size, compute.device)
    file = _onnx_file(OneStyle(pack, size, compute.dtype).to(compute.device), blank, folder)
    log = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(log)
    # Strongly typed: it computes in the number type that the graph says, which is the one that Murai paints in.
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    if not trt.OnnxParser(network, log).parse(file.read_bytes()):
        raise BenchError("TensorRT can't read the network", "its own messages stand above")
    plan = builder.build_serialized_network(network, builder.create_builder_config())
    if plan is None:
        raise BenchError("TensorRT can't build the network", "its own messages stand above")
    engine = trt.Runtime(log).deserialize_cuda_engine(plan)
    context, painted, stream = engine.create_execution_context(), torch.empty_like(blank), torch.cuda.current_stream()
    context.set_tensor_address("painted", painted.data_ptr())

    def paint(rgb: Tensor) -> Tensor:
        plain = rgb.contiguous()  # TensorRT knows no strides
        context.set_tensor_address("rgb", plain.data_ptr())
        context.execute_async_v3(stream.cuda_stream)
        return painted

    return paint


RUNTIMES: dict[str, Callable[[Pack, Size, Compute, Path], Paint]] = {
    "onnxruntime": _onnxruntime,
    "openvino": _openvino,
    "tensorrt": _tensorrt,
}
RUNTIME_DEVICES = {"onnxruntime": "cpu", "openvino": "cpu", "tensorrt": "cuda"}


def _blank(size: Size, device: str) -> Tensor:
    return torch.zeros((3, size[1], size[0]), dtype=torch.uint8, device=device)


def _planes(rgb: Tensor) -> NDArray[np.uint8]:
    """(3, H, W) one plane after another, as both want it: the decoder's pixels are interleaved."""
    planes: NDArray[np.uint8] = np.ascontiguousarray(rgb.numpy())
    return planes


def _onnx_file(network: nn.Module, blank: Tensor, folder: Path) -> Path:
    """The network as ONNX.

    Raises:
        ImportError: the package onnx is not installed.
    """
    import onnx  # noqa: F401  # torch needs it, and would say so in an error of its own kind

    file = folder / "network.onnx"
    with _without_warnings():
        torch.onnx.export(
            network.eval(), (blank,), str(file), dynamo=False, input_names=["rgb"], output_names=["painted"]
        )
    return file


@contextmanager
def _without_warnings() -> Iterator[None]:
    """torch wants its tracing to be replaced by torch.export, which needs onnxscript and gives the same graph."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
