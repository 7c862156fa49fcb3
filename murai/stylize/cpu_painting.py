"""The painter for CPUs."""

from __future__ import annotations

import logging

import torch
from torch import Tensor

from murai.networks.folded_cpu import can_fuse, fused_kernels
from murai.stylize.painters import Painter
from murai.stylize.torchscript import compile_fused, compile_painter

_log = logging.getLogger(__name__)


def open_cpu_painter(dtype: torch.dtype) -> Painter:
    """A `FusedCpuPainter`, or the plain one where this torch or this CPU has no fused convolutions for the type."""
    if can_fuse(dtype):
        return FusedCpuPainter(dtype)
    _log.info("painting without oneDNN's fused convolutions: this torch or this CPU has none in %s", dtype)
    plain: Painter = compile_painter(dtype)
    return plain


class FusedCpuPainter:
    """Paints with oneDNN's fused convolutions; keeps what it made of the last style's kernels."""

    def __init__(self, dtype: torch.dtype) -> None:
        self._paint = compile_fused(dtype)
        self._made_of: list[Tensor] = []
        self._made: list[Tensor] = []

    def __call__(self, rgb: Tensor, ground: Tensor, kernels: list[Tensor], biases: list[Tensor]) -> Tensor:
        if kernels is not self._made_of:
            self._made_of, self._made = kernels, fused_kernels(kernels)
        painted: Tensor = self._paint(rgb, ground, self._made, biases)
        return painted
