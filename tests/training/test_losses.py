"""The losses against formulas written out, and their slopes against differences."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from murai.networks.perceptual import PerceptualNetwork
from murai.training.losses import (
    Losses,
    LossWeights,
    gram,
    perceptual_losses,
    sensor_noise,
    style_grams,
    tone,
    total_variation,
)
from tests.training.tiny import TinyEyes, style_image


def noise(*shape: int, seed: int = 1) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def targets_of(network: PerceptualNetwork, image: Tensor, batch: int) -> dict[str, Tensor]:
    return {layer: found.expand(batch, -1, -1) for layer, found in style_grams(network, image).items()}


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
    assert float(gram(features)) == 9.0


def test_the_style_image_itself_has_no_style_loss_and_the_photograph_no_content_loss() -> None:
    network = TinyEyes()
    image = style_image(1).float() / 255.0
    photograph = noise(1, 3, 40, 40)
    targets = targets_of(network, image, 1)
    content, style = perceptual_losses(network, image[None], photograph, targets)
    assert float(style) < 1e-10
    assert float(content) > 0.01
    content, style = perceptual_losses(network, photograph, photograph, targets)
    assert float(content) == 0.0
    assert float(style) > 1e-3


def test_perceptual_losses_are_what_their_weights_say() -> None:
    network = TinyEyes()
    painted, photographs, image = noise(2, 3, 12, 12), noise(2, 3, 12, 12, seed=2), noise(3, 12, 12, seed=3)
    content, style = perceptual_losses(network, painted, photographs, targets_of(network, image, 2))
    found, wanted = network.features(painted), network.features(photographs)
    difference = (found["deep"] - wanted["deep"]).square().mean() / wanted["deep"].square().mean()
    assert float(content) == pytest.approx(float(difference), rel=1e-5)
    by_hand = 0.0
    for layer in network.style_layers:
        target = gram(network.features(image[None])[layer])[0]
        for picture in range(2):
            reached = gram(found[layer])[picture]
            by_hand += float((reached - target).norm() ** 2 / target.norm() ** 2) / 2
    assert float(style) == pytest.approx(by_hand, rel=1e-4)


def test_each_painting_is_held_against_its_own_style() -> None:
    network = TinyEyes()
    images = torch.stack([style_image(0), style_image(1)]).float() / 255.0
    grams = [style_grams(network, image) for image in images]
    right = {layer: torch.stack([grams[0][layer], grams[1][layer]]) for layer in network.style_layers}
    wrong = {layer: both.flip(0) for layer, both in right.items()}
    assert float(perceptual_losses(network, images, images, right)[1]) < 1e-10
    assert float(perceptual_losses(network, images, images, wrong)[1]) > 1e-3


@pytest.mark.parametrize("which", [0, 1])
def test_slopes_are_those_of_small_differences(which: int) -> None:
    network = TinyEyes()
    photographs, direction = noise(2, 3, 10, 10, seed=2), torch.sign(noise(2, 3, 10, 10, seed=4) - 0.5)
    targets = targets_of(network, noise(3, 10, 10, seed=3), 2)
    painted = noise(2, 3, 10, 10).requires_grad_()
    loss = perceptual_losses(network, painted, photographs, targets)[which]
    (slope,) = torch.autograd.grad(loss, painted)

    def at(step: float) -> float:
        moved = painted.detach() + step * direction * torch.sign(slope)  # uphill at random speeds
        return float(perceptual_losses(network, moved, photographs, targets)[which])

    step = 2e-2
    measured = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step)
    assert float((slope * direction * torch.sign(slope)).sum()) == pytest.approx(measured, rel=2e-3, abs=1e-5)


def test_what_is_wanted_gets_no_gradient() -> None:
    network = TinyEyes()
    photographs = noise(1, 3, 10, 10).requires_grad_()
    image = noise(3, 10, 10).requires_grad_()
    targets = targets_of(network, image, 1)
    content, style = perceptual_losses(network, noise(1, 3, 10, 10, seed=2).requires_grad_(), photographs, targets)
    (content + style).backward()
    assert photographs.grad is None
    assert image.grad is None


def test_tone_by_hand() -> None:
    """Two squares of 12 px: one painted lighter by 0.3 in green alone, the other darker by 0.1 in all colours."""
    photographs = torch.full((1, 3, 12, 24), 0.5)
    painted = photographs.clone()
    painted[:, 1, :, :12] += 0.3
    painted[..., 12:] -= 0.1
    apart = 0.587 * 0.3 + 0.1
    assert float(tone(painted, photographs)) == pytest.approx((apart / 2) ** 2, rel=1e-4)


def test_tone_minds_neither_overall_brightness_nor_strokes() -> None:
    photographs = noise(2, 3, 48, 48)
    stripes = torch.where(torch.arange(48) % 4 < 2, 0.2, -0.2)
    assert float(tone(photographs + 0.3, photographs)) < 1e-10
    assert float(tone(photographs + stripes, photographs)) < 1e-10
    assert float(tone(photographs.flip(3), photographs)) > 1e-4


def test_total_variation_by_hand() -> None:
    picture = torch.tensor([[0.0, 0.5, 1.0], [0.25, 0.25, 0.25]]).expand(1, 3, 2, 3)
    across = (0.5 + 0.5 + 0.0 + 0.0) / 4
    down = (0.25 + 0.25 + 0.75) / 3
    assert float(total_variation(picture)) == pytest.approx(across + down)
    assert float(total_variation(torch.full((2, 3, 8, 8), 0.7))) == 0.0


def test_noise_is_that_of_a_cheap_camera() -> None:
    grey = torch.full((64, 3, 48, 48), 0.5)
    sigmas = (sensor_noise(grey, torch.Generator().manual_seed(1)) - grey).flatten(1).std(1) * 255.0
    assert 2.4 < float(sigmas.min()) < 2.8
    assert 4.7 < float(sigmas.max()) < 5.1
    assert 3.5 < float(sigmas.mean()) < 4.0


def test_noise_stays_in_range_and_follows_its_generator() -> None:
    dark = torch.zeros((1, 3, 16, 16))
    once, again, other = (sensor_noise(dark, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert float(once.min()) == 0.0
    assert float(sensor_noise(dark + 1.0, torch.Generator()).max()) == 1.0
    assert torch.equal(once, again)
    assert not torch.equal(once, other)


def test_the_total_is_weighted() -> None:
    losses = Losses(*(torch.tensor(value) for value in (1.0, 10.0, 100.0, 1000.0, 10000.0)))
    weights = LossWeights(content=2.0, style=3.0, tone=4.0, steadiness=5.0, variation=7.0)
    assert float(losses.total(weights)) == 2.0 + 30.0 + 400.0 + 5000.0 + 70000.0
    assert list(losses.by_name()) == ["content", "style", "tone", "steadiness", "variation"]
