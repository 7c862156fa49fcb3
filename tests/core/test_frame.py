"""What a frame says of itself."""

from __future__ import annotations

import torch

from murai.core.frame import Frame


def test_size_is_width_by_height_whatever_the_memory_layout() -> None:
    interleaved = torch.zeros(360, 640, 3, dtype=torch.uint8).permute(2, 0, 1)
    assert Frame(rgb=interleaved, captured_s=1.5, seq=0).size_px == (640, 360)
