"""Pictures for flows: a texture that goes on for ever, cut anywhere."""

from __future__ import annotations

import torch
from torch import Tensor


def texture(height: int, width: int, right: float = 0.0, down: float = 0.0, seed: int = 1) -> Tensor:
    """(1, 3, H, W) in [0, 1]: waves in many directions, moved by any part of a pixel to the right and down."""
    random = torch.Generator().manual_seed(seed)
    y, x = torch.meshgrid(torch.arange(height) - down, torch.arange(width) - right, indexing="ij")
    speeds = (torch.rand((24, 2), generator=random) - 0.5) * 1.2  # radians a px, waves of 10 px and more
    phases, weights = torch.rand((2, 24, 3), generator=random)
    waves = torch.sin(speeds[:, :1, None] * x + speeds[:, 1:, None] * y + phases[:, 0, None, None] * 6.28)
    drawn = torch.einsum("whx,wc->chx", waves, weights)
    return (0.5 + drawn / 16.0).clamp(0.0, 1.0)[None]
