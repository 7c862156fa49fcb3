"""The painter on an NVIDIA GPU: bytes in and bytes out by one kernel each, TorchScript in between.

Written in torch's own operations, the way in passes over the picture six times and the way out four times,
which takes longer than the convolutions; here each is read once and written once.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from murai.imaging.cuda_kernels import CudaKernels
from murai.networks.canvas import FOLD, MARGIN_PX, canvas_size
from murai.stylize.torchscript import compile_middle

_IN_A_ROW = 256  # threads of a block, in either kernel

SOURCE = r"""
#ifdef HALF
typedef unsigned short number;  // without cuda_fp16.h, which not every machine with a driver has
__device__ inline float wide(number x) { float y; asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x)); return y; }
__device__ inline number narrow(float x) { number y; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y) : "f"(x)); return y; }
#else
typedef float number;
__device__ inline float wide(number x) { return x; }
__device__ inline number narrow(float x) { return x; }
#endif

struct alignas(4 * sizeof(number)) Four { number each[4]; };
struct alignas(4) Pixel { unsigned char red, green, blue, alpha; };

__device__ inline int within(int at, int size) { return at < 0 ? 0 : at < size ? at : size - 1; }

__device__ inline unsigned char byte_of(number x) {
    return (unsigned char)rintf(255.0f / (1.0f + expf(-wide(x))));
}

// A thread: the FOLD neighbours of one colour in one row of one folded pixel.
extern "C" __global__ void fold_picture(
    const unsigned char* rgb, long long colour_step, long long row_step, long long column_step,
    int height, int width, int rows, int columns, Four* folded)
{
    long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= (long long)rows * columns * 3 * FOLD) return;
    int line = (int)(at % FOLD), colour = (int)(at / FOLD % 3);
    int column = (int)(at / (3 * FOLD) % columns), row = (int)(at / (3 * FOLD) / columns);
    const unsigned char* from = rgb + colour * colour_step + within(row * FOLD + line - MARGIN, height) * row_step;
    Four four;
    for (int n = 0; n < FOLD; ++n) {
        int x = within(column * FOLD + n - MARGIN, width);
        four.each[n] = narrow(from[x * column_step] * (1.0f / 255.0f) - 0.5f);
    }
    folded[at] = four;
}

// A thread: one pixel of the painting.
extern "C" __global__ void write_rgbx(const Four* painted, int columns, int height, int width, Pixel* rgbx)
{
    long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= (long long)height * width) return;
    int x = (int)(at % width) + MARGIN, y = (int)(at / width) + MARGIN;
    Four four = painted[((long long)(y / 2) * columns + x / 2) * 4 + y % 2 * 2 + x % 2];
    rgbx[at] = Pixel{byte_of(four.each[0]), byte_of(four.each[1]), byte_of(four.each[2]), 255};
}
"""
"""FOLD, which is 4, and MARGIN are given to the compiler, and HALF where `number` is half precision."""


class KernelPainter:
    """A `Painter` in float16 or float32, that a CUDA graph can take in once it has run.

    Raises:
        HardwareError: CuPy is missing, or can't compile for this GPU.
    """

    def __init__(self, dtype: torch.dtype) -> None:
        half = ["HALF"] if dtype == torch.float16 else []
        defines = [f"FOLD={FOLD}", f"MARGIN={MARGIN_PX}", *half]
        self._kernels = CudaKernels(SOURCE, ["fold_picture", "write_rgbx"], defines)
        self._middle = compile_middle()
        self._dtype = dtype

    def __call__(self, rgb: Tensor, ground: Tensor, kernels: list[Tensor], biases: list[Tensor]) -> Tensor:
        painted = self._middle(self._folded(rgb), ground, kernels, biases)
        return self._as_rgbx(painted.contiguous(memory_format=torch.channels_last), rgb.shape[1], rgb.shape[2])

    def _folded(self, rgb: Tensor) -> Tensor:
        """(1, 48, h, w) in channels_last memory, about 0, with the margin around it."""
        height, width = rgb.shape[1], rgb.shape[2]
        rows, columns = canvas_size(height, width)
        folded = torch.empty((1, rows, columns, 3 * FOLD * FOLD), dtype=self._dtype, device=rgb.device)
        steps = [np.int64(step) for step in rgb.stride()]
        sizes = [np.int32(size) for size in (height, width, rows, columns)]
        threads = rows * columns * 3 * FOLD
        self._launch("fold_picture", threads, [_address(rgb), *steps, *sizes, _address(folded)])
        return folded.permute(0, 3, 1, 2)

    def _as_rgbx(self, painted: Tensor, height: int, width: int) -> Tensor:
        rgbx = torch.empty((height, width, 4), dtype=torch.uint8, device=painted.device)
        sizes = [np.int32(size) for size in (painted.shape[3], height, width)]
        self._launch("write_rgbx", height * width, [_address(painted), *sizes, _address(rgbx)])
        return rgbx[:, :, :3].permute(2, 0, 1)

    def _launch(self, name: str, threads: int, arguments: list[np.generic]) -> None:
        blocks = -(-threads // _IN_A_ROW)
        self._kernels.launch(name, (blocks,), (_IN_A_ROW,), arguments)


def _address(tensor: Tensor) -> np.uint64:
    return np.uint64(tensor.data_ptr())
