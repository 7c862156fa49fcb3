"""What this machine can do at most, measured in the same run as everything that is compared with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn import functional as F

from murai.apps.benchmark.figures import Row
from murai.apps.benchmark.options import Size, size_name
from murai.apps.benchmark.stopwatch import time_calls
from murai.hardware import Compute, usable_cores


@dataclass(frozen=True)
class Limits:
    """matmul, convolution: floating-point operations a second, in the number type that Murai paints in.

    copy: bytes a second, read and written, where the pictures lie.
    nvdec_fps: frames a second of NVDEC alone, by size; empty where there is none.
    """

    matmul: float
    convolution: float
    copy: float
    nvdec_fps: Mapping[Size, float] = field(default_factory=dict)

    def of(self, row: Row) -> float:
        """The limit that a row is compared with."""
        if row.limit == "nvdec":
            return self.nvdec_fps[row.subject.size]
        return self.matmul if row.limit == "matmul" else self.copy

    def best(self, other: Limits) -> Limits:
        """The better of two measurements of each."""
        return Limits(
            max(self.matmul, other.matmul),
            max(self.convolution, other.convolution),
            max(self.copy, other.copy),
            {**self.nvdec_fps, **other.nvdec_fps},
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "matmul_gflops": round(self.matmul / 1e9, 2),
            "convolution_gflops": round(self.convolution / 1e9, 2),
            "copy_gbytes_per_s": round(self.copy / 1e9, 2),
            "nvdec_fps": {size_name(size): round(fps, 1) for size, fps in self.nvdec_fps.items()},
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
_LOADS = {"cpu": _Load(2048, 1, 256, 128, 128 * 2**20), "cuda": _Load(8192, 16, 512, 128, 2**30)}


class Meter:
    """Measures the limits again and again: a machine that others use too is at times half as fast.

    Holds the memory that it copies. Owned by the main thread.
    """

    def __init__(self, compute: Compute) -> None:
        load, device = _LOADS[compute.device], compute.device
        self._load, self._device = load, device
        c, side = load.channels, load.side
        self._a, self._b = (torch.randn(load.matrix, load.matrix, device=device).to(compute.dtype) for _ in range(2))
        self._pictures, self._kernels = (
            torch.randn(shape, device=device).to(compute.dtype, memory_format=torch.channels_last)
            for shape in ((load.batch, c, side, side), (c, c, 3, 3))
        )
        self._source, self._target = (torch.zeros(load.copied_bytes, dtype=torch.uint8, device=device) for _ in "st")

    def measure(self, seconds: float) -> Limits:
        """Each for so many seconds, with every core; NVDEC is measured apart."""
        load = self._load
        with all_cores(), torch.inference_mode():
            return Limits(
                self._best(lambda: torch.mm(self._a, self._b), seconds, 2 * load.matrix**3),
                self._best(lambda: F.conv2d(self._pictures, self._kernels, padding=1), seconds, _operations(load)),
                self._best(lambda: self._target.copy_(self._source), seconds, 2 * load.copied_bytes),
            )

    def _best(self, call: Callable[[], Any], seconds: float, work: int) -> float:
        """Work a second of the quickest tenth: a limit is what the machine does when nobody disturbs it."""
        return work / (time_calls(call, seconds, self._device).percentile_ms(0.10) / 1e3)


def _operations(load: _Load) -> int:
    """Of the convolution."""
    return 2 * 9 * load.channels**2 * load.side**2 * load.batch


@contextmanager
def all_cores() -> Iterator[None]:
    """torch's threads on every core, whatever a painter has set before."""
    before = torch.get_num_threads()
    torch.set_num_threads(usable_cores())
    try:
        yield
    finally:
        torch.set_num_threads(before)
