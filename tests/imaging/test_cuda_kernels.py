"""Kernels by CuPy: what is asked of it, played by a module of that name, and what is told where it isn't there."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from murai.errors import HardwareError
from murai.imaging.cuda_kernels import CudaKernels

SOURCE = 'extern "C" __global__ void add_one(float* at) { at[threadIdx.x] += ONE; }'


class PlayedStream:
    entered: list[int]

    def __init__(self, address: int) -> None:
        self._address = address

    def __enter__(self) -> None:
        self.entered.append(self._address)

    def __exit__(self, *ended: object) -> None:
        self.entered.append(-1)


class CompileException(Exception):
    """As in CuPy, no RuntimeError."""


class PlayedCupy:
    """The calls that were made of a module that behaves like CuPy."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, knows_the_protocol: bool = True) -> None:
        self.asked: list[Any] = []
        self.entered: list[int] = []
        self.fault: Exception | None = None
        stream = type("Stream", (PlayedStream,), {"entered": self.entered})
        if knows_the_protocol:
            stream.from_external = lambda given: stream(given.__cuda_stream__()[1])  # type: ignore[attr-defined]
        compiler = SimpleNamespace(CompileException=CompileException)
        cuda = SimpleNamespace(Stream=stream, ExternalStream=lambda at, device: stream(at), compiler=compiler)
        module = ModuleType("cupy")
        module.__dict__.update(cuda=cuda, RawModule=self.module)
        monkeypatch.setitem(sys.modules, "cupy", module)
        monkeypatch.setitem(sys.modules, "cupy.cuda", cuda)
        monkeypatch.setitem(sys.modules, "cupy.cuda.compiler", compiler)
        current = SimpleNamespace(cuda_stream=77, device_index=0)
        monkeypatch.setattr(torch.cuda, "current_stream", lambda: current)

    def module(self, *, code: str, options: tuple[str, ...]) -> SimpleNamespace:
        self.asked.append((code, options))
        return SimpleNamespace(get_function=self.function)

    def function(self, name: str) -> Any:
        if self.fault:
            raise self.fault
        return lambda *launched: self.asked.append((name, *launched, list(self.entered)))


@pytest.mark.parametrize("knows_the_protocol", [True, False])
def test_a_kernel_is_launched_on_torchs_current_stream(
    monkeypatch: pytest.MonkeyPatch, knows_the_protocol: bool
) -> None:
    cupy = PlayedCupy(monkeypatch, knows_the_protocol=knows_the_protocol)
    kernels = CudaKernels(SOURCE, ["add_one"], ["ONE=1.0f"])
    kernels.launch("add_one", (2,), (64,), [np.uint64(4096)])
    compiled, launched = cupy.asked
    assert compiled == (SOURCE, ("--std=c++17", "--fmad=false", "-DONE=1.0f"))
    assert launched == ("add_one", (2,), (64,), (np.uint64(4096),), [77])
    assert cupy.entered == [77, -1]


@pytest.mark.parametrize(
    "fault",
    [CompileException("no such type"), RuntimeError("no driver"), OSError("no libnvrtc"), ImportError("no nvrtc")],
)
def test_what_cannot_be_compiled_is_told(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    PlayedCupy(monkeypatch).fault = fault
    with pytest.raises(HardwareError, match=f"CuPy can't compile for this GPU: {fault}"):
        CudaKernels(SOURCE, ["add_one"])


def test_without_cupy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(HardwareError, match=r"CuPy can't be used: .*cupy.*: install the extra cuda12 or cuda13"):
        CudaKernels(SOURCE, ["add_one"])


@pytest.mark.gpu
def test_on_a_gpu_it_computes() -> None:
    pytest.importorskip("cupy")
    values = torch.arange(64, dtype=torch.float32, device="cuda")
    kernels = CudaKernels(SOURCE, ["add_one"], ["ONE=1.0f"])
    for stream in (torch.cuda.current_stream(), torch.cuda.Stream()):
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            kernels.launch("add_one", (1,), (64,), [np.uint64(values.data_ptr())])
        torch.cuda.current_stream().wait_stream(stream)
    assert torch.equal(values.cpu(), torch.arange(64) + 2.0)
