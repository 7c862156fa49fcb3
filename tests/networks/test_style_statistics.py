"""The style statistics against formulas written out, with weights and without, and their slopes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from murai.networks.style_statistics import STATISTICS, StyleKind, gram, moments, relative_distance, sliced
from tests.networks.eyes import noise

KINDS: tuple[StyleKind, ...] = ("gram", "moments", "sliced")


def test_gram_is_the_mean_product_of_two_channels() -> None:
    features = noise(2, 3, 4, 5)
    found = gram(features)
    for picture in range(2):
        for one in range(3):
            for other in range(3):
                products = [
                    float(features[picture, one, row, column] * features[picture, other, row, column])
                    for row in range(4)
                    for column in range(5)
                ]
                assert float(found[picture, one, other]) == pytest.approx(math.fsum(products) / 20, rel=1e-5)


def test_gram_of_half_precision_is_summed_in_single() -> None:
    features = torch.full((1, 1, 100, 100), 3.0, dtype=torch.bfloat16)
    assert gram(features).dtype == torch.float32
    assert float(gram(features)) == pytest.approx(9.0, rel=2**-8)  # 10,000 summands in bfloat16 end at 2,304 / 10,000


def test_moments_are_mean_and_deviation() -> None:
    features = noise(2, 3, 7, 5)
    found = moments(features).numpy()
    np.testing.assert_allclose(found[:, 0], features.numpy().mean((2, 3)), rtol=1e-5)
    np.testing.assert_allclose(found[:, 1], features.numpy().std((2, 3)), rtol=1e-5)


def test_sliced_quantiles_of_one_channel_are_its_sorted_values() -> None:
    features = noise(1, 1, 16, 16)  # 256 positions, two for each of the 128 quantiles
    found = sliced(features)[0, 0].abs()  # the one direction is 1 or -1
    pairs = np.sort(features.numpy().ravel()).reshape(128, 2).mean(1)
    np.testing.assert_allclose(np.sort(found.numpy()), pairs, atol=1e-5)


def test_sliced_quantiles_divide_positions_where_they_must() -> None:
    """Three positions and 128 quantiles: their mean is that of the positions, and they rise."""
    features = torch.tensor([0.0, 3.0, 6.0]).view(1, 1, 1, 3)
    found = sliced(features)[0, 0]
    assert float(found.mean().abs()) == pytest.approx(3.0, rel=1e-5)
    assert (found.diff() > -1e-4).all()
    assert len(found.unique()) >= 3


def test_sliced_tells_apart_what_moments_cannot() -> None:
    """Two and three equally likely values of the same mean and deviation."""
    two = torch.tensor([-1.0, 1.0] * 6).view(1, 1, 3, 4)
    three = torch.tensor([-(1.5**0.5), 0.0, 1.5**0.5] * 4).view(1, 1, 3, 4)
    assert float(relative_distance(moments(two), moments(three))) < 1e-10
    assert float(relative_distance(sliced(two), sliced(three))) > 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_a_weight_of_nothing_leaves_a_position_out(kind: StyleKind) -> None:
    features = noise(2, 4, 8, 16)
    weights = torch.zeros(1, 1, 8, 16)
    weights[..., :8] = 0.7
    left, whole = STATISTICS[kind](features[..., :8]), STATISTICS[kind](features)
    found = STATISTICS[kind](features, weights)
    torch.testing.assert_close(found, left, rtol=1e-4, atol=2e-5)
    assert float((found - whole).abs().max()) > 1e-2


@pytest.mark.parametrize("kind", KINDS)
def test_twice_the_weight_counts_as_two_positions(kind: StyleKind) -> None:
    features = noise(1, 3, 8, 8)
    weights = torch.ones(1, 1, 8, 8)
    weights[..., :4] = 2.0
    twice = torch.cat([features[..., :4], features], 3)
    torch.testing.assert_close(STATISTICS[kind](features, weights), STATISTICS[kind](twice), rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_places_do_not_matter(kind: StyleKind) -> None:
    features = noise(1, 5, 9, 7)
    elsewhere = features.flatten(2)[..., torch.randperm(63)].view(1, 5, 9, 7)
    torch.testing.assert_close(STATISTICS[kind](elsewhere), STATISTICS[kind](features), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_slopes_are_those_of_small_differences(kind: StyleKind) -> None:
    wanted = STATISTICS[kind](noise(1, 3, 5, 4, seed=2, dtype=torch.float64))

    def loss(features: Tensor) -> Tensor:
        reached = STATISTICS[kind](features)
        return relative_distance(reached, wanted.expand_as(reached))

    features = noise(2, 3, 6, 7, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(loss, (features,))


def test_distance_is_relative() -> None:
    wanted = torch.tensor([[3.0, 4.0], [0.3, 0.4]])
    reached = wanted + torch.tensor([[0.0, 5.0], [0.5, 0.0]])
    assert relative_distance(reached, wanted).tolist() == pytest.approx([1.0, 1.0])
