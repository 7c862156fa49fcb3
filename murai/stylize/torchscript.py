"""Every call of torch.jit, and the reason for it.

A scripted and frozen network runs without the interpreter between its layers: the stylist holds the
GIL for microseconds a frame, so that capture and drawing are not kept waiting, and constants are
folded in. torch marks TorchScript as deprecated from 2.11 on. What would replace it here is
`torch.export` with AOTInductor, which needs a C++ compiler where packs are loaded; kiosks have none.
"""

from __future__ import annotations

import warnings

import torch
from torch import Tensor, nn

from murai.networks.style import StyleNetwork


class LivePainter(nn.Module):
    """The network between interleaved bytes in and interleaved bytes out."""

    def __init__(self, network: StyleNetwork, dtype: torch.dtype) -> None:
        super().__init__()
        self.network = network.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.dtype = dtype

    def forward(self, rgb: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """rgb (3, H, W) uint8; scale, shift (1, V); gives (3, H, W) uint8, a view of (H, W, 3) memory."""
        pictures = rgb[None].to(self.dtype) * (1.0 / 255.0)
        painted: Tensor = self.network(pictures, scale, shift)[0]
        # bfloat16 has no more than 8 bits: the rounding is done in float32, or greys would band.
        return (painted.permute(1, 2, 0).float() * 255.0 + 0.5).to(torch.uint8).permute(2, 0, 1)


def compile_painter(network: StyleNetwork, dtype: torch.dtype, device: str) -> torch.jit.ScriptModule:
    """The painter scripted, frozen and on its device; called like `LivePainter`."""
    painter = LivePainter(network, dtype).eval().to(device)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*torch.jit.*")
        frozen: torch.jit.ScriptModule = torch.jit.freeze(torch.jit.script(painter))
    return frozen
