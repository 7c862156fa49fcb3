"""How losses add up."""

from __future__ import annotations

import torch

from murai.training.losses import Losses, LossWeights


def test_the_total_is_weighted() -> None:
    losses = Losses(*(torch.tensor(10.0**power) for power in range(8)))
    weights = LossWeights(content=2.0, style=3.0, tone=4.0, variation=5.0, grid=6.0, noise=7.0, motion=8.0, clip=9.0)
    assert float(losses.total(weights)) == 98765432.0
    assert list(losses.by_name()) == ["content", "style", "tone", "variation", "grid", "noise", "motion", "clip"]


def test_what_was_not_looked_at_counts_nothing() -> None:
    content = torch.tensor(1.0, requires_grad=True)
    losses = Losses(content, *(torch.tensor(value) for value in (1.0, 0.0, 0.0)), motion=torch.tensor(0.5))
    total = losses.total(LossWeights(content=1.0, style=3.0, motion=10.0))
    assert float(total.detach()) == 9.0
    assert list(losses.by_name()) == ["content", "style", "tone", "variation", "motion"]
    total.backward()
    assert content.grad is not None and float(content.grad) == 1.0
