"""Training on a GPU: the same losses as on a CPU, and everything at once in bfloat16."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from murai.training.loop import Trainer
from murai.training.losses import LossWeights
from murai.training.machine import Machine
from murai.training.recipe import Recipe
from tests.training.tiny import draw_photographs, tiny_job, tiny_recipe

pytestmark = pytest.mark.gpu


def losses_on(machine: Machine, photographs: Path, recipe: Recipe) -> list[float]:
    trainer = Trainer(recipe, tiny_job(photographs, recipe, device=machine.device), machine)
    return [report.losses["total"] for report in trainer.run()]


def test_a_gpu_learns_what_a_cpu_learns(tmp_path: Path) -> None:
    """Without what is drawn on the device, for a GPU draws other numbers."""
    photographs = draw_photographs(tmp_path, 6)
    recipe = tiny_recipe(steps=8, damage=False, weights=LossWeights(noise=0.0, motion=0.0))
    there, here = (losses_on(Machine(torch.device(name)), photographs, recipe) for name in ("cuda", "cpu"))
    assert there == pytest.approx(here, rel=0.02)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch.compile's own
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_damage_noise_motion_and_bfloat16_together_learn_something(tmp_path: Path, compiled: bool) -> None:
    machine = Machine(torch.device("cuda"), torch.bfloat16, compiled=compiled)
    found = losses_on(machine, draw_photographs(tmp_path, 6), tiny_recipe(steps=60))
    assert all(math.isfinite(loss) for loss in found)
    assert sum(found[-10:]) < sum(found[:10])
