"""From a content picture and styles to a painting, from small to large."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from murai.networks.perceptual import PerceptualNetwork
from murai.painting.memory import with_smaller_tiles
from murai.painting.objective import Extra, Objective, PaintingWeights
from murai.painting.optimise import OptimiserSettings, Watch, optimise
from murai.painting.resizing import ladder, resized, steps_at
from murai.painting.styles import Style, regions_of

_FRAME_PX = 16


@dataclass(frozen=True)
class Settings:
    """How a picture is painted.

    size: (height, width) of the painting. smallest_px: of the long side at the first size; see `ladder`.
    steps: at the first size, and fewer at each further one; see `steps_at`.
    tile_px: larger pictures are looked at in tiles of this side.
    last_sizes: how many of the sizes are painted at, counted from the largest; None for all.
    """

    size: tuple[int, int]
    smallest_px: int
    steps: int
    tile_px: int
    weights: PaintingWeights = field(default_factory=PaintingWeights)
    optimiser: OptimiserSettings = field(default_factory=OptimiserSettings)
    last_sizes: int | None = None

    @property
    def stages(self) -> list[tuple[tuple[int, int], int]]:
        """Each size, (height, width), with its number of steps."""
        sizes = ladder(self.size, self.smallest_px)
        stages = [(size, steps_at(self.steps, number)) for number, size in enumerate(sizes)]
        return stages if self.last_sizes is None else stages[-self.last_sizes :]

    @property
    def all_steps(self) -> int:
        """Over all sizes."""
        return sum(steps for _, steps in self.stages)

    @property
    def work_px(self) -> int:
        """Pixels looked at over all steps, which the time that it takes goes by."""
        return sum(height * width * steps for (height, width), steps in self.stages)


@dataclass(frozen=True)
class Moment:
    """Where a painting stands.

    step: over all sizes, from 1. losses: before that step, see `Evaluation`. picture: (3, h, w) float RGB that has
    them, somewhat beyond [0, 1] perhaps; it changes with the next step.
    """

    step: int
    losses: dict[str, float]
    picture: Tensor


@dataclass(frozen=True)
class Wishes:
    """What a painting is to be like.

    content: (3, H, W) float RGB in [0, 1], of the painting's shape and of any size.
    extras: further losses by name, asked at each size.
    """

    content: Tensor
    styles: Sequence[Style]
    extras: Mapping[str, Extra] = field(default_factory=dict)


def paint(
    network: PerceptualNetwork,
    wishes: Wishes,
    settings: Settings,
    start: Tensor,
    watch: Callable[[Moment], None] = lambda _: None,
) -> Tensor:
    """The painting, (3, H, W) float RGB in [0, 1], on the device of the wishes' pictures.

    start: (3, h, w) float RGB, what the first size begins with; it is brought to that size.
    watch: told after each step.

    Raises:
        PaintingError: a loss is no number, a mask leaves nothing, or memory is full.
    """
    picture, done = start, 0
    for size, steps in settings.stages:
        objective = _objective(network, wishes, settings, size)
        told = _counted(watch, done, size)
        framed = optimise(_framed(resized(picture, size)), objective, settings.optimiser, steps, told)
        picture = _unframed(framed, size)
        done += steps
    return picture.contiguous()


def _counted(watch: Callable[[Moment], None], done: int, size: tuple[int, int]) -> Watch:
    return lambda step, losses, framed: watch(Moment(done + step, losses, _unframed(framed, size)))


def _objective(network: PerceptualNetwork, wishes: Wishes, settings: Settings, size: tuple[int, int]) -> Objective:
    """Of the picture with its frame, of which the extra losses see nothing."""
    zoom = min(size) / min(settings.size)
    regions = with_smaller_tiles(
        network, settings.tile_px, lambda tile_px: regions_of(network, wishes.styles, size, zoom, tile_px)
    )
    framed = [
        region if region.cover is None else replace(region, cover=_framed(region.cover[None])[0]) for region in regions
    ]
    extras = {name: _of_unframed(extra, size) for name, extra in wishes.extras.items()}
    content = _framed(resized(wishes.content, size))
    return Objective(network, content, framed, settings.weights, settings.tile_px, extras)


def _of_unframed(extra: Extra, size: tuple[int, int]) -> Extra:
    return lambda framed: extra(_unframed(framed, size))


def _framed(picture: Tensor) -> Tensor:
    """A picture (C, H, W) with its mirror image around it.

    At its edge a network sees the nothing outside, and paintings got a dull frame of some px. This one is cut off.
    """
    frame_px = _frame_px((picture.shape[1], picture.shape[2]))
    return F.pad(picture[None], [frame_px] * 4, mode="reflect")[0]


def _unframed(framed: Tensor, size: tuple[int, int]) -> Tensor:
    frame_px = _frame_px(size)
    return framed[:, frame_px : frame_px + size[0], frame_px : frame_px + size[1]]


def _frame_px(size: tuple[int, int]) -> int:
    return min(_FRAME_PX, min(size) - 1)


def first_picture(content: Tensor, style: Tensor, noise_share: float, seed: int, *, from_style: bool = False) -> Tensor:
    """What to start with: content or style, with a share of noise, of the content's size.

    content, style: (3, H, W) float RGB in [0, 1]; the style's middle is taken, in the content's shape.
    noise_share: 0 to 1; 1 is noise alone, N(0.5, 0.1) for each pixel, drawn on the CPU by the seed.
    """
    size = (content.shape[1], content.shape[2])
    begun = resized(_middle(style, size), size) if from_style else content
    random = torch.Generator().manual_seed(seed)
    noise = (torch.randn(content.shape, generator=random) * 0.1 + 0.5).to(content)
    return begun.lerp(noise, noise_share)


def _middle(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """The largest part of a picture (3, H, W) around its middle that has the shape of `size`."""
    height, width = picture.shape[1:]
    factor = min(height / size[0], width / size[1])
    inner = (max(1, round(size[0] * factor)), max(1, round(size[1] * factor)))
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    return picture[:, top : top + inner[0], left : left + inner[1]]
