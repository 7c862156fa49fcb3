"""The canvas: always the same pattern, in the same place, of several grains."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from murai.networks.canvas import CANVAS_CHANNELS, FOLD, MARGIN_PX, canvas_size, draw_canvas


@pytest.mark.parametrize("size", [(8, 8), (37, 54), (360, 640), (1, 3)])
def test_its_size_is_that_of_the_folded_picture(size: tuple[int, int]) -> None:
    height, width = size
    picture = torch.zeros((1, 1, height, width))
    margin = [MARGIN_PX, MARGIN_PX + -width % FOLD, MARGIN_PX, MARGIN_PX + -height % FOLD]
    folded = F.pixel_unshuffle(F.pad(picture, margin), FOLD)
    assert canvas_size(height, width) == tuple(folded.shape[2:])


@pytest.mark.parametrize("size", [(1, 1), (9, 14), (94, 164)])
def test_it_is_drawn_for_any_size_and_stays_in_range(size: tuple[int, int]) -> None:
    canvas = draw_canvas(*size)
    assert canvas.shape == (1, CANVAS_CHANNELS, *size)
    assert canvas.dtype == torch.float32
    assert -1.0 <= float(canvas.min()) <= float(canvas.max()) <= 1.0


def test_it_is_the_same_each_time_whatever_numbers_were_drawn_before() -> None:
    first = draw_canvas(20, 30)
    torch.rand(7)
    assert torch.equal(draw_canvas(20, 30), first)


def test_it_is_the_same_on_every_machine() -> None:
    """Packs are trained on one machine and shown on another: these numbers must not change."""
    corner = draw_canvas(40, 40)[0, :, 17, 23]
    assert corner.tolist() == pytest.approx([0.6395564, 0.0943573], abs=1e-6)


def test_a_larger_canvas_shows_the_same_and_more() -> None:
    large = draw_canvas(75, 120)
    for height, width in [(12, 40), (74, 119), (33, 7)]:
        torch.testing.assert_close(draw_canvas(height, width), large[:, :, :height, :width], rtol=0, atol=1e-6)


def neighbours_alike(layer: Tensor, apart: int) -> float:
    """The correlation of places that are so far apart, across and down."""
    across = torch.corrcoef(torch.stack([layer[:, apart:].flatten(), layer[:, :-apart].flatten()]))[0, 1]
    down = torch.corrcoef(torch.stack([layer[apart:].flatten(), layer[:-apart].flatten()]))[0, 1]
    return float(max(across, down, key=abs))


def test_its_layers_are_noise_from_fine_to_coarse() -> None:
    layers = draw_canvas(256, 256)[0]
    assert all(abs(float(layer.mean())) < 0.1 and float(layer.std()) > 0.2 for layer in layers)
    assert abs(neighbours_alike(layers[0], 1)) < 0.03
    alike = [neighbours_alike(layer, 1) for layer in layers]
    assert alike == sorted(alike) and alike[-1] > 0.6
    assert all(abs(neighbours_alike(layer, 2 * 2**number)) < 0.1 for number, layer in enumerate(layers))
    between = torch.corrcoef(layers.flatten(1)) - torch.eye(CANVAS_CHANNELS)
    assert float(between.abs().max()) < 0.1
