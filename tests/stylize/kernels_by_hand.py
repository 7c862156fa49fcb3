"""The GPU's kernels without a GPU: their arithmetic in NumPy, and their very text compiled for this processor."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from murai.networks.canvas import FOLD, MARGIN_PX
from murai.stylize.cuda_painting import SOURCE

_ONE = np.float32(1.0)


def folded(rgb: NDArray[np.uint8], rows: int, columns: int, number: type[np.floating[Any]]) -> NDArray[Any]:
    """What `fold_picture` makes of (3, H, W): (rows, columns, 48)."""
    down = np.clip(np.arange(rows * FOLD) - MARGIN_PX, 0, rgb.shape[1] - 1)
    right = np.clip(np.arange(columns * FOLD) - MARGIN_PX, 0, rgb.shape[2] - 1)
    wide = rgb[:, down][:, :, right].astype(np.float32) * (_ONE / np.float32(255.0)) - np.float32(0.5)
    cells = wide.reshape(3, rows, FOLD, columns, FOLD).transpose(1, 3, 0, 2, 4)
    return cells.reshape(rows, columns, 3 * FOLD * FOLD).astype(number)


def rgbx(painted: NDArray[Any], height: int, width: int) -> NDArray[np.uint8]:
    """What `write_rgbx` makes of (rows, columns, 16): (H, W, 4)."""
    with np.errstate(over="ignore"):  # far below zero: the sigmoid is zero
        shares = np.float32(255.0) / (_ONE + np.exp(-painted.astype(np.float32)))
    rows, columns = painted.shape[:2]
    pixels = np.rint(shares).astype(np.uint8).reshape(rows, columns, 2, 2, 4).transpose(0, 2, 1, 3, 4)
    pixels = pixels.reshape(2 * rows, 2 * columns, 4)[MARGIN_PX : MARGIN_PX + height, MARGIN_PX : MARGIN_PX + width]
    return np.concatenate([pixels[:, :, :3], np.full_like(pixels[:, :, 3:], 255)], axis=2)


class TwinKernels:
    """In the place of `CudaKernels`: the same launches, computed by NumPy in host memory, and noted."""

    def __init__(self, source: str, names: Sequence[str], defines: Sequence[str] = ()) -> None:
        assert source == SOURCE
        assert list(names) == ["fold_picture", "write_rgbx"]
        self.number = np.float16 if "HALF" in defines else np.float32
        self.launched: list[tuple[str, int]] = []

    def launch(self, name: str, grid: tuple[int, ...], block: tuple[int, ...], arguments: Sequence[Any]) -> None:
        self.launched.append((name, grid[0] * block[0]))
        getattr(self, f"_{name}")(*arguments)

    def _fold_picture(self, rgb: np.uint64, *rest: Any) -> None:
        *steps, height, width, rows, columns, out = rest
        assert [type(each) for each in rest] == [np.int64] * 3 + [np.int32] * 4 + [np.uint64]
        reach = 1 + sum(int(step) * (size - 1) for step, size in zip(steps, (3, height, width), strict=True))
        picture = np.lib.stride_tricks.as_strided(
            _at(rgb, np.uint8, reach), (3, int(height), int(width)), [int(step) for step in steps]
        )
        made = folded(picture, int(rows), int(columns), self.number)
        _at(out, self.number, made.size)[:] = made.reshape(-1)

    def _write_rgbx(self, painted: np.uint64, columns: np.int32, height: np.int32, width: np.int32, out: Any) -> None:
        assert type(columns) is type(height) is type(width) is np.int32
        rows = (int(height) + 2 * MARGIN_PX + -int(height) % FOLD) // 2 // 2
        cells = _at(painted, self.number, rows * 2 * int(columns) * 16).reshape(rows * 2, int(columns), 16)
        made = rgbx(cells, int(height), int(width))
        _at(out, np.uint8, made.size)[:] = made.reshape(-1)


def _at(address: np.uint64, number: Any, count: int) -> NDArray[Any]:
    size = np.dtype(number).itemsize * count
    return np.frombuffer((ctypes.c_char * size).from_address(int(address)), number)


_ON_A_PROCESSOR = r"""
#include <math.h>
#define __device__ static
#define __global__
struct Place { unsigned x; };
static Place blockIdx, blockDim, threadIdx;
#include "kernels.cu"
#define ALL(call) blockDim.x = 64; for (blockIdx.x = 0; blockIdx.x < blocks; ++blockIdx.x) \
    for (threadIdx.x = 0; threadIdx.x < blockDim.x; ++threadIdx.x) call
extern "C" void all_fold_picture(unsigned blocks, const unsigned char* rgb, long long a, long long b, long long c,
    int height, int width, int rows, int columns, void* folded)
{ ALL(fold_picture(rgb, a, b, c, height, width, rows, columns, (Four*)folded)); }
extern "C" void all_write_rgbx(unsigned blocks, const void* painted, int columns, int height, int width, void* rgbx)
{ ALL(write_rgbx((const Four*)painted, columns, height, width, (Pixel*)rgbx)); }
"""


def compiler() -> str | None:
    """A C++ compiler, where there is one."""
    return shutil.which("g++") or shutil.which("clang++")


class CompiledKernels:
    """The kernels' text in float32, compiled for this processor, and run over host memory one thread at a time."""

    def __init__(self, folder: Path) -> None:
        (folder / "kernels.cu").write_text(SOURCE, encoding="ascii")
        (folder / "all.cpp").write_text(_ON_A_PROCESSOR, encoding="ascii")
        options = ["-std=c++17", "-O1", "-ffp-contract=off", "-shared", "-fPIC"]
        defines = [f"-DFOLD={FOLD}", f"-DMARGIN={MARGIN_PX}"]
        command = [compiler() or "c++", *options, *defines, "all.cpp", "-o", "all.so"]
        subprocess.run(command, cwd=folder, check=True, timeout=60)
        self._library = ctypes.CDLL(str(folder / "all.so"))

    def launch(self, name: str, grid: tuple[int, ...], block: tuple[int, ...], arguments: Sequence[Any]) -> None:
        kinds = {np.uint64: ctypes.c_void_p, np.int64: ctypes.c_longlong, np.int32: ctypes.c_int}
        given = [kinds[type(argument)](int(argument)) for argument in arguments]
        blocks = ctypes.c_uint(-(-grid[0] * block[0] // 64))
        getattr(self._library, f"all_{name}")(blocks, *given)
