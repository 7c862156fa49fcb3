"""The CUDA kernel: its source compiled for the CPU, what CuPy is given, and on a GPU the kernel itself."""

from __future__ import annotations

import ctypes
import logging
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from murai.imaging.nv12 import Nv12, Placement, YuvColours, factors_of, rgbx_of_nv12, whole
from murai.imaging.nv12_kernel import KERNEL_SOURCE, kernel_arguments, open_converter

BT709 = YuvColours(0.2126, 0.0722, full_range=False)
FULL = YuvColours(0.299, 0.114, full_range=True)
NUMPY_TYPES = {"long long": np.int64, "int": np.int32, "float": np.float32}
# CUDA's words in C++, and the grid as a loop.
ON_THE_CPU = r"""
#include <cmath>
#define __device__
#define __global__
#define __forceinline__ inline
struct Three { int x, y; };
static Three blockIdx, blockDim, threadIdx;
"""
LOOP = r"""
extern "C" void run(int grid_x, int grid_y, PARAMETERS) {
    blockDim = {32, 8};
    for (blockIdx.y = 0; blockIdx.y < grid_y; blockIdx.y++)
    for (blockIdx.x = 0; blockIdx.x < grid_x; blockIdx.x++)
    for (threadIdx.y = 0; threadIdx.y < 8; threadIdx.y++)
    for (threadIdx.x = 0; threadIdx.x < 32; threadIdx.x++)
        nv12_to_rgbx(NAMES);
}
"""


def parameters() -> list[tuple[str, str]]:
    """Type and name of each of the kernel's parameters."""
    declared = re.search(r"nv12_to_rgbx\((.*?)\)\n\{", KERNEL_SOURCE, re.DOTALL)
    assert declared is not None
    return [(kind, name) for kind, name in re.findall(r"\s*([\w ]+?\*?) (\w+)(?:,|$)", declared[1])]


def random_picture(width: int, height: int, *, deep: bool = False) -> Nv12:
    rng = np.random.default_rng(9)
    kind, most = (np.uint16, 65536) if deep else (np.uint8, 256)
    luma = rng.integers(0, most, (height, width + 6)).astype(kind)
    chroma = rng.integers(0, most, (height // 2, width // 2 + 3, 2)).astype(kind)
    return Nv12(torch.from_numpy(luma)[:, :width], torch.from_numpy(chroma)[:, : width // 2])


PICTURES = {"whole": random_picture(70, 38), "16 bits": random_picture(66, 34, deep=True)}
PLACEMENTS = {
    "whole": Placement(0, 0, 66, 34, (66, 34)),
    "turned right": Placement(0, 0, 66, 34, (66, 34), 1),
    "upside down": Placement(0, 0, 66, 34, (66, 34), 2),
    "turned left": Placement(0, 0, 66, 34, (66, 34), 3),
    "smaller": Placement(3.5, 1.25, 60.0, 30.0, (23, 11), 1),
    "larger, over the border": Placement(-4.0, -2.5, 80.0, 40.0, (121, 75)),
}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    compiler = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("there is no C++ compiler")
    folder = tmp_path_factory.mktemp("kernel")
    declared = parameters()
    loop = LOOP.replace("PARAMETERS", ", ".join(f"{kind} {name}" for kind, name in declared))
    loop = loop.replace("NAMES", ", ".join(name for _, name in declared))
    (folder / "kernel.cpp").write_text(ON_THE_CPU + KERNEL_SOURCE + loop, encoding="utf-8")
    # As CUDA's compiler: no fused products where the source has none that could be.
    command = [compiler, "-O1", "-ffp-contract=off", "-shared", "-fPIC", "-o", "kernel.so", "kernel.cpp"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    return ctypes.CDLL(str(folder / "kernel.so"))


def run_compiled(library: ctypes.CDLL, picture: Nv12, colours: YuvColours, placement: Placement) -> torch.Tensor:
    width, height = placement.turned_size_px
    rgbx = torch.zeros(height, width, 4, dtype=torch.uint8)
    arguments = kernel_arguments(picture, factors_of(colours), placement, rgbx)
    as_c = [np.ctypeslib.as_ctypes_type(argument.dtype)(argument.item()) for argument in arguments]
    library.run(-(-width // 32), -(-height // 8), *as_c)
    return rgbx


@pytest.mark.parametrize("colours", [BT709, FULL])
@pytest.mark.parametrize("placement", PLACEMENTS.values(), ids=PLACEMENTS)
@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_the_source_has_the_same_arithmetic(
    compiled: ctypes.CDLL, picture: Nv12, placement: Placement, colours: YuvColours
) -> None:
    found = run_compiled(compiled, picture, colours, placement)
    expected = rgbx_of_nv12(picture, colours, placement)
    apart = (found.int() - expected.int()).abs()
    # Where weights are summed in another order, a product may be cut off on the other side of a whole number.
    assert int(apart.max()) <= (0 if placement.size_px == (66, 34) else 3)
    assert float(apart.float().mean()) < 0.001


def test_each_argument_has_the_type_that_is_declared() -> None:
    picture = PICTURES["whole"]
    rgbx = torch.zeros(38, 70, 4, dtype=torch.uint8)
    arguments = kernel_arguments(picture, factors_of(BT709), whole(picture), rgbx)
    declared = [np.uint64 if kind.endswith("*") else NUMPY_TYPES[kind] for kind, _ in parameters()]
    assert [type(argument) for argument in arguments] == declared
    assert len(declared) == 21


def test_the_source_needs_no_header() -> None:
    assert "#include" not in KERNEL_SOURCE


def test_without_cupy_pytorch_does_it_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    missing: Any = None
    monkeypatch.setitem(sys.modules, "cupy", missing)
    with caplog.at_level(logging.WARNING):
        assert open_converter(torch.device("cuda", 0)) is rgbx_of_nv12
    assert "CuPy can't be used" in caplog.text


class Cupy:
    """CuPy, with a kernel that a C++ compiler made, or that can't be compiled."""

    def __init__(self, library: ctypes.CDLL | None) -> None:
        self.cuda = SimpleNamespace(
            Stream=SimpleNamespace(from_external=self._stream), compiler=SimpleNamespace(CompileException=KeyError)
        )
        self._library = library
        self.entered: list[int] = []

    @contextmanager
    def _stream(self, stream: Any) -> Iterator[None]:
        version, handle = stream.__cuda_stream__()
        assert version == 0
        self.entered.append(handle)
        yield
        self.entered.pop()

    def RawKernel(self, code: str, name: str) -> Cupy:  # noqa: N802
        assert (code, name) == (KERNEL_SOURCE, "nv12_to_rgbx")
        return self

    def compile(self) -> None:
        if self._library is None:
            raise RuntimeError("libnvrtc.so.13 is not there\nsearched in many places")

    def __call__(self, grid: tuple[int, int], block: tuple[int, int], arguments: tuple[np.generic, ...]) -> None:
        assert self._library is not None
        assert self.entered == [77]
        assert block == (32, 8)
        as_c = [np.ctypeslib.as_ctypes_type(argument.dtype)(argument.item()) for argument in arguments]
        self._library.run(*grid, *as_c)


@pytest.fixture
def on_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets what asks PyTorch for the GPU's device and stream run without one."""
    monkeypatch.setattr(torch.cuda, "device", lambda _: nullcontext())
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _: SimpleNamespace(cuda_stream=77, device_index=0))


@pytest.mark.usefixtures("on_the_host")
@pytest.mark.parametrize("placement", PLACEMENTS.values(), ids=PLACEMENTS)
def test_cupy_gets_the_whole_grid_on_pytorchs_stream(
    compiled: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch, placement: Placement
) -> None:
    cupy: Any = Cupy(compiled)
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    convert = open_converter(torch.device("cpu"))
    found, expected = (each(PICTURES["whole"], BT709, placement) for each in (convert, rgbx_of_nv12))
    assert convert is not rgbx_of_nv12
    assert found.shape == expected.shape
    assert float((found.int() - expected.int()).abs().float().mean()) < 0.001


@pytest.mark.usefixtures("on_the_host")
def test_with_a_cupy_that_cannot_compile_pytorch_does_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cupy: Any = Cupy(None)
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    with caplog.at_level(logging.WARNING):
        assert open_converter(torch.device("cpu")) is rgbx_of_nv12
    assert "(libnvrtc.so.13 is not there)" in caplog.text


@pytest.mark.gpu
@pytest.mark.parametrize("placement", PLACEMENTS.values(), ids=PLACEMENTS)
@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_the_kernel_on_a_gpu(picture: Nv12, placement: Placement) -> None:
    pytest.importorskip("cupy")
    device = torch.device("cuda", 0)
    convert = open_converter(device)
    assert convert is not rgbx_of_nv12
    stream = torch.cuda.Stream(device)
    with torch.cuda.stream(stream):
        found = convert(Nv12(picture.luma.to(device), picture.chroma.to(device)), BT709, placement)
    stream.synchronize()
    expected = rgbx_of_nv12(picture, BT709, placement)
    assert float((found.cpu().int() - expected.int()).abs().float().mean()) < 0.01
