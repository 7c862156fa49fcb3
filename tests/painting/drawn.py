"""What the tests of painting look with and at: a thin perceptual network of random filters, and drawn pictures."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from murai.networks.perceptual import Layers, PerceptualNetwork, Pooling, open_perceptual
from tests.networks.vgg_files import write_vgg_files

SHALLOW = ("relu1_1", "relu2_1")


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    made = tempfile.TemporaryDirectory()
    write_vgg_files(Path(made.name), thinner=8)
    return made


def vgg_folder() -> Path:
    """The files of `eyes`."""
    return Path(_folder().name)


def eyes(
    style: tuple[str, ...] = SHALLOW,
    content: str = "relu2_1",
    pooling: Pooling = "average",
    dtype: torch.dtype = torch.float64,
) -> PerceptualNetwork:
    """In double precision, so that sums in another order differ by little."""
    layers = Layers({content: 1.0}, {layer: 1.0 + 0.5 * n for n, layer in enumerate(style)}, pooling)
    return open_perceptual(vgg_folder(), layers=layers, dtype=dtype)


def noise(height: int, width: int, seed: int = 1) -> Tensor:
    """(3, H, W) float64 in [0, 1]."""
    return torch.rand((3, height, width), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def stripes(height: int, width: int, period_px: int, seed: int, *, down: bool = False) -> Tensor:
    """(3, H, W) float64: two colours by turns, across or down, with some noise."""
    one, other = torch.rand((2, 3, 1, 1), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    at = torch.arange(height)[:, None] if down else torch.arange(width)[None]
    drawn = torch.where((at % period_px < period_px // 2).expand(3, height, width), one, other)
    return (drawn * 0.9 + noise(height, width, seed) * 0.1).clamp(0.0, 1.0)


def slope_mask(height: int, width: int) -> Tensor:
    """(H, W) float64: white at the left, black at the right, evenly between."""
    return torch.linspace(1.0, 0.0, width, dtype=torch.float64).expand(height, width).contiguous()
