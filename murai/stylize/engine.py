"""A pack, ready to paint."""

from __future__ import annotations

import torch
from torch import Tensor

from murai.hardware import Compute
from murai.stylize.pack import Pack, load_weights
from murai.stylize.torchscript import compile_painter

_WARM_UP_RUNS = 3  # TorchScript's profiling executor optimises on the second run, and the third shows it


class Engine:
    """Paints frames with one pack, its styles mixed in any shares.

    Used by one thread at a time. Everything slow happens in the constructor and in `warm_up`.

    Raises:
        PackError: the pack's weights can't be used.
    """

    name = "torchscript"

    def __init__(self, pack: Pack, compute: Compute) -> None:
        self.pack = pack
        self.compute = compute
        weights = load_weights(pack)
        torch.set_num_threads(compute.threads)
        self._scale = weights.scale.to(compute.device)
        self._shift = weights.shift.to(compute.device)
        self._painter = compile_painter(weights.network, compute.dtype, compute.device)

    def warm_up(self, size_px: tuple[int, int]) -> None:
        """Makes the first frame of this width and height as fast as all others."""
        width, height = size_px
        blank = torch.zeros((height, width, 3), dtype=torch.uint8, device=self.compute.device).permute(2, 0, 1)
        shares = [1.0] + [0.0] * (len(self.pack.styles) - 1)
        for _ in range(_WARM_UP_RUNS):
            self.paint(blank, shares)

    def paint(self, rgb: Tensor, shares: list[float]) -> Tensor:
        """A painting of the picture's size on the same device.

        rgb: (3, H, W) uint8.
        shares: one a style, in the pack's order; they need not sum to 1.
        Returns (3, H, W) uint8, a view of (H, W, 3) memory of its own.
        """
        with torch.inference_mode():
            weights = torch.tensor([shares], device=self.compute.device)
            scale = (weights @ self._scale).to(self.compute.dtype)
            shift = (weights @ self._shift).to(self.compute.dtype)
            painted: Tensor = self._painter(rgb, scale, shift)
            return painted
