"""What this machine can do at most, measured in the same run as everything that is compared with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F

from murai.apps.benchmark.stopwatch import time_calls
from murai.hardware import Compute, usable_cores


@dataclass(frozen=True)
class Limits:
    """matmul, convolution: floating-point operations a second, in the number type that Murai paints in.

    copy: bytes a second, read and written, where the pictures lie.
    nvdec_fps: frames a second of NVDEC alone, by size as in "640x360"; empty where there is none.
    """

    matmul: float
    convolution: float
    copy: float
    nvdec_fps: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        return {
            "matmul_gflops": round(self.matmul / 1e9, 2),
            "convolution_gflops": round(self.convolution / 1e9, 2),
            "copy_gbytes_per_s": round(self.copy / 1e9, 2),
            "nvdec_fps": {size: round(fps, 1) for size, fps in self.nvdec_fps.items()},
        }


@dataclass(frozen=True)
class _Load:
    """matrix: rows and columns; picture: channels and side in px, as many pictures as `batch`."""

    matrix: int
    batch: int
    channels: int
    side: int
    copied_bytes: int


# Large enough that what comes and goes with a call doesn't count, and no cache holds what is copied.
_LOADS = {"cpu": _Load(2048, 1, 256, 128, 256 * 2**20), "cuda": _Load(8192, 16, 512, 128, 2**30)}


def measure_limits(compute: Compute, seconds: float) -> Limits:
    """Each for so many seconds, with every core; NVDEC is measured apart."""
    load, device, dtype = _LOADS[compute.device], compute.device, compute.dtype
    with all_cores(), torch.inference_mode():
        return Limits(
            _matmul(load, device, dtype, seconds),
            _convolution(load, device, dtype, seconds),
            _copy(load, device, seconds),
            {},
        )


@contextmanager
def all_cores() -> Iterator[None]:
    """torch's threads on every core, whatever a painter has set before."""
    before = torch.get_num_threads()
    torch.set_num_threads(usable_cores())
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _matmul(load: _Load, device: str, dtype: torch.dtype, seconds: float) -> float:
    a, b = (torch.randn(load.matrix, load.matrix, device=device).to(dtype) for _ in range(2))
    return _best(lambda: torch.mm(a, b), seconds, device, 2 * load.matrix**3)


def _convolution(load: _Load, device: str, dtype: torch.dtype, seconds: float) -> float:
    c, side = load.channels, load.side
    pictures = torch.randn(load.batch, c, side, side, device=device).to(dtype, memory_format=torch.channels_last)
    kernels = torch.randn(c, c, 3, 3, device=device).to(dtype, memory_format=torch.channels_last)
    work = 2 * 9 * c * c * side * side * load.batch
    return _best(lambda: F.conv2d(pictures, kernels, padding=1), seconds, device, work)


def _copy(load: _Load, device: str, seconds: float) -> float:
    source, target = (torch.zeros(load.copied_bytes, dtype=torch.uint8, device=device) for _ in range(2))
    return _best(lambda: target.copy_(source), seconds, device, 2 * load.copied_bytes)


def _best(call: Any, seconds: float, device: str, work: int) -> float:
    """Work a second of the quickest tenth: a limit is what the machine does when nobody disturbs it."""
    return work / (time_calls(call, seconds, device).percentile_ms(0.10) / 1e3)
