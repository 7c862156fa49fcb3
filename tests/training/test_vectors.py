"""A new style for a finished network: where its vectors begin, and that nothing else is touched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from murai.training.loop import Trainer
from murai.training.losses import LossWeights
from murai.training.model import StyleModel
from murai.training.vectors import joined, model_with, vectors_alone
from tests.training.tiny import SPEC, draw_photographs, tiny_job, tiny_recipe


def test_the_start_is_the_known_style_that_is_most_alike(tmp_path: Path) -> None:
    recipe = tiny_recipe(steps=80, batch=4, damage=False, weights=LossWeights(noise=0.0, motion=0.0), vector_rate=0.05)
    job = tiny_job(draw_photographs(tmp_path, 6), recipe, styles=3)
    trainer = Trainer(recipe, job)
    list(trainer.run())
    known = (trainer.averaged.scale.detach(), trainer.averaged.shift.detach())
    network = trainer.averaged.network.state_dict()
    for number in (2, 0):  # as if the very same image came as a new style
        alone = vectors_alone(SPEC, network, known, replace(job, styles=[job.styles[number]]), recipe)
        assert alone.styles == 1
        assert torch.equal(alone.scale[0], known[0][number]) and torch.equal(alone.shift[0], known[1][number])
    assert all(torch.equal(weights, network[name]) for name, weights in alone.network.state_dict().items())


def test_joined_tables_keep_the_old_bit_by_bit() -> None:
    old, new = torch.rand(2, SPEC.vector_length), torch.rand(1, SPEC.vector_length)
    (table,) = joined((old,), (new,))
    assert torch.equal(table[:2], old) and torch.equal(table[2:], new)
    model = model_with(SPEC, StyleModel(SPEC, 1).network.state_dict(), table, table)
    assert model.styles == 3 and torch.equal(model.scale.detach(), table)
