"""Measured statistics: folded in, they give the painting of instance norm."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from murai.networks.canvas import canvas_size, draw_canvas
from murai.networks.folded import FoldedPainter, Folding, fold_statistics
from murai.networks.statistics import Statistics, finish, measure, measure_each, measuring
from murai.networks.style import InstanceAffine, StyleNetwork, StyleNetworkSpec

SPEC = StyleNetworkSpec(width=0.5, blocks=2)


def network(spec: StyleNetworkSpec = SPEC) -> StyleNetwork:
    torch.manual_seed(spec.blocks)
    made = StyleNetwork(spec, InstanceAffine).eval().requires_grad_(False)
    made.out.weight.mul_(4.0)
    return made


def vectors(styles: int, spec: StyleNetworkSpec = SPEC) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(2)
    scale, shift = torch.randn((2, styles, spec.vector_length), generator=random)
    return 1.0 + 0.4 * scale, 0.4 * shift


def pictures(count: int, height: int, width: int) -> Tensor:
    """Noise over a slope, each picture darker than the one before."""
    noise = torch.rand((count, 3, height, width), generator=torch.Generator().manual_seed(height))
    dimmed = torch.linspace(1.0, 0.2, count).view(-1, 1, 1, 1)
    return (noise * torch.linspace(0.1, 1.0, width) * dimmed * 255.0).round() / 255.0


def canvas_of(shown: Tensor) -> Tensor:
    return draw_canvas(*canvas_size(*shown.shape[2:]))


def folded(made: StyleNetwork, picture: Tensor, scale: Tensor, shift: Tensor, statistics: Statistics) -> Tensor:
    """The painting (3, H, W) from 0 to 255 of one picture (3, H, W), with these statistics in the style."""
    style = Folding(made, torch.float32).fold(*fold_statistics(scale, shift, *statistics))
    rgb = (picture * 255.0).round().to(torch.uint8)
    with torch.inference_mode():
        painter, ground = FoldedPainter(torch.float32), style.ground(canvas_of(picture[None]))
        painted: Tensor = painter(rgb, ground, style.kernels, style.biases)
        return painted.float()


@pytest.mark.parametrize("size", [(40, 64), (41, 63), (9, 70)])
@pytest.mark.parametrize("spec", [SPEC, StyleNetworkSpec(0.25, 0), StyleNetworkSpec(1.25, 4)])
def test_one_pictures_statistics_give_its_painting_by_instance_norm(
    spec: StyleNetworkSpec, size: tuple[int, int]
) -> None:
    made, (scale, shift), shown = network(spec), vectors(1, spec), pictures(1, *size)
    measured = measure(made, shown, canvas_of(shown), scale[0], shift[0])
    expected = made(shown, canvas_of(shown), scale, shift)[0] * 255.0
    assert float(expected.std()) > 10.0
    assert float((folded(made, shown[0], scale[0], shift[0], measured) - expected).abs().max()) <= 0.6


def test_pictures_are_measured_each_by_itself_in_its_own_style() -> None:
    made, (scale, shift), shown = network(), vectors(3), pictures(3, 32, 40)
    mean, deviation = measure_each(made, shown, canvas_of(shown), scale, shift)
    assert mean.shape == deviation.shape == (3, SPEC.vector_length)
    for number in range(3):
        alone = measure(made, shown[number : number + 1], canvas_of(shown), scale[number], shift[number])
        torch.testing.assert_close((mean[number], deviation[number]), alone, rtol=1e-4, atol=1e-5)


def test_pictures_are_measured_together() -> None:
    made, (scale, shift), shown = network(), vectors(1), pictures(2, 32, 40)
    mean, deviation = measure(made, shown, canvas_of(shown), scale[0], shift[0])
    each = measure_each(made, shown, canvas_of(shown), scale, shift)
    c = SPEC.channels
    torch.testing.assert_close(mean[:c], each[0][:, :c].mean(0))
    between = (each[0][:, :c] - mean[:c]).square().mean(0)  # what the pictures differ in belongs to their variance
    torch.testing.assert_close(deviation[:c].square(), each[1][:, :c].square().mean(0) + between)
    twice = measure(made, shown[:1].repeat(2, 1, 1, 1), canvas_of(shown), scale[0], shift[0])
    once = measure(made, shown[:1], canvas_of(shown), scale[0], shift[0])
    torch.testing.assert_close(twice, once, rtol=1e-4, atol=1e-5)


def test_the_first_statistics_are_those_of_the_first_convolution() -> None:
    made, (scale, shift), shown = network(), vectors(1), pictures(1, 24, 32)
    x = made.head(made.folded(made.with_margin(shown))) + made.weave(canvas_of(shown))
    mean, deviation = measure(made, shown, canvas_of(shown), scale[0], shift[0])
    torch.testing.assert_close(mean[: SPEC.channels], x.mean((0, 2, 3)))
    variance = x.var((0, 2, 3), correction=0)
    torch.testing.assert_close(deviation[: SPEC.channels], (variance + 1e-5).sqrt())


def test_in_bfloat16_moments_are_still_taken_in_float32() -> None:
    made, (scale, shift), shown = network(), vectors(1), pictures(1, 80, 120)
    exact = measure(made, shown, canvas_of(shown), scale[0], shift[0])
    made.to(torch.bfloat16)
    mean, deviation = measure(made, shown.to(torch.bfloat16), canvas_of(shown), scale[0], shift[0])
    assert mean.dtype == deviation.dtype == torch.float32
    assert float(((mean - exact[0]) / exact[1]).abs().max()) < 0.02
    assert float((deviation / exact[1] - 1.0).abs().max()) < 0.02


def test_a_step_is_one_layer() -> None:
    made, (scale, shift), shown = network(), vectors(1), pictures(1, 24, 32)
    steps = measuring(made, shown, canvas_of(shown), scale[0], shift[0])
    assert len(list(steps)) == 1 + 2 * SPEC.blocks
    again = finish(measuring(made, shown, canvas_of(shown), scale[0], shift[0]))
    torch.testing.assert_close(again, measure(made, shown, canvas_of(shown), scale[0], shift[0]))
