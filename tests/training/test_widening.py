"""A larger network that begins as a smaller one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from murai.errors import TrainingError
from murai.networks.style import StyleNetworkSpec
from murai.training.model import StyleModel
from murai.training.widening import widened

SMALL = StyleNetworkSpec(0.5, 1)


def model() -> StyleModel:
    """One that paints in contrasts, with two styles that differ."""
    torch.manual_seed(1)
    made = StyleModel(SMALL, 2)
    with torch.no_grad():
        made.network.out.weight.mul_(8.0)
        made.network.out.bias.add_(0.5)
        made.scale.add_(0.5 * torch.randn(made.scale.shape))
        made.shift.add_(0.3 * torch.randn(made.shift.shape))
    return made


def paintings(of: StyleModel) -> Tensor:
    pictures = torch.rand((2, 3, 40, 48), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        return of(pictures, torch.tensor([0, 1]))


@pytest.mark.parametrize(
    "spec",
    [StyleNetworkSpec(1.0, 1), StyleNetworkSpec(0.75, 1), StyleNetworkSpec(0.5, 3), StyleNetworkSpec(0.5, 1, 1.0)],
)
def test_it_paints_nearly_the_same(spec: StyleNetworkSpec) -> None:
    small = model()
    wanted = paintings(small)
    larger = widened(small, spec, seed=3)
    assert larger.spec == spec
    assert float(wanted.std()) > 0.1
    assert float((paintings(larger) - wanted).abs().mean()) < 0.15 * float(wanted.std())
    assert float((paintings(StyleModel(spec, 2)) - wanted).abs().mean()) > 0.5 * float(wanted.std())


def test_copies_are_told_apart() -> None:
    larger = widened(model(), StyleNetworkSpec(1.0, 1, 1.0), seed=3)
    for kernel in (larger.network.head.weight, larger.network.blocks[0].conv1.weight, larger.network.up.weight):
        first, second = kernel.detach().chunk(2)
        assert 0.05 < float((first - second).std() / kernel.detach().std()) < 0.2


def test_new_blocks_learn() -> None:
    larger = widened(model(), StyleNetworkSpec(0.5, 2), seed=3)
    larger(torch.rand(1, 3, 24, 24), torch.tensor([0])).square().mean().backward()
    channels, gradient = larger.spec.channels, larger.scale.grad
    assert gradient is not None
    assert bool((gradient[0, 4 * channels : 5 * channels] != 0.0).all())


def test_the_same_size_is_the_same_model() -> None:
    small = model()
    assert widened(small, SMALL, seed=3) is small


@pytest.mark.parametrize("spec", [StyleNetworkSpec(0.25, 2), StyleNetworkSpec(1.0, 0), StyleNetworkSpec(1.0, 1, 0.25)])
def test_nothing_is_made_smaller(spec: StyleNetworkSpec) -> None:
    with pytest.raises(TrainingError, match=r"a start with --(width|blocks|detail) \S+ can't become one with"):
        widened(model(), spec, seed=3)
