"""What is done to a picture before it is painted, and to a painting afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from murai.errors import ConfigError
from murai.imaging.colour import ColourSpace, own_colours


@dataclass(frozen=True)
class Fit:
    """Cuts a part out and scales it.

    crop_px: left, top, width and height in px of the input; None for all of it.
    size_px: width and height that the result fits into, its aspect ratio kept; None for as it is.
    """

    crop_px: tuple[int, int, int, int] | None = None
    size_px: tuple[int, int] | None = None

    def apply(self, planes: Tensor) -> Tensor:
        """(C, H, W) uint8 or float in host memory, of any number of channels.

        Raises:
            ConfigError: the part doesn't lie within the picture.
        """
        planes = self._cut(planes)
        height, width = planes.shape[1:]
        size = self._size_of(height, width)
        if size == (height, width):
            return planes
        return F.interpolate(planes[None], size=size, mode="bicubic", antialias=True, align_corners=False)[0]

    def _cut(self, planes: Tensor) -> Tensor:
        if self.crop_px is None:
            return planes
        left, top, width, height = self.crop_px
        if left + width > planes.shape[2] or top + height > planes.shape[1]:
            part, size = f"{left},{top},{width},{height}", f"{planes.shape[2]}x{planes.shape[1]}"
            raise ConfigError(
                f"--crop {part} goes beyond the picture of {size} px", "give x, y, width and height within it"
            )
        return planes[:, top : top + height, left : left + width]

    def _size_of(self, height: int, width: int) -> tuple[int, int]:
        if self.size_px is None:
            return height, width
        scale = min(self.size_px[0] / width, self.size_px[1] / height)
        return max(1, round(height * scale)), max(1, round(width * scale))


@dataclass(frozen=True)
class Finish:
    """What becomes of a painting.

    strength: 1 for the painting, 0 for the picture, between them both.
    own_colours: the space in which the picture's chroma is put on the painting; None for the painting's own.
    """

    strength: float = 1.0
    own_colours: ColourSpace | None = None

    def apply(self, painting: Tensor, picture: Tensor, mask: Tensor | None, outside: Tensor | None) -> Tensor:
        """(3, H, W) uint8 on the painting's device.

        painting, picture, outside: (3, H, W) uint8. mask: (H, W) float in [0, 1], where the painting counts; there
        is `outside` elsewhere, or where that is None the picture.
        """
        if mask is None and self.own_colours is None and self.strength == 1.0:
            return painting
        below = picture.float() / 255.0
        shown, weight = painting.float() / 255.0, torch.tensor(self.strength, device=below.device)
        if mask is not None and outside is not None:
            shown = torch.lerp(outside.float() / 255.0, shown, mask.to(shown.device))
        elif mask is not None:
            weight = weight * mask.to(shown.device)
        if self.own_colours is not None:
            shown = own_colours(shown, below, self.own_colours)
        shown = torch.lerp(below, shown, weight)
        return (shown * 255.0).round().clamp(0.0, 255.0).to(torch.uint8)
