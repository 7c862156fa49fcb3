"""Pictures moved by flows that are known."""

from __future__ import annotations

import pytest
import torch

from murai.imaging.warp import Mover, pixel_grid, stays_inside, warp
from tests.imaging.drawn import texture


def flow_of(right: float, down: float, height: int, width: int) -> torch.Tensor:
    return torch.tensor([right, down]).view(1, 2, 1, 1).expand(1, 2, height, width)


def test_the_grid_says_where_pixels_are() -> None:
    grid = pixel_grid(2, 3)
    assert grid[0, 0].tolist() == [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]
    assert grid[0, 1].tolist() == [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_a_flow_of_whole_pixels_fetches_them_exactly(mode: str) -> None:
    pictures = torch.rand(2, 3, 10, 14)
    moved = warp(pictures, flow_of(3.0, -2.0, 10, 14).expand(2, -1, -1, -1), mode)  # type: ignore[arg-type]
    torch.testing.assert_close(moved[..., 2:, :11], pictures[..., :8, 3:], rtol=0.0, atol=2e-5)


def test_half_a_pixel_is_the_mean_of_two() -> None:
    pictures = torch.rand(1, 1, 6, 6)
    moved = warp(pictures, flow_of(0.5, 0.0, 6, 6))
    torch.testing.assert_close(moved[..., :5], (pictures[..., :5] + pictures[..., 1:]) / 2.0, rtol=0.0, atol=1e-5)


@pytest.mark.parametrize(("mode", "most"), [("bilinear", 0.02), ("bicubic", 0.01)])
def test_parts_of_a_pixel_come_near(mode: str, most: float) -> None:
    first, later = texture(40, 50), texture(40, 50, right=2.4, down=-1.3)
    back = warp(later, flow_of(2.4, -1.3, 40, 50), mode)  # type: ignore[arg-type]
    assert float((back - first)[..., 5:-5, 5:-5].abs().max()) < most


def test_only_bicubic_keeps_fine_strokes() -> None:
    """Waves of 4 px, moved by half of one: the mean of two neighbours has 0.71 of their contrast."""
    waves = torch.sin(torch.arange(40) * torch.pi / 2 + 0.6).expand(1, 1, 8, 40)
    deviation = [
        float(warp(waves, flow_of(0.5, 0.0, 8, 40), mode)[..., 4:-4].std()) for mode in ("bilinear", "bicubic")
    ]
    assert deviation[0] == pytest.approx(0.707 * float(waves.std()), rel=0.02)
    assert deviation[1] == pytest.approx(0.972 * float(waves.std()), rel=0.02)


def test_a_mover_does_what_warp_does() -> None:
    random = torch.Generator().manual_seed(1)
    pictures, flow = torch.rand((2, 3, 20, 31), generator=random), torch.randn((2, 2, 20, 31), generator=random) * 6.0
    torch.testing.assert_close(Mover((20, 31)).moved(pictures, flow), warp(pictures, flow), rtol=0.0, atol=1e-5)


def test_beyond_the_edge_is_the_edge() -> None:
    pictures = torch.rand(1, 2, 5, 7)
    moved = warp(pictures, flow_of(-20.0, 0.0, 5, 7))
    torch.testing.assert_close(moved, pictures[..., :1].expand_as(moved), rtol=0.0, atol=1e-6)


def test_half_precision_is_moved_in_single() -> None:
    assert warp(torch.rand(1, 3, 4, 4).bfloat16(), flow_of(0.0, 0.0, 4, 4)).dtype == torch.float32


def test_both_get_gradients() -> None:
    pictures = torch.rand(1, 2, 5, 6, dtype=torch.float64, requires_grad=True)
    flow = (torch.rand(1, 2, 5, 6, dtype=torch.float64) * 0.6 + 0.2).requires_grad_()
    assert torch.autograd.gradcheck(lambda p, f: warp(p, f)[..., :-1, :-1], (pictures, flow), eps=1e-6, atol=1e-4)


def test_what_leaves_the_picture_is_known() -> None:
    inside = stays_inside(flow_of(2.0, -1.0, 4, 6))
    wanted = torch.zeros(4, 6)
    wanted[1:, :4] = 1.0
    assert torch.equal(inside[0, 0], wanted)
