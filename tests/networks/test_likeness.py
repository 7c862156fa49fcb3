"""Content and style losses against formulas written out, and their slopes against differences."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from murai.errors import TrainingError
from murai.networks.likeness import content_targets, losses_by_picture, perceptual_losses, style_targets, usual_content
from murai.networks.perceptual import Layers, PerceptualNetwork
from murai.networks.style_statistics import StyleKind, gram
from tests.networks.eyes import SmoothEyes, noise


def stripes(width_px: int, seed: int) -> Tensor:
    """(3, 40, 40): one colour on another, of which each quarter is alike."""
    random = torch.Generator().manual_seed(seed)
    one, other = torch.rand((2, 3, 1, 1), generator=random)
    return torch.where((torch.arange(40) // width_px % 2 == 0).expand(3, 40, 40), one, other)


def test_the_style_image_itself_has_no_style_loss_and_the_photograph_no_content_loss() -> None:
    network: PerceptualNetwork = SmoothEyes()
    image, photograph = stripes(5, seed=1), noise(1, 3, 40, 40)
    targets = style_targets(network, image)
    content, style = perceptual_losses(network, image[None], photograph, targets)
    assert float(style) < 1e-10
    assert float(content) > 0.01
    content, style = perceptual_losses(network, photograph, photograph, targets)
    assert float(content) == 0.0
    assert float(style) > 1e-3


def test_losses_are_what_the_layers_weights_say() -> None:
    network = SmoothEyes(Layers(content={"relu1_1": 0.5, "relu2_1": 2.0}, style={"relu1_1": 3.0, "relu2_1": 0.25}))
    painted, photographs, image = noise(2, 3, 12, 12), noise(2, 3, 12, 12, seed=2), noise(3, 12, 12, seed=3)
    content, style = losses_by_picture(
        network, painted, content_targets(network, photographs), style_targets(network, image)
    )
    found, wanted, of_image = (_without_rim(network.features(x)) for x in (painted, photographs, image[None]))
    for picture in range(2):
        apart = {layer: (found[layer] - wanted[layer])[picture].norm() ** 2 for layer in found}
        relative = {layer: float(apart[layer] / wanted[layer][picture].norm() ** 2) for layer in found}
        assert float(content[picture]) == pytest.approx(0.5 * relative["relu1_1"] + 2.0 * relative["relu2_1"], rel=1e-4)
        by_hand = 0.0
        for layer, weight in (("relu1_1", 3.0), ("relu2_1", 0.25)):
            target = gram(of_image[layer])[0]
            by_hand += weight * float((gram(found[layer])[picture] - target).norm() ** 2 / target.norm() ** 2)
        assert float(style[picture]) == pytest.approx(by_hand, rel=1e-4)


def _without_rim(features: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {layer: each[..., 1:-1, 1:-1] for layer, each in features.items()}


def test_the_rim_of_a_picture_counts_for_nothing_at_the_first_layer() -> None:
    """A network sees an edge where the picture ends, and would have it painted."""
    network = SmoothEyes(Layers(content={"relu1_1": 1.0}, style={"relu1_1": 1.0}))
    photographs = noise(1, 3, 12, 12)
    content, targets = content_targets(network, photographs), style_targets(network, photographs[0])
    framed = network.features(photographs)["relu1_1"].clone()
    framed[..., 0, :] += 5.0
    network.features = lambda pictures, wanted=None: {"relu1_1": framed}  # type: ignore[method-assign]
    both = losses_by_picture(network, photographs, content, targets)
    assert [float(loss) for loss in both] == [0.0, 0.0]


def test_a_flat_photograph_counts_no_more_than_a_usual_one() -> None:
    network = SmoothEyes(Layers(content={"relu1_1": 1.0}, style={"relu1_1": 1.0}))
    lively = noise(4, 3, 16, 16)
    flat = torch.full((1, 3, 16, 16), 0.02)
    usual = usual_content(network, lively)
    targets = style_targets(network, lively[0])
    wanted = content_targets(network, flat)

    def content_loss(usual: dict[str, float] | None) -> float:
        return float(losses_by_picture(network, lively[:1], wanted, targets, usual=usual)[0])

    by_hand = (network.features(lively[:1])["relu1_1"] - network.features(flat)["relu1_1"])[..., 1:-1, 1:-1]
    assert content_loss(usual) == pytest.approx(float(by_hand.square().mean()) / usual["relu1_1"], rel=1e-4)
    assert content_loss(None) > 1.05 * content_loss(usual)


def test_a_batch_has_the_mean_of_what_its_halves_have() -> None:
    """So two processes with half of it each have the same loss as one."""
    network = SmoothEyes()
    painted, photographs = noise(4, 3, 16, 16), noise(4, 3, 16, 16, seed=2)
    photographs[2:] *= 0.2
    targets = style_targets(network, noise(3, 16, 16, seed=3))
    whole = torch.stack(perceptual_losses(network, painted, photographs, targets))
    halves = [torch.stack(perceptual_losses(network, painted[h], photographs[h], targets)) for h in _halves()]
    torch.testing.assert_close(whole, (halves[0] + halves[1]) / 2)


def _halves() -> tuple[slice, slice]:
    return slice(0, 2), slice(2, 4)


@pytest.mark.parametrize("kind", ["gram", "moments", "sliced"])
def test_each_painting_is_held_against_its_own_style(kind: StyleKind) -> None:
    network = SmoothEyes()
    images = torch.stack([stripes(2, seed=1), stripes(5, seed=2)])
    each = [style_targets(network, image, kind=kind) for image in images]
    right = {layer: torch.stack([one[layer] for one in each]) for layer in each[0]}
    wrong = {layer: both.flip(0) for layer, both in right.items()}
    assert float(perceptual_losses(network, images, images, right, kind)[1]) < 1e-8
    assert float(perceptual_losses(network, images, images, wrong, kind)[1]) > 1e-3


@pytest.mark.parametrize("kind", ["gram", "moments", "sliced"])
@pytest.mark.parametrize("which", [0, 1])
def test_slopes_are_those_of_small_differences(which: int, kind: StyleKind) -> None:
    network = SmoothEyes()
    photographs = noise(2, 3, 6, 8, seed=2, dtype=torch.float64)
    targets = style_targets(network, noise(3, 10, 10, seed=3, dtype=torch.float64), kind=kind)

    def loss(painted: Tensor) -> Tensor:
        return perceptual_losses(network, painted, photographs, targets, kind)[which]

    painted = noise(2, 3, 6, 8, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(loss, (painted,), eps=1e-5, atol=1e-5)


def test_what_is_wanted_gets_no_gradient() -> None:
    network = SmoothEyes()
    photographs, image = noise(1, 3, 10, 10).requires_grad_(), noise(3, 10, 10).requires_grad_()
    targets = style_targets(network, image)
    content, style = perceptual_losses(network, noise(1, 3, 10, 10, seed=2).requires_grad_(), photographs, targets)
    (content + style).backward()
    assert photographs.grad is None
    assert image.grad is None


def test_photographs_are_looked_at_no_deeper_than_their_content() -> None:
    network = SmoothEyes(Layers(content={"relu1_1": 1.0}, style={"relu2_1": 1.0}))
    targets = style_targets(network, noise(3, 10, 10))
    perceptual_losses(network, noise(1, 3, 10, 10), noise(1, 3, 10, 10), targets)
    assert network.asked == [{"relu2_1"}, {"relu1_1"}, {"relu1_1", "relu2_1"}]


def test_several_images_make_one_style_of_their_means() -> None:
    network = SmoothEyes()
    one, other = noise(3, 20, 30), noise(3, 16, 16, seed=2)  # of different sizes
    both = style_targets(network, [one, other])
    for layer, target in both.items():
        apart = [style_targets(network, image)[layer] for image in (one, other)]
        torch.testing.assert_close(target, (apart[0] + apart[1]) / 2)


@pytest.mark.parametrize("kind", ["gram", "moments", "sliced"])
def test_a_mask_keeps_the_rest_of_the_image_out_at_every_layer(kind: StyleKind) -> None:
    network = SmoothEyes()
    kept, other = stripes(5, seed=1), stripes(2, seed=2)
    image = torch.cat([kept, other], 2)
    mask = torch.zeros(40, 80)
    mask[2:38, 2:38] = 1.0  # the features at the seam see both sides
    wanted = style_targets(network, kept, kind=kind)
    masked, whole = style_targets(network, image, mask, kind), style_targets(network, image, kind=kind)
    for layer in wanted:
        size = float(wanted[layer].norm())
        assert float((masked[layer] - wanted[layer]).norm()) < 0.1 * size
        assert float((whole[layer] - wanted[layer]).norm()) > 3.0 * float((masked[layer] - wanted[layer]).norm())


def test_each_image_has_its_own_mask_or_none() -> None:
    network = SmoothEyes()
    images, mask = [noise(3, 20, 20), noise(3, 12, 16, seed=2)], torch.linspace(0.0, 1.0, 16).expand(12, 16)
    found = style_targets(network, images, [None, mask])
    for layer, target in found.items():
        apart = style_targets(network, images[0])[layer] + style_targets(network, images[1], mask)[layer]
        torch.testing.assert_close(target, apart / 2)


@pytest.mark.parametrize(
    ("mask", "told"),
    [
        (torch.ones(8, 10), "10x8 and 12x10.*same size"),
        (torch.zeros(10, 12), "black everywhere.*white"),
        ([torch.ones(10, 12)] * 2, "1 images of a style and 2 masks"),
    ],
)
def test_masks_that_are_none_are_told(mask: Tensor | list[Tensor], told: str) -> None:
    with pytest.raises(TrainingError, match=told):
        style_targets(SmoothEyes(), noise(3, 10, 12), mask)


def test_no_images_are_no_style() -> None:
    with pytest.raises(TrainingError, match="0 images"):
        style_targets(SmoothEyes(), [])
