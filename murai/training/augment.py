"""Pictures as booths see them: dark, noisy, and through a camera that compresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from murai.errors import TrainingError
from murai.training.compression import through_h264, through_jpeg

_BRIGHTNESS = (0.35, 1.15)
_GAMMA = (0.7, 1.6)
_LOW_LIGHT_GAIN = (0.01, 0.05)
_LOW_LIGHT_READ = (0.005, 0.03)
_JPEG_QUALITY = (15, 70)
_H264_QP = (26, 42)


class Augmented(NamedTuple):
    """seen: what the network gets; wanted: the clean picture in the same light, that its painting is held against."""

    seen: Tensor
    wanted: Tensor


@dataclass(frozen=True)
class Augment:
    """Chances, each for one picture by itself, of what happens to it before the network sees it.

    brightness, gamma: another light. They change the content that is wanted as well, for a network must
        paint what is there, a dark booth darkly; it has no business with guessing the light.
    low_light: noise that grows with the light (shot) and noise that doesn't (read), both as in a dark room.
    jpeg, h264: damage of a camera's compression. These three are only for what the network sees: the painting
        is to be that of the clean picture, so that blocks and noise are never taken for strokes' outlines.
    """

    brightness: float = 0.5
    gamma: float = 0.3
    low_light: float = 0.3
    jpeg: float = 0.15
    h264: float = 0.15

    def __post_init__(self) -> None:
        for name, chance in vars(self).items():
            if not 0.0 <= chance <= 1.0:
                raise TrainingError(f"a chance of {chance} for {name} is none", "give a number from 0 to 1")

    def __call__(self, pictures: Tensor, generator: torch.Generator) -> Augmented:
        """A batch as a camera in some booth would give it.

        pictures: (N, 3, H, W) float RGB in [0, 1], and so are the answers, on its device. Numbers are drawn on
        the generator's device; compression happens on the CPU.
        """
        wanted = self.light(pictures, generator)
        return Augmented(self.damage(wanted, generator), wanted)

    def light(self, pictures: Tensor, generator: torch.Generator) -> Tensor:
        """Brightness and gamma, where chance will have it."""
        n = len(pictures)
        factor = _drawn(n, _BRIGHTNESS, self.brightness, generator).to(pictures.device)
        power = _drawn(n, _GAMMA, self.gamma, generator).to(pictures.device)
        return (pictures * factor).clamp(0.0, 1.0).pow(power)

    def damage(self, pictures: Tensor, generator: torch.Generator) -> Tensor:
        """Noise and compression, in the order in which a camera does them, where chance will have it."""
        seen = _low_light(pictures, self.low_light, generator)
        seen = _some(seen, self.jpeg, generator, through_jpeg, _JPEG_QUALITY)
        return _some(seen, self.h264, generator, through_h264, _H264_QP)


def _drawn(n: int, span: tuple[float, float], chance: float, generator: torch.Generator) -> Tensor:
    """(N, 1, 1, 1): numbers of the span, evenly in their logarithms, and 1 where chance won't have it."""
    drawn, thrown = torch.rand((2, n), generator=generator, device=generator.device)
    low, high = span
    return torch.where(thrown < chance, low * (high / low) ** drawn, 1.0).view(n, 1, 1, 1)


def _low_light(pictures: Tensor, chance: float, generator: torch.Generator) -> Tensor:
    """Variance a * light + b (Foi et al. 2008, eq. 2)."""
    n = len(pictures)
    thrown, gain, read = torch.rand((3, n, 1, 1, 1), generator=generator, device=generator.device)
    noise = torch.randn(pictures.shape, generator=generator, device=generator.device)
    thrown, gain, read, noise = (x.to(pictures.device) for x in (thrown, gain, read, noise))
    shot_variance = _between(gain, _LOW_LIGHT_GAIN).square() * pictures
    sigma = (shot_variance + _between(read, _LOW_LIGHT_READ).square()).sqrt()
    return (pictures + noise * sigma * (thrown < chance)).clamp(0.0, 1.0)


def _between(share: Tensor, span: tuple[float, float]) -> Tensor:
    return span[0] + share * (span[1] - span[0])


def _some(
    pictures: Tensor,
    chance: float,
    generator: torch.Generator,
    through: Callable[[Tensor, int], Tensor],
    span: tuple[int, int],
) -> Tensor:
    """Sends those pictures that chance picks through a compression of one strength, the same for the batch."""
    thrown = torch.rand(len(pictures), generator=generator, device=generator.device)
    strength = int(torch.randint(span[0], span[1] + 1, (1,), generator=generator, device=generator.device))
    picked = (thrown < chance).nonzero()[:, 0].to(pictures.device)
    if len(picked) == 0:
        return pictures
    return pictures.index_copy(0, picked, through(pictures[picked], strength))
