"""The quick flow: shifts that are known, and what has nothing to hold on to."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from murai.imaging.flow_fast import FastFlow

SIZE = (45, 80)


def texture(size: tuple[int, int], seed: int = 1) -> Tensor:
    """Luma with detail of about 10 px, (1, 1, H, W)."""
    noise = torch.rand(1, 1, *size, generator=torch.Generator().manual_seed(seed))
    for _ in range(3):
        noise = F.avg_pool2d(noise, 7, 1, 3, count_include_pad=False)
    return ((noise - noise.mean()) / noise.std() * 0.15 + 0.5).clamp(0.0, 1.0)


def shifted(across: int, down: int) -> tuple[Tensor, Tensor]:
    """Two windows onto one texture; what is at a place of the first is so far off in the second."""
    whole, margin = texture((SIZE[0] + 40, SIZE[1] + 40)), 20
    window = lambda x, y: whole[..., y : y + SIZE[0], x : x + SIZE[1]]  # noqa: E731
    return window(margin + across, margin + down), window(margin, margin)


@pytest.mark.parametrize(("across", "down"), [(1, 0), (0, -2), (3, 2), (-5, 4)])
def test_a_shift_is_found(across: int, down: int) -> None:
    now, before = shifted(across, down)
    flow = FastFlow(SIZE).find(now, before)
    assert flow.shape == (1, 2, *SIZE)
    off = (flow[0] - torch.tensor([across, down]).view(2, 1, 1)).norm(dim=0)[10:-10, 10:-10]
    assert float(off.median()) < 0.25


def test_what_rests_does_not_flow() -> None:
    now = texture(SIZE)
    assert float(FastFlow(SIZE).find(now, now).abs().max()) < 1e-4


def test_a_bare_wall_has_a_flow_without_sense_that_is_finite_and_short() -> None:
    wall = torch.full((1, 1, *SIZE), 0.6)
    noisy = wall + torch.randn(wall.shape, generator=torch.Generator().manual_seed(2)) * 1e-3
    flow = FastFlow(SIZE).find(wall, noisy)
    assert float(flow.abs().max()) < 1.0


def test_pictures_smaller_than_a_level_have_a_flow_too() -> None:
    for size in ((1, 1), (3, 5), (9, 31)):
        now = torch.rand(1, 1, *size)
        flow = FastFlow(size).find(now, now)
        assert flow.shape == (1, 2, *size)
        assert bool(flow.isfinite().all())


def test_light_that_changes_on_a_shaded_wall_is_no_motion() -> None:
    shade = torch.linspace(0.3, 0.7, SIZE[1]).expand(1, 1, *SIZE)
    now, before = shade + 0.02, shade.clone()
    assert float(FastFlow(SIZE).find(now, before).abs().max()) < 0.1
    now, before = texture(SIZE) * 1.05, texture(SIZE)
    assert float(FastFlow(SIZE).find(now, before).abs().median()) < 0.1


def test_what_moves_before_a_wall_flows_up_to_its_outline() -> None:
    size, shift = (90, 160), 3
    wall, thing = texture(size, seed=3), texture(size, seed=4)
    before, now = wall.clone(), wall.clone()
    before[..., 30:60, 50:90] = thing[..., 30:60, 50:90]
    now[..., 30:60, 50 + shift : 90 + shift] = thing[..., 30:60, 50:90]
    flow = FastFlow(size).find(now, before)[0]
    off = (flow - torch.tensor([-shift, 0]).view(2, 1, 1)).norm(dim=0)
    outline = torch.zeros(size, dtype=torch.bool)
    outline[30:60, 50 + shift : 90 + shift] = True
    outline[33:57, 53 + shift : 87 + shift] = False
    assert float((off[outline] < 0.5).float().mean()) > 0.42
