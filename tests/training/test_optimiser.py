"""Muon's steps, and the rates over a run."""

from __future__ import annotations

import copy
from itertools import pairwise

import pytest
import torch
from torch import nn

from murai.training.optimiser import Muon, Optimisers, orthogonal, rate_share


@pytest.mark.parametrize("shape", [(8, 72), (72, 8), (16, 16)])
def test_all_directions_become_about_equally_long(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * 100.0
    left, before, right = torch.linalg.svd(matrix, full_matrices=False)
    after = left.T @ orthogonal(matrix) @ right.T
    assert float(before.max() / before.min()) > 1.5
    assert bool((after.diag() > 0.6).all()) and bool((after.diag() < 1.25).all())
    torch.testing.assert_close(after - torch.diag(after.diag()), torch.zeros_like(after), rtol=0, atol=1e-3)


def test_a_step_has_the_size_that_the_rate_says_whatever_the_gradient() -> None:
    for size in (1e-4, 1e4):
        kernel = nn.Parameter(torch.zeros(32, 8, 1, 1))
        kernel.grad = torch.randn(kernel.shape, generator=torch.Generator().manual_seed(2)) * size
        Muon([kernel], 0.1).step()
        lengths = torch.linalg.svdvals(kernel.detach().flatten(1))
        assert 0.1 * 2.0 * 0.6 < float(lengths.min()) <= float(lengths.max()) < 0.1 * 2.0 * 1.25  # sqrt(32 / 8) = 2
        assert float((kernel.detach() * kernel.grad).sum()) < 0.0


def test_kernels_go_by_muon_the_rest_by_adam_and_what_is_frozen_by_nobody() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 2, 3))
    model[1].requires_grad_(False)
    before = copy.deepcopy(model.state_dict())
    optimisers = Optimisers(model, 0.1, 0.01)
    model(torch.rand(1, 3, 8, 8)).square().sum().backward()
    optimisers.step(0.5)
    after = model.state_dict()
    assert torch.equal(after["1.weight"], before["1.weight"]) and torch.equal(after["1.bias"], before["1.bias"])
    torch.testing.assert_close((after["0.bias"] - before["0.bias"]).abs(), torch.full((4,), 0.005))  # Adam's first step
    lengths = torch.linalg.svdvals((after["0.weight"] - before["0.weight"]).flatten(1))
    assert 0.02 < float(lengths.min()) <= float(lengths.max()) < 0.07
    assert model[0].weight.grad is None


def test_the_rate_climbs_falls_and_ends_at_nothing() -> None:
    shares = [rate_share(step, step / 1000, 0.15) for step in range(1001)]
    assert shares[0] == pytest.approx(1 / 30)
    assert max(shares) > 0.99 and shares.index(max(shares)) in (29, 30)
    assert all(later < one for one, later in pairwise(shares[30:]))
    assert 0.15 < shares[940] < 0.17
    assert shares[1000] == 0.0
