"""What a step's paintings are measured by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from murai.imaging.measures import grid, tone, total_variation
from murai.networks.canvas import FOLD
from murai.networks.likeness import perceptual_losses, style_targets, usual_content
from murai.networks.perceptual import PerceptualNetwork
from murai.training.augment import Augment
from murai.training.clips import Clips, ClipSquares
from murai.training.data import Photographs, draw_deals
from murai.training.losses import Losses, LossWeights
from murai.training.plan import Companion, Item
from murai.training.recipe import Recipe
from murai.training.stability import Motion, booth_noise, clip_loss, motion_loss, noise_loss
from murai.training.style_image import StyleImage

_PHOTOGRAPHS_LOOKED_AT = 32

Paint = Callable[[Tensor, Tensor], Tensor]
"""Paintings (N, 3, H, W) float32 of pictures (N, 3, H, W) in [0, 1] in the styles of these numbers (N,)."""


@dataclass(frozen=True)
class Job:
    """What is learnt and from what.

    network: perceptual, on the device that trains, in its number type.
    clips: None where no film is at hand; then nothing is learnt from films.
    """

    network: PerceptualNetwork
    photographs: Photographs
    styles: Sequence[StyleImage]
    clips: Clips | None = None

    def told(self) -> dict[str, Any]:
        """What tells this job from one that would go on otherwise, besides the styles."""
        layers = self.network.layers
        return {
            "network": self.network.name,
            "layers": [dict(layers.content), dict(layers.style), layers.pooling],
            "photographs": len(self.photographs),
            "pairs of frames": 0 if self.clips is None else len(self.clips),
        }


class Objective:
    """Measures paintings against photographs, style images, and each other.

    The losses for steadiness take turns, one a step, and count for as many more: so each costs a forward pass
    every few steps instead of every step, and weighs the same in the end.
    """

    def __init__(self, job: Job, recipe: Recipe, device: torch.device) -> None:
        self._job = job
        self._kind = recipe.style_distance
        self._augment = Augment() if recipe.damage else None
        self._device = device
        self._turns = companions(recipe.weights, job.clips is not None)
        turns = len(self._turns)
        more = {name: getattr(recipe.weights, name) * turns for name in self._turns}
        self.weights = replace(recipe.weights, **more)
        self._targets = _stack([self._measured(style) for style in job.styles])
        self._usual = usual_content(job.network, _some_photographs(job.photographs, recipe.square_px))

    def _measured(self, style: StyleImage) -> dict[str, Tensor]:
        pictures = [picture.to(self._device).float() / 255.0 for picture in style.pictures]
        masks = [None if mask is None else mask.to(self._device) for mask in style.masks]
        return style_targets(self._job.network, pictures, masks, self._kind)

    def losses(self, items: Sequence[Item], step: int, side_px: int, paint: Paint) -> Losses:
        """Of one process's part of a batch. Each is a mean over items, so that it doesn't matter who has which."""
        photographs = self._job.photographs.squares([item.deal for item in items], side_px)
        randoms = [torch.Generator(self._device).manual_seed(item.seed) for item in items]
        shown, photographs = self._damaged(photographs, randoms)
        styles = torch.tensor([item.style for item in items], device=self._device)
        turn = self._turns[step % len(self._turns)] if self._turns else None
        beside: dict[str, Tensor] = {}
        if turn == "noise":
            painted, beside["noise"] = _with_noise(shown, styles, randoms, paint)
        elif turn == "motion":
            painted, beside["motion"] = _with_motion(shown, styles, randoms, paint)
        elif turn == "clip":
            assert self._job.clips is not None
            squares = self._job.clips.squares([item.pair for item in items], side_px)
            painted, beside["clip"] = _with_clip(shown, styles, squares, paint)
        else:
            painted = paint(shown, styles)
        if self.weights.grid > 0.0:
            beside["grid"] = grid(painted, FOLD)
        content, style = self.likeness(painted, photographs, styles)
        return Losses(content, style, tone(painted, photographs), total_variation(painted), **beside)

    def likeness(self, painted: Tensor, photographs: Tensor, styles: Tensor) -> tuple[Tensor, Tensor]:
        """Content and style loss, scalars. painted, photographs: (N, 3, H, W); styles: numbers (N,)."""
        targets = {layer: each[styles] for layer, each in self._targets.items()}
        return perceptual_losses(self._job.network, painted, photographs, targets, self._kind, self._usual)

    def _damaged(self, photographs: Tensor, randoms: Sequence[torch.Generator]) -> tuple[Tensor, Tensor]:
        """What the network sees, and the photographs in the same light."""
        if self._augment is None:
            return photographs, photographs
        pairs = [self._augment(one, random) for one, random in _singly(photographs, randoms)]
        shown, clean = (torch.cat(each) for each in zip(*pairs, strict=True))
        return shown, clean


def _some_photographs(photographs: Photographs, side_px: int) -> Tensor:
    """32 squares, always the same."""
    deals = draw_deals(len(photographs), _PHOTOGRAPHS_LOOKED_AT, torch.Generator().manual_seed(0))
    return photographs.squares(deals, side_px)


def companions(weights: LossWeights, has_clips: bool) -> tuple[Companion, ...]:
    """The losses for steadiness that count, in their turn."""
    found: list[Companion] = []
    if weights.noise > 0.0:
        found.append("noise")
    if weights.motion > 0.0:
        found.append("motion")
    if weights.clip > 0.0 and has_clips:
        found.append("clip")
    return tuple(found)


def _singly(pictures: Tensor, randoms: Sequence[torch.Generator]) -> zip[tuple[Tensor, torch.Generator]]:
    """Each picture (1, 3, H, W) with its own random numbers, which are then the same however a batch is dealt."""
    return zip(_ones(pictures), randoms, strict=True)


def _ones(batch: Tensor) -> list[Tensor]:
    """Each item of a batch as a batch of one."""
    return [batch[number : number + 1] for number in range(len(batch))]


def _with_noise(
    shown: Tensor, styles: Tensor, randoms: Sequence[torch.Generator], paint: Paint
) -> tuple[Tensor, Tensor]:
    noisy = torch.cat([booth_noise(one, random) for one, random in _singly(shown, randoms)])
    painted, again = paint(torch.cat([shown, noisy]), styles.repeat(2)).chunk(2)
    return painted, noise_loss(painted, again)


def _with_motion(
    shown: Tensor, styles: Tensor, randoms: Sequence[torch.Generator], paint: Paint
) -> tuple[Tensor, Tensor]:
    size = (shown.shape[2], shown.shape[3])
    motions = [Motion.draw(1, size, random) for random in randoms]
    moved = torch.cat([motion.move(one) for one, motion in zip(_ones(shown), motions, strict=True)])
    painted, of_moved = paint(torch.cat([shown, moved]), styles.repeat(2)).chunk(2)
    each = zip(_ones(of_moved), _ones(painted), motions, strict=True)
    return painted, torch.stack([motion_loss(after, before, motion) for after, before, motion in each]).mean()


def _with_clip(shown: Tensor, styles: Tensor, squares: ClipSquares, paint: Paint) -> tuple[Tensor, Tensor]:
    all_painted = paint(torch.cat([shown, squares.now, squares.before]), styles.repeat(3))
    painted, now, before = all_painted.chunk(3)
    each = zip(*map(_ones, (now, before, squares.flow, squares.seen)), strict=True)
    return painted, torch.stack([clip_loss(*four) for four in each]).mean()


def _stack(targets: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """By layer, the statistics of all styles (S, …)."""
    return {layer: torch.stack([one[layer] for one in targets]) for layer in targets[0]}
