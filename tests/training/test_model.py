"""The change from each picture's own statistics to fixed ones."""

from __future__ import annotations

from itertools import repeat

import pytest
import torch
from torch import Tensor

from murai.networks.style import FixedAffine, InstanceAffine
from murai.training.model import StyleModel, with_fixed_statistics
from tests.training.tiny import SPEC


def model_of(styles: int) -> StyleModel:
    """A model with vectors as training might leave them."""
    torch.manual_seed(5)
    model = StyleModel(SPEC, styles, fixed=False)
    with torch.no_grad():
        model.scale.copy_(1.0 + 0.3 * torch.randn_like(model.scale))
        model.shift.copy_(0.3 * torch.randn_like(model.shift))
    return model


def pictures(count: int) -> Tensor:
    return torch.rand((count, 3, 36, 44), generator=torch.Generator().manual_seed(6))


def test_a_new_model_has_neutral_vectors() -> None:
    model = StyleModel(SPEC, 3, fixed=False)
    assert model.scale.shape == model.shift.shape == (3, SPEC.vector_length)
    assert bool((model.scale == 1.0).all()) and bool((model.shift == 0.0).all())
    assert isinstance(model.network.head_affine, InstanceAffine)
    assert isinstance(StyleModel(SPEC, 1, fixed=True).network.head_affine, FixedAffine)


def test_each_picture_is_painted_in_its_own_style() -> None:
    model, both = model_of(3), pictures(2)
    with torch.no_grad():
        together = model(both, torch.tensor([2, 0]))
        alone = [model(both[n : n + 1], torch.tensor([style])) for n, style in ((0, 2), (1, 0))]
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=1e-5)


def test_with_the_statistics_of_one_picture_it_is_painted_as_before() -> None:
    model, one = model_of(3), pictures(1)
    fixed = with_fixed_statistics(model, repeat(one), rounds=2)
    assert fixed.fixed
    for style in range(3):
        number = torch.tensor([style])
        with torch.no_grad():
            before, after = model(one, number), fixed(one, number)
        assert float(before.std()) > 0.01
        torch.testing.assert_close(after, before, rtol=0, atol=2e-5)


def test_the_statistics_are_means_over_all_pictures_of_all_rounds() -> None:
    model, four = model_of(1), pictures(4)
    at_once = with_fixed_statistics(model, iter([four]), rounds=1)
    in_turn = with_fixed_statistics(model, iter(four.split(2)), rounds=2)
    torch.testing.assert_close(in_turn.scale, at_once.scale)
    torch.testing.assert_close(in_turn.shift, at_once.shift, rtol=1e-4, atol=1e-5)
    one = with_fixed_statistics(model, repeat(four[:1]), rounds=1)
    assert float((one.scale - at_once.scale).detach().abs().max()) > 1e-3


def test_the_model_before_is_left_alone() -> None:
    model = model_of(2)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    fixed = with_fixed_statistics(model, repeat(pictures(2)), rounds=1)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert torch.equal(fixed.network.head.weight, model.network.head.weight)
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_fixed_paintings_of_a_picture_no_longer_depend_on_its_own_statistics() -> None:
    """With its own statistics a brighter picture is painted as if it were no brighter."""
    own, one, number = model_of(1), pictures(1), torch.tensor([0])
    fixed = with_fixed_statistics(own, repeat(one), rounds=1)
    with torch.no_grad():
        same = (own(one + 0.2, number) - own(one, number)).abs().mean()
        other = (fixed(one + 0.2, number) - fixed(one, number)).abs().mean()
    assert 2.0 * float(same) < float(other)


def test_the_vectors_can_be_trained_after_the_change() -> None:
    fixed = with_fixed_statistics(model_of(2), repeat(pictures(1)), rounds=1)
    fixed(pictures(1), torch.tensor([1])).sum().backward()
    assert fixed.scale.grad is not None
    assert float(fixed.scale.grad[1].abs().sum()) > 0.0
    assert float(fixed.scale.grad[0].abs().sum()) == 0.0


@pytest.mark.parametrize("fixed", [True, False])
def test_weights_go_from_one_kind_into_the_other(fixed: bool) -> None:
    StyleModel(SPEC, 2, fixed=fixed).load_state_dict(StyleModel(SPEC, 2, fixed=not fixed).state_dict(), strict=True)
