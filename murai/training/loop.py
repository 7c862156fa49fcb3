"""The training loop."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from murai.errors import TrainingError
from murai.networks.canvas import canvas_size, draw_canvas
from murai.networks.perceptual import PerceptualNetwork
from murai.training.data import Photographs
from murai.training.losses import (
    Losses,
    perceptual_losses,
    sensor_noise,
    style_grams,
    tone,
    total_variation,
)
from murai.training.model import StyleModel, with_fixed_statistics
from murai.training.recipe import Recipe

_CLIMB_STEPS = 50
_CANVAS_SPARE = 256


@dataclass(frozen=True)
class StepReport:
    """One finished step: its number from 1, its losses (unweighted, and the weighted `total`)."""

    step: int
    content: float
    style: float
    tone: float
    steadiness: float
    variation: float
    total: float


class Trainer:
    """Trains one network for several styles, in two parts.

    The first part normalises each picture by itself, which learns fast. The second, of `Recipe.fixed_share`
    and by default of no steps, goes on with fixed statistics (see `with_fixed_statistics`), which is what
    the live picture is painted with.

    Owned by one thread. `state` and `restore` carry everything over to another process: the run goes
    on as if it had not been interrupted.
    """

    def __init__(
        self, recipe: Recipe, network: PerceptualNetwork, photographs: Photographs, style_images: list[Tensor]
    ) -> None:
        self.recipe = recipe
        self.step = 0
        self._network = network
        self._photographs = photographs
        self._styles = len(style_images)
        self._targets = _stack([style_grams(network, image.float() / 255.0) for image in style_images])
        self._random = torch.Generator().manual_seed(recipe.seed)
        height, width = canvas_size(recipe.square_px, recipe.square_px)
        self._large_canvas = draw_canvas(height + _CANVAS_SPARE, width + _CANVAS_SPARE)
        torch.manual_seed(recipe.seed)
        self._adopt(StyleModel(recipe.network, self._styles, fixed=recipe.switch_step == 0))

    def _adopt(self, model: StyleModel) -> None:
        self.model = model
        self._optimiser = torch.optim.Adam(self.model.parameters(), lr=self.recipe.rate)

    def run(self) -> Iterator[StepReport]:
        """Does the steps that are left, one for each item asked for; in the end the statistics are fixed.

        Raises:
            TrainingError: the loss is no longer a number.
        """
        batches = self._photographs.batches(self.recipe.batch, self._random)
        while True:
            if self.step == self.recipe.switch_step and not self.model.fixed:
                self._adopt(with_fixed_statistics(self.model, batches))
            if self.step >= self.recipe.steps:
                return
            yield self._do_step(next(batches))

    def _do_step(self, photographs: Tensor) -> StepReport:
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate()
        losses = self._losses(photographs)
        total = losses.total(self.recipe.weights)
        value = float(total.detach())
        if not math.isfinite(value):
            raise TrainingError(
                f"the loss is {value} at step {self.step + 1}",
                "start again with another --seed or a lower --style-weight",
            )
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self._optimiser.step()
        self.step += 1
        plain = {name: float(loss.detach()) for name, loss in losses.by_name().items()}
        return StepReport(step=self.step, total=value, **plain)

    def _losses(self, photographs: Tensor) -> Losses:
        # The styles take turns, so that each has the same share of the photographs.
        styles = (torch.arange(len(photographs)) + self.step * len(photographs)) % self._styles
        noisy = sensor_noise(photographs, self._random)
        with torch.autocast("cpu", torch.bfloat16):
            both = self.model(torch.cat([photographs, noisy]), styles.repeat(2), self._canvas()).float()
            painted, painted_noisy = both.chunk(2)
            targets = {layer: grams[styles] for layer, grams in self._targets.items()}
            content, style = perceptual_losses(self._network, painted, photographs, targets)
        dark = tone(painted, photographs)
        return Losses(content, style, dark, (painted - painted_noisy).square().mean(), total_variation(painted))

    def measure(self, style: int, rounds: int = 4) -> dict[str, float]:
        """Content and style loss of one style, on squares that training has not dealt out."""
        batches = self._photographs.batches(self.recipe.batch, torch.Generator().manual_seed(self.recipe.seed + 1))
        found = []
        with torch.no_grad():
            for _ in range(rounds):
                photographs = next(batches)
                styles = torch.full((len(photographs),), style)
                targets = {layer: grams[styles] for layer, grams in self._targets.items()}
                painted = self.model(photographs, styles)
                found.append(torch.stack(perceptual_losses(self._network, painted, photographs, targets)))
        content, style_loss = torch.stack(found).mean(0).tolist()
        return {"content": round(content, 4), "style": round(style_loss, 4)}

    def _rate(self) -> float:
        """A cosine down to a quarter in the first part, and from a half down to nothing in the second.

        Each part begins with a short climb, for Adam's first steps know little of the gradients' sizes.
        """
        first = self.step < self.recipe.switch_step
        begin, end = (0, self.recipe.switch_step) if first else (self.recipe.switch_step, self.recipe.steps)
        high, low = (1.0, 0.25) if first else (0.5, 0.0)
        done = (self.step - begin) / (end - begin)
        climb = min(1.0, (self.step - begin + 1) / _CLIMB_STEPS)
        return self.recipe.rate * climb * (low + (high - low) * 0.5 * (1.0 + math.cos(math.pi * done)))

    def _canvas(self) -> Tensor:
        """Another part of the canvas each time, so that no stroke is learnt by its place."""
        height, width = canvas_size(self.recipe.square_px, self.recipe.square_px)
        top, left = torch.randint(_CANVAS_SPARE, (2,), generator=self._random).tolist()
        return self._large_canvas[:, :, top : top + height, left : left + width]

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on, as tensors and plain values."""
        return {
            "recipe": asdict(self.recipe),
            "step": self.step,
            "fixed": self.model.fixed,
            "model": self.model.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "random": self._random.get_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on from a `state`.

        Raises:
            TrainingError: it is of another recipe, or of other styles.
        """
        if state["recipe"] != asdict(self.recipe) or len(state["model"]["scale"]) != self._styles:
            raise TrainingError(
                "the checkpoint is of a run with other settings or styles", "give the same ones, or leave out --resume"
            )
        self._adopt(StyleModel(self.recipe.network, self._styles, fixed=state["fixed"]))
        self.model.load_state_dict(state["model"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._random.set_state(state["random"])
        self.step = state["step"]


def _stack(grams: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """By layer, the Gram matrices of all styles (S, C, C)."""
    return {layer: torch.stack([one[layer] for one in grams]) for layer in grams[0]}
