"""What paints a frame, once a style is folded into the network."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class Painter(Protocol):
    """Paints one picture after another. Used by one thread at a time."""

    def __call__(self, rgb: Tensor, ground: Tensor, kernels: list[Tensor], biases: list[Tensor]) -> Tensor:
        """A painting of its own memory, never written to again: (3, H, W) uint8, a view of (H, W, 4).

        rgb: (3, H, W) uint8 on the painter's device, of any strides.
        ground, kernels, biases: see `murai.networks.folded.FoldedStyle`, of the painter's number type and on its
            device. The very same lists while the style rests: a painter may keep what it made of them, by identity.
        """
