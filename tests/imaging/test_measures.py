"""Plain numbers on pictures against formulas written out, and their slopes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from murai.imaging.measures import grid, masked_difference, tone, total_variation, warping_error
from tests.imaging.drawn import texture


def noise(*shape: int, seed: int = 1, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


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


@pytest.mark.parametrize("size", [(96, 80), (40, 32), (24, 24)])
def test_a_grid_is_what_all_cells_have_in_common(size: tuple[int, int]) -> None:
    cell = noise(1, 3, 4, 4) - 0.5
    cell -= cell.mean((2, 3), keepdim=True)
    printed = cell.repeat(1, 1, size[0] // 4, size[1] // 4)
    fine = printed - F.avg_pool2d(F.pad(printed, [2, 2, 2, 2], mode="circular"), 5, stride=1)
    assert float(grid(printed + 0.5, 4)) == pytest.approx(float(fine.square().mean()), rel=1e-4)
    assert float(grid(printed.roll(2, 3), 4)) == pytest.approx(float(grid(printed, 4)), rel=1e-4)


def test_slopes_edges_and_strokes_are_no_grid() -> None:
    printed = torch.where(torch.arange(96) % 4 < 2, 0.1, -0.1).expand(2, 3, 96, 96)
    slope = torch.linspace(0.0, 1.0, 96).expand(2, 3, 96, 96)
    strokes = 0.2 * (noise(2, 3, 96, 96) - 0.5)
    assert float(grid(slope, 4)) < 1e-9
    assert float(grid(strokes, 4)) < 0.1 * float(grid(printed, 4))
    picture = (slope + strokes + printed).requires_grad_(True)
    before = grid(picture, 4)
    before.backward()
    assert picture.grad is not None
    with torch.no_grad():
        assert float(grid(picture - 0.1 / picture.grad.abs().max() * picture.grad, 4)) < 0.9 * float(before)


def test_total_variation_by_hand() -> None:
    picture = torch.tensor([[0.0, 0.5, 1.0], [0.25, 0.25, 0.25]]).expand(1, 3, 2, 3)
    across = (0.5 + 0.5 + 0.0 + 0.0) / 4
    down = (0.25 + 0.25 + 0.75) / 3
    assert float(total_variation(picture)) == pytest.approx(across + down)
    assert float(total_variation(torch.full((2, 3, 8, 8), 0.7))) == 0.0


def test_only_what_counts_makes_a_difference() -> None:
    one, counts = torch.zeros(1, 3, 4, 8), torch.zeros(1, 1, 4, 8)
    other = one.clone()
    other[..., :4], other[..., 4:] = 0.5, 1.0
    counts[..., :4] = 1.0
    assert float(masked_difference(one, other, counts)) == pytest.approx(0.25)
    counts[..., 4:] = 0.5
    assert float(masked_difference(one, other, counts)) == pytest.approx((0.25 + 0.5) / 1.5)


def test_where_nothing_counts_there_is_no_difference_and_no_slope() -> None:
    one = noise(1, 3, 4, 4).requires_grad_()
    difference = masked_difference(one, noise(1, 3, 4, 4, seed=2), torch.zeros(1, 1, 4, 4))
    difference.backward()
    assert float(difference.detach()) == 0.0
    assert one.grad is not None and float(one.grad.abs().max()) == 0.0


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: tone(x, noise(2, 3, 13, 25, seed=2, dtype=torch.float64)),
        total_variation,
        lambda x: masked_difference(
            x, noise(2, 3, 13, 25, seed=2, dtype=torch.float64), noise(2, 1, 13, 25, seed=3, dtype=torch.float64)
        ),
    ],
)
def test_slopes_are_those_of_small_differences(loss: Callable[[Tensor], Tensor]) -> None:
    painted = noise(2, 3, 13, 25, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(loss, (painted,), fast_mode=True)


def test_a_film_that_moves_without_flicker_has_no_warping_error() -> None:
    before, now = texture(40, 60), texture(40, 60, right=3.0, down=1.0)
    back = torch.tensor([-3.0, -1.0]).view(1, 2, 1, 1).expand(1, 2, 40, 60)
    seen = torch.zeros(1, 1, 40, 60)
    seen[..., 1:, 3:] = 1.0
    assert float(warping_error(now, before, back, seen)) < 1e-9
    assert float(warping_error(now, before, -back, seen)) > 1e-3
    assert float(warping_error(now + 0.1, before, back, seen)) == pytest.approx(0.01, rel=1e-3)
    assert float(warping_error(now, before, back, torch.ones_like(seen))) > 1e-5  # what came in is no flicker
