"""A pack, ready to paint."""

from __future__ import annotations

import torch
from torch import Tensor

from murai.hardware import Compute
from murai.networks.canvas import canvas_size, draw_canvas
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
        self._folded: FoldedStyle | None = None
        self._canvas = torch.empty(0)
        self._ground = torch.empty(0)

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
            style = self._prepare(shares, canvas_size(rgb.shape[1], rgb.shape[2]))
            painted: Tensor = self._painter(rgb, self._ground, style.kernels, style.biases)
            return painted

    def _prepare(self, shares: list[float], size: tuple[int, int]) -> FoldedStyle:
        """Style and ground for these shares and this height and width of canvas; mostly those of the frame before."""
        changed = self._canvas.shape[-2:] != size
        if changed:
            self._canvas = draw_canvas(*size).to(self.compute.device)
        if self._folded is None or shares != self._shares:
            weights = torch.tensor(shares, device=self.compute.device)
            vectors = (weights @ self._scale, weights @ self._shift)
            self._shares, self._folded = shares, fold_style(self._network, *vectors, self.compute.dtype)
            changed = True
        if changed:
            self._ground = self._folded.ground(self._canvas)
        return self._folded
