"""What a step shows: drawn for the whole batch from one random state, whoever computes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from murai.networks.canvas import TRAINING_MARGIN_PX, canvas_size, draw_canvas
from murai.training.data import Deal, draw_deals
from murai.training.recipe import Recipe

CANVAS_SPARE = 256
Companion = Literal["noise", "motion", "clip"]


@dataclass(frozen=True)
class Item:
    """One picture of a batch: what it shows, the number of its style, and the seed of what is random about it.

    pair: which place of the clips stands beside it in steps that use them.
    """

    deal: Deal
    style: int
    seed: int
    pair: Deal


@dataclass(frozen=True)
class Plan:
    """One step: its items, and which part of the canvas they are painted on (top, left)."""

    items: tuple[Item, ...]
    canvas: tuple[int, int]


def draw_plan(batch: int, photographs: int, styles: int, pairs: int, generator: torch.Generator) -> Plan:
    """The next step's plan, which takes the same numbers from the generator whatever is trained.

    generator: on the CPU, in the same state in all processes.
    """
    deals = draw_deals(photographs, batch, generator)
    beside = draw_deals(max(pairs, 1), batch, generator)
    numbers = torch.randint(styles, (batch,), generator=generator).tolist()
    seeds = torch.randint(2**62, (batch,), generator=generator).tolist()
    top, left = torch.randint(CANVAS_SPARE, (2,), generator=generator).tolist()
    items = tuple(Item(*each) for each in zip(deals, numbers, seeds, beside, strict=True))
    return Plan(items, (top, left))


class Canvases:
    """Another part of the canvas each time, so that no stroke is learnt by its place; with the margin of training."""

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        height, width = canvas_size(recipe.largest_px, recipe.largest_px, TRAINING_MARGIN_PX)
        self._large = draw_canvas(height + CANVAS_SPARE, width + CANVAS_SPARE).to(device)

    def at(self, corner: tuple[int, int], side_px: int) -> Tensor:
        """(1, K, h, w) for squares of this side."""
        (top, left), (height, width) = corner, canvas_size(side_px, side_px, TRAINING_MARGIN_PX)
        return self._large[:, :, top : top + height, left : left + width]
