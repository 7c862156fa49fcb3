"""Small pictures for tests of what is done with pictures."""

from __future__ import annotations

import torch

from murai.core.frame import Frame, Painted


def painted(
    style: str = "style-1", seq: int = 0, captured_s: float = 0.0, size_px: tuple[int, int] = (32, 18)
) -> Painted:
    """An orange painting of a blue camera picture."""
    width, height = size_px
    camera = torch.tensor([40, 80, 160], dtype=torch.uint8).expand(height, width, 3).contiguous().permute(2, 0, 1)
    painting = torch.tensor([220, 120, 30], dtype=torch.uint8).expand(height, width, 3).contiguous().permute(2, 0, 1)
    return Painted(Frame(painting, captured_s, seq), Frame(camera, captured_s, seq), style)
