"""A style as a file that plain torch can load and paint with, for use outside Murai."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from murai.errors import PackError
from murai.networks.canvas import draw_canvas
from murai.networks.folded import fold_statistics
from murai.networks.style import FixedAffine, StyleNetwork
from murai.stylize.following import Following, mix_rows
from murai.stylize.pack import Pack, load_weights
from murai.stylize.torchscript import script, to_bytes


class StillPainter(nn.Module):
    """Bytes in, bytes out, like `murai.stylize.engine.Engine.paint_still`, in float32.

    scale, shift: (V,), as the network's affines want them.
    """

    def __init__(self, network: StyleNetwork, scale: Tensor, shift: Tensor) -> None:
        super().__init__()
        self.network = network
        self.scale = nn.Buffer(scale[None])
        self.shift = nn.Buffer(shift[None])

    def forward(self, rgb: Tensor) -> Tensor:
        """A painting (3, H, W) uint8 of a picture (3, H, W) uint8 on the module's device."""
        pictures = rgb[None].to(self.scale.dtype) / 255.0
        folded = self.network.with_margin(pictures)
        canvas = draw_canvas(folded.shape[2] // self.network.fold, folded.shape[3] // self.network.fold)
        painted: Tensor = self.network(pictures, canvas.to(self.scale), self.scale, self.shift)[0]
        return (painted * 255.0).round().to(torch.uint8)


def export_still_painter(pack: Pack, shares: list[float], file: Path) -> None:
    """Writes a mix of a pack's styles as TorchScript: `torch.jit.load(file)(rgb)`, see `StillPainter.forward`.

    shares: one a style, in the pack's order, summing to 1.

    Raises:
        PackError: the pack can't be used, or the file not be written.
    """
    data = to_bytes(script(_still_painter(pack, shares)))
    try:
        file.write_bytes(data)
    except OSError as fault:
        raise PackError(f"can't write {file}: {fault.strerror}", "name a file that can be written") from fault


def _still_painter(pack: Pack, shares: list[float]) -> StillPainter:
    weights = load_weights(pack)
    vectors = mix_rows(weights.scale, shares), mix_rows(weights.shift, shares)
    if pack.facts.network.follow:
        return StillPainter(weights.network, *vectors).eval()
    fixed = StyleNetwork(pack.facts.network.spec, FixedAffine)
    fixed.load_state_dict(weights.network.state_dict())
    usual = Following(weights.mean, weights.deviation).present(shares)
    return StillPainter(fixed, *fold_statistics(*vectors, *usual)).eval().requires_grad_(False)
