"""The model of all styles, its averaged weights, and what statistics its layers usually have."""

from __future__ import annotations

import torch
from torch import Tensor

from murai.networks.canvas import canvas_size, draw_canvas
from murai.networks.style import FixedAffine, InstanceAffine, StyleNetwork
from murai.training.model import Averaged, StyleModel, usual_statistics
from tests.training.tiny import SPEC


def model_of(styles: int) -> StyleModel:
    """A model with vectors as training might leave them."""
    torch.manual_seed(5)
    model = StyleModel(SPEC, styles)
    with torch.no_grad():
        model.scale.copy_(1.0 + 0.3 * torch.randn_like(model.scale))
        model.shift.copy_(0.3 * torch.randn_like(model.shift))
    return model


def pictures(count: int) -> Tensor:
    return torch.rand((count, 3, 36, 44), generator=torch.Generator().manual_seed(6))


def test_a_new_model_has_neutral_vectors() -> None:
    model = StyleModel(SPEC, 3)
    assert model.scale.shape == model.shift.shape == (3, SPEC.vector_length)
    assert bool((model.scale == 1.0).all()) and bool((model.shift == 0.0).all())
    assert isinstance(model.network.head_affine, InstanceAffine)


def test_each_picture_is_painted_in_its_own_style() -> None:
    model, both = model_of(3), pictures(2)
    with torch.no_grad():
        together = model(both, torch.tensor([2, 0]))
        alone = [model(both[n : n + 1], torch.tensor([style])) for n, style in ((0, 2), (1, 0))]
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=1e-5)


def test_with_the_statistics_of_one_picture_a_fixed_network_paints_it_as_before() -> None:
    model, one = model_of(3), pictures(1)
    mean, deviation = usual_statistics(model, [one, one])
    assert mean.shape == deviation.shape == (3, SPEC.vector_length)
    fixed = StyleNetwork(SPEC, FixedAffine)
    fixed.load_state_dict(model.network.state_dict())
    canvas = draw_canvas(*canvas_size(36, 44))
    for style in range(3):
        scale = model.scale[style] / deviation[style]
        shift = model.shift[style] - mean[style] * scale
        with torch.no_grad():
            before = model(one, torch.tensor([style]))
            after = fixed(one, canvas, scale[None], shift[None])
        assert float(before.std()) > 0.01
        torch.testing.assert_close(after, before, rtol=0, atol=2e-5)


def test_the_statistics_are_those_of_single_pictures_on_average_however_they_come() -> None:
    model, four = model_of(1), pictures(4)
    at_once, in_turn = usual_statistics(model, [four]), usual_statistics(model, list(four.split(1)))  # type: ignore[no-untyped-call]
    for one, other in zip(at_once, in_turn, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    alone = usual_statistics(model, [four[:1]])
    assert float((alone[0] - at_once[0]).abs().max()) > 1e-3


def test_averaged_weights_follow_slowly_and_are_nobody_elses() -> None:
    model = model_of(2)
    averaged = Averaged(model)
    with torch.no_grad():
        model.scale += 1.0
    before = averaged.model.scale.clone()
    averaged.follow(model, step=1)
    moved = averaged.model.scale - before
    torch.testing.assert_close(moved, torch.full_like(moved, 20 / 21))
    before = averaged.model.scale.clone()
    averaged.follow(model, step=1_000_000)
    torch.testing.assert_close(averaged.model.scale, before.lerp(model.scale.detach(), 0.002))
    assert not any(weights.requires_grad for weights in averaged.model.parameters())
