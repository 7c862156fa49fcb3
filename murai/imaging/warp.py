"""Pictures moved by a flow.

A flow is (N, 2, H, W) float in px: at each place of a picture, how far right and how far down in *another*
picture the same thing is. `warp(other, flow)` therefore looks like the picture that the flow belongs to.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F


def pixel_grid(height: int, width: int, device: torch.device | str = "cpu") -> Tensor:
    """Where each pixel is, (1, 2, H, W) float px: across, then down, from 0 at the first pixel's middle."""
    down, across = torch.meshgrid(
        torch.arange(height, dtype=torch.float32, device=device),
        torch.arange(width, dtype=torch.float32, device=device),
        indexing="ij",
    )
    return torch.stack([across, down])[None]


def warp(pictures: Tensor, flow: Tensor, mode: Literal["bilinear", "bicubic"] = "bilinear") -> Tensor:
    """pictures[y + flow_y, x + flow_x] at each (y, x); beyond an edge, what is at the edge.

    pictures: (N, C, H, W) float; the answer is in single precision, or theirs where it is higher.
    flow: see the module; it gets gradients too.
    """
    height, width = pictures.shape[2:]
    place = pixel_grid(height, width, pictures.device) + flow
    sizes = torch.tensor([width, height], dtype=torch.float32, device=pictures.device).view(1, 2, 1, 1)
    # grid_sample counts from -1 at the first pixel's outer edge to 1 at the last's.
    grid = ((place + 0.5) * 2.0 / sizes - 1.0).permute(0, 2, 3, 1)
    precise = torch.promote_types(pictures.dtype, torch.float32)
    return F.grid_sample(pictures.to(precise), grid.to(precise), mode=mode, padding_mode="border", align_corners=False)


class Mover:
    """Warps pictures of one size again and again; on a GPU it sends nothing there. Owned by one thread.

    size: height and width, px.
    """

    def __init__(self, size: tuple[int, int], device: torch.device | str = "cpu") -> None:
        # As grid_sample counts: from -1 at the first pixel's outer edge to 1 at the last's.
        self._unit = torch.tensor([2.0 / size[1], 2.0 / size[0]], device=device).view(1, 2, 1, 1)
        self._grid = (pixel_grid(*size, device) + 0.5) * self._unit - 1.0

    def moved(self, pictures: Tensor, flow: Tensor) -> Tensor:
        """As `warp`, bilinear and in single precision."""
        grid = (self._grid + flow * self._unit).permute(0, 2, 3, 1)
        return F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def stays_inside(flow: Tensor) -> Tensor:
    """1 where the flow points into the picture, 0 where it leaves it, (N, 1, H, W) float."""
    height, width = flow.shape[2:]
    across, down = (pixel_grid(height, width, flow.device) + flow).unbind(1)
    inside = (across >= 0.0) & (across <= width - 1.0) & (down >= 0.0) & (down <= height - 1.0)
    return inside[:, None].float()
