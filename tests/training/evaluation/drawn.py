"""What the tests of the evaluation measure: drawn pictures and films, and painters whose work is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from murai.networks.likeness import style_targets
from murai.networks.style_statistics import StyleKind
from murai.training.evaluation.steadiness import Film
from murai.training.evaluation.yardstick import Yardstick
from murai.training.losses import LossWeights
from tests.training.tiny import TinyEyes, style_image


def texture(height: int, width: int, seed: int = 1) -> Tensor:
    """(3, H, W) uint8: soft spots of about 8 px, which a flow can be found in."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand((1, 3, height // 8 + 2, width // 8 + 2), generator=random)
    fine = F.interpolate(coarse, size=(height, width), mode="bicubic", align_corners=False).clamp(0.0, 1.0)
    return (fine[0] * 255.0).round().to(torch.uint8)


def yardstick(side_px: int = 48, seed: int = 2, kind: StyleKind = "gram") -> Yardstick:
    """Of a drawn photograph in the style of drawn stripes, by `TinyEyes`."""
    eyes = TinyEyes()
    targets = style_targets(eyes, style_image(0).float() / 255.0, kind=kind)
    return Yardstick(eyes, LossWeights(), texture(side_px, side_px, seed).float() / 255.0, targets, kind)


def still_film(frames: int = 4, height: int = 96, width: int = 128) -> Film:
    """The same frame again and again."""
    return Film((texture(height, width),) * frames, 10.0)


def jittering(film: Film, step: int) -> list[Tensor]:
    """Every other frame darker by `step` of 255."""
    return [(frame.short() - step * (n % 2)).clamp(0, 255).to(torch.uint8) for n, frame in enumerate(film.frames)]


class PlainPainter:
    """Hands pictures back as they came, its contrast times a factor; so its noise gain is that factor."""

    def __init__(self, contrast: float = 1.0) -> None:
        self._contrast = contrast

    def still(self, picture: Tensor, style: int) -> Tensor:
        return ((picture.float() - 128.0) * self._contrast + 128.0).round().clamp(0, 255).to(torch.uint8)

    def film(self, frames: Iterable[tuple[float, Tensor]], style: int) -> Iterator[Tensor]:
        return (self.still(frame, style) for _, frame in frames)

    def steadied(self, frames: Iterable[tuple[float, Tensor]], paintings: Iterable[Tensor]) -> Iterator[Tensor]:
        """All as the first one."""
        first = next(iter(paintings))
        return (first for _ in frames)
