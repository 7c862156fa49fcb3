"""NV12 to RGB in one CUDA kernel that CuPy compiles on its first use."""

from __future__ import annotations

import importlib
import logging
from typing import Any

import numpy as np
import torch
from torch import Tensor

from murai.imaging.cuda_kernels import as_cupy
from murai.imaging.nv12 import Factors, Nv12, Nv12Converter, Placement, YuvColours, factors_of, rgbx_of_nv12

_log = logging.getLogger(__name__)
_BLOCK = (32, 8)

# One thread, one pixel of the result. murai/imaging/nv12.py has the same arithmetic, line by line. Without a header,
# for CuPy's compiler may lack CUDA's.
KERNEL_SOURCE = """
static __device__ __forceinline__ float sample(const unsigned char* line, int at, int bytes) {
    return bytes == 1 ? (float)line[at] : (float)((const unsigned short*)line)[at] * (1.0f / 256.0f);
}

static __device__ __forceinline__ float in_steps(float value) {
    return rintf(value * 256.0f) * (1.0f / 256.0f);
}

static __device__ __forceinline__ int within(int at, int count) {
    return at < 0 ? 0 : at >= count ? count - 1 : at;
}

static __device__ __forceinline__ unsigned char cut(float value) {
    return (unsigned char)fminf(fmaxf(value, 0.0f), 255.0f);
}

extern "C" __global__ void nv12_to_rgbx(
    const unsigned char* luma, const unsigned char* chroma, long long luma_pitch, long long chroma_pitch,
    int bytes, int width, int height,
    float left, float top, float step_x, float step_y, int placed_width, int placed_height, int quarter_turns,
    float black, float of_luma, float red_cr, float green_cr, float green_cb, float blue_cb,
    unsigned char* rgbx)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    int turned_width = quarter_turns & 1 ? placed_height : placed_width;
    int turned_height = quarter_turns & 1 ? placed_width : placed_height;
    if (x >= turned_width || y >= turned_height) return;
    int column = x, row = y;
    if (quarter_turns == 1) { column = y; row = placed_height - 1 - x; }
    if (quarter_turns == 2) { column = placed_width - 1 - x; row = placed_height - 1 - y; }
    if (quarter_turns == 3) { column = placed_width - 1 - y; row = x; }

    float centre_x = left + (column + 0.5f) * step_x - 0.5f, centre_y = top + (row + 0.5f) * step_y - 0.5f;
    float reach_x = fmaxf(step_x, 1.0f), reach_y = fmaxf(step_y, 1.0f);
    int furthest_x = (int)ceilf(reach_x) + 1, furthest_y = (int)ceilf(reach_y) + 1;
    int from_x = (int)floorf(centre_x), from_y = (int)floorf(centre_y);
    float light = 0.0f, cb = 0.0f, cr = 0.0f, total = 0.0f;
    for (int v = from_y - furthest_y; v <= from_y + furthest_y; v++) {
        float down = 1.0f - fabsf(v - centre_y) / reach_y;
        if (down <= 0.0f) continue;
        int line = within(v, height);
        const unsigned char* light_line = luma + line * luma_pitch;
        const unsigned char* chroma_line = chroma + (line >> 1) * chroma_pitch;
        for (int u = from_x - furthest_x; u <= from_x + furthest_x; u++) {
            float across = 1.0f - fabsf(u - centre_x) / reach_x;
            if (across <= 0.0f) continue;
            int at = within(u, width);
            float share = down * across;
            light += share * sample(light_line, at, bytes);
            cb += share * sample(chroma_line, at & ~1, bytes);
            cr += share * sample(chroma_line, at | 1, bytes);
            total += share;
        }
    }
    light = floorf((in_steps(light / total) - black) * of_luma);
    cb = in_steps(cb / total) - 128.0f;
    cr = in_steps(cr / total) - 128.0f;
    unsigned char red = cut(light + floorf(cr * red_cr));
    unsigned char green = cut(light + floorf(cr * green_cr) + floorf(cb * green_cb));
    unsigned char blue = cut(light + floorf(cb * blue_cb));

    long long pixel = (long long)y * turned_width + x;
    ((unsigned int*)rgbx)[pixel] = red | green << 8 | blue << 16 | 255u << 24;
}
"""


def open_converter(device: torch.device) -> Nv12Converter:
    """The kernel, compiled for `device`; where CuPy can't do that, the same in plain PyTorch, and a word in the log."""
    try:
        cupy = importlib.import_module("cupy")
    except (ImportError, RuntimeError, OSError) as fault:
        return _without_kernel(fault)
    kernel = Nv12Kernel(cupy)
    try:
        with torch.cuda.device(device):
            kernel.compile()
    except (cupy.cuda.compiler.CompileException, ImportError, RuntimeError, OSError) as fault:
        return _without_kernel(fault)
    return kernel


def _without_kernel(fault: Exception) -> Nv12Converter:
    reason = str(fault).partition("\n")[0]
    _log.warning("colours take several steps each frame, for CuPy can't be used (%s): see README, 'The booth'", reason)
    return rgbx_of_nv12


class Nv12Kernel:
    """The kernel on the current CUDA stream of PyTorch; an `Nv12Converter`.

    cupy: the module, which is loaded only where there is a GPU.
    """

    def __init__(self, cupy: Any) -> None:
        self._cupy = cupy
        self._kernel = cupy.RawKernel(KERNEL_SOURCE, "nv12_to_rgbx")

    def compile(self) -> None:
        """For the current device; CuPy keeps the result on disk.

        Raises:
            CompileException, RuntimeError: CuPy's, where CUDA's compiler isn't there or fails.
        """
        self._kernel.compile()

    def __call__(self, picture: Nv12, colours: YuvColours, placement: Placement) -> Tensor:
        width, height = placement.turned_size_px
        device = picture.luma.device
        rgbx = torch.empty((height, width, 4), dtype=torch.uint8, device=device)
        grid = (-(-width // _BLOCK[0]), -(-height // _BLOCK[1]))
        arguments = kernel_arguments(picture, factors_of(colours), placement, rgbx)
        with torch.cuda.device(device), as_cupy(self._cupy, torch.cuda.current_stream(device)):
            self._kernel(grid, _BLOCK, arguments)
        return rgbx


def kernel_arguments(picture: Nv12, factors: Factors, placement: Placement, rgbx: Tensor) -> tuple[np.generic, ...]:
    """The kernel's arguments, each of the very type that it is declared with."""
    luma, chroma = picture.luma, picture.chroma
    bytes_each = luma.element_size()
    width, height = picture.size_px
    placed_width, placed_height = placement.size_px
    pointers = (np.uint64(luma.data_ptr()), np.uint64(chroma.data_ptr()))
    pitches = (np.int64(luma.stride(0) * bytes_each), np.int64(chroma.stride(0) * bytes_each))
    whole_numbers = (bytes_each, width, height)
    window = (placement.left, placement.top, placement.width / placed_width, placement.height / placed_height)
    placed = (placed_width, placed_height, placement.quarter_turns)
    weights = (factors.black, factors.luma, factors.red_cr, factors.green_cr, factors.green_cb, factors.blue_cb)
    return (
        *pointers,
        *pitches,
        *(np.int32(number) for number in whole_numbers),
        *(np.float32(number) for number in window),
        *(np.int32(number) for number in placed),
        *(np.float32(number) for number in weights),
        np.uint64(rgbx.data_ptr()),
    )
