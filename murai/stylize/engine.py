"""A pack, ready to paint."""

from __future__ import annotations

import torch
from torch import Tensor

from murai.hardware import Compute
from murai.networks.folded import FoldedStyle, fold_style
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
        self._network = weights.network.to(compute.device)
        self._scale = weights.scale.to(compute.device)
        self._shift = weights.shift.to(compute.device)
        self._painter = compile_painter(compute.dtype)
        self._shares: list[float] = []
        self._folded = FoldedStyle([], [])

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
        shares: one a style, in the pack's order, summing to 1.
        Returns (3, H, W) uint8, a view of (H, W, 4) memory of its own.
        """
        with torch.inference_mode():
            if shares != self._shares:
                self._shares, self._folded = shares, self._fold(shares)
            painted: Tensor = self._painter(rgb, self._folded.kernels, self._folded.biases)
            return painted

    def _fold(self, shares: list[float]) -> FoldedStyle:
        weights = torch.tensor(shares, device=self.compute.device)
        return fold_style(self._network, weights @ self._scale, weights @ self._shift, self.compute.dtype)
