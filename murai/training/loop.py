"""The training loop."""

from __future__ import annotations

import copy
import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from murai.errors import TrainingError
from murai.networks.canvas import TRAINING_MARGIN_PX
from murai.training.machine import Machine
from murai.training.model import Averaged, StyleModel, usual_statistics
from murai.training.objective import Job, Objective
from murai.training.optimiser import Optimisers, rate_share
from murai.training.plan import Canvases, draw_plan
from murai.training.recipe import Recipe

_log = logging.getLogger(__name__)
_KEEP_EVERY_STEPS = 50
_MOST_FAULTS = 3
_MEASURED_PHOTOGRAPHS = 32


@dataclass(frozen=True)
class StepReport:
    """One finished step: its number from 1, its losses by name (unweighted, and the weighted `total`).

    done: share of the run that lies behind, 0 to 1. spent_s: time in training so far.
    """

    step: int
    losses: dict[str, float]
    done: float = field(compare=False, default=0.0)
    spent_s: float = field(compare=False, default=0.0)


class Trainer:
    """Trains one network for several styles, or the vectors of new styles for a finished one.

    Owned by one thread of each process. `state` and `restore` carry everything over to other processes: the
    run goes on as if it had not been interrupted.

    start: the model to begin with; None for a new one. It is trained in place, and keeps the margin of training.
    clock: monotonic seconds.
    """

    def __init__(
        self,
        recipe: Recipe,
        job: Job,
        machine: Machine | None = None,
        *,
        start: StyleModel | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.recipe = recipe
        self.step = 0
        self.spent_s = 0.0
        self._job = job
        self._machine = machine or Machine()
        self._clock = clock
        self._mine = self._machine.crew.share(recipe.batch)
        self._random = torch.Generator().manual_seed(recipe.seed)
        self._objective = Objective(job, recipe, self._machine.device)
        self._canvases = Canvases(recipe, self._machine.device)
        self.model = (start or _new_model(recipe, len(job.styles))).to(self._machine.device)
        self.model.network.requires_grad_(recipe.network_trained)
        self._averaged = Averaged(self.model)
        self.model.network.margin_px = TRAINING_MARGIN_PX
        self._painter = _shared(self.model, self._machine)
        self._optimisers = Optimisers(self.model, recipe.kernel_rate, recipe.vector_rate)
        self._calm = 1.0
        self._faults = 0
        self._kept: dict[str, Any] | None = None

    @property
    def averaged(self) -> StyleModel:
        """The model with the averaged weights, which are the ones to keep."""
        return self._averaged.model

    @property
    def done(self) -> float:
        """Share of the run that lies behind, 0 to 1."""
        if self.recipe.time_s is None:
            return self.step / self.recipe.steps
        return min(1.0, self.spent_s / self.recipe.time_s)

    @property
    def sound(self) -> bool:
        """Whether all weights are numbers: only then is the state worth keeping."""
        return all(bool(torch.isfinite(weights).all()) for weights in self.model.parameters())

    def run(self) -> Iterator[StepReport]:
        """Does the steps that are left, one for each item asked for, until the steps or the time are over.

        Raises:
            TrainingError: the loss was no number for the fourth time, whatever the rate, or the weights in the end.
        """
        before_s = self._clock()
        while self.done < 1.0:
            losses = self._do_step()
            now_s = self._clock()
            spent_s = self.spent_s + now_s - before_s
            before_s = now_s
            if self.recipe.time_s is not None:
                spent_s = self._machine.crew.told_by_leader(spent_s, self._machine.device)
            self.spent_s = spent_s
            if losses is not None:
                yield StepReport(self.step, losses, self.done, self.spent_s)
        if not self.sound:  # the last step is nobody's to fall back from
            raise TrainingError("the last step spoilt the weights", "go on from the checkpoint with --resume")

    def _do_step(self) -> dict[str, float] | None:
        """The losses, or None where they were no numbers and the step was not done."""
        clips = self._job.clips
        pairs = 0 if clips is None else len(clips)
        plan = draw_plan(self.recipe.batch, len(self._job.photographs), len(self._job.styles), pairs, self._random)
        side_px = self.recipe.side_px(self.done)
        canvas = self._canvases.at(plan.canvas, side_px)

        def paint(pictures: Tensor, styles: Tensor) -> Tensor:
            with self._machine.painting():
                painted: Tensor = self._painter(pictures, styles, canvas)
            return painted.float()

        losses = self._objective.losses(plan.items[self._mine], self.step, side_px, paint)
        total = losses.total(self._objective.weights)
        parts = {"total": total, **losses.by_name()}
        values = self._machine.crew.mean(torch.stack([part.detach() for part in parts.values()])).tolist()
        if not all(math.isfinite(value) for value in values):
            self._fall_back(values[0])
            return None
        if self.step % _KEEP_EVERY_STEPS == 0 or self._kept is None:
            self._kept = copy.deepcopy(self.state())
        total.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self._optimisers.step(self._calm * rate_share(self.step, self.done, self.recipe.last_share))
        self.step += 1
        self._averaged.follow(self.model, self.step)
        return dict(zip(parts, values, strict=True))

    def _fall_back(self, loss: float) -> None:
        """Back to the last good state at half the rate, but on with other photographs."""
        if self._kept is None or self._faults == _MOST_FAULTS:
            raise TrainingError(
                f"the loss is {loss} at step {self.step + 1}, for the {self._faults + 1}. time",
                "start again with another --seed or lower weights",
            )
        faults, calm, random, spent_s = self._faults + 1, self._calm / 2.0, self._random.get_state(), self.spent_s
        if self._machine.crew.leads:
            told = "the loss is %s at step %d: back to step %d, and on at half the rate"
            _log.warning(told, loss, self.step + 1, self._kept["step"])
        self._optimisers.forget()
        self._load(self._kept)
        self._faults, self._calm, self.spent_s = faults, calm, spent_s
        self._random.set_state(random)

    def measure(self, style: int) -> dict[str, float]:
        """Content and style loss of one style by the averaged weights, on squares that training has not dealt out."""
        found = []
        with torch.no_grad():
            for photographs in self._fresh_squares():
                styles = torch.full((len(photographs),), style, device=photographs.device)
                painted = self.averaged(photographs, styles)
                found.append(torch.stack(self._objective.likeness(painted, photographs, styles)))
        content, style_loss = torch.stack(found).mean(0).tolist()
        return {"content": round(content, 4), "style": round(style_loss, 4)}

    def usual_statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and deviation (S, V) of the averaged model's features; see `murai.training.model`."""
        return usual_statistics(self.averaged, self._fresh_squares())

    def _fresh_squares(self) -> list[Tensor]:
        """Batches of 4 with 32 photographs in all, always the same."""
        random = torch.Generator().manual_seed(self.recipe.seed + 1)
        count = len(self._job.photographs)
        plans = [draw_plan(4, count, 1, 0, random) for _ in range(_MEASURED_PHOTOGRAPHS // 4)]
        side_px = self.recipe.late_square_px
        return [self._job.photographs.squares([item.deal for item in plan.items], side_px) for plan in plans]

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on, as tensors and plain values; shares the trainer's memory."""
        return {
            "recipe": asdict(self.recipe),
            "styles": [style.sha256() for style in self._job.styles],
            "learnt_from": self._job.told(),
            "step": self.step,
            "spent_s": self.spent_s,
            "calm": self._calm,
            "faults": self._faults,
            "model": self.model.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimisers": self._optimisers.state(),
            "random": self._random.get_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on from a `state`.

        Raises:
            TrainingError: it is of another recipe, other styles, other pictures to learn from, or another network.
        """
        if state["styles"] != [style.sha256() for style in self._job.styles]:
            raise TrainingError("the checkpoint is of other style images", "give the same ones, or leave out --resume")
        if state["learnt_from"] != self._job.told():
            told = ", ".join(differing(state["learnt_from"], self._job.told()))
            raise TrainingError(
                f"the checkpoint's run learnt from something else ({told})", "give the same, or leave out --resume"
            )
        if state["recipe"] != asdict(self.recipe):
            told = ", ".join(differing(state["recipe"], asdict(self.recipe)))
            raise TrainingError(
                f"the checkpoint is of a run with other settings ({told})", "give the same ones, or leave out --resume"
            )
        self._load(state)
        self._kept = copy.deepcopy(state)

    def _load(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.averaged.load_state_dict(state["averaged"])
        self._optimisers.restore(copy.deepcopy(state["optimisers"]))
        self._random.set_state(state["random"])
        self.step, self.spent_s = state["step"], state["spent_s"]
        self._calm, self._faults = state["calm"], state["faults"]


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Names of the entries that aren't alike."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def _new_model(recipe: Recipe, styles: int) -> StyleModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        return StyleModel(recipe.network, styles)


def _shared(model: StyleModel, machine: Machine) -> nn.Module:
    """The model as it is called in steps: with its gradients averaged over all processes, and compiled if asked."""
    painter: nn.Module = model
    if machine.crew.size > 1:
        painter = DistributedDataParallel(model, device_ids=[machine.device] if machine.device.type == "cuda" else None)
    if machine.compiled:
        painter = torch.compile(painter)  # type: ignore[assignment]  # it is a module still
    return painter
