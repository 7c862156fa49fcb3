"""What holds a film's frames together: memories of other frames, whose weights reach the slope of each pixel."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from murai.imaging.flow import DisFlow
from murai.painting.objective import Objective, PaintingWeights
from murai.painting.paint import Settings, Wishes, paint
from murai.painting.passes import turn_at
from murai.painting.styles import Style, regions_of
from murai.painting.temporal import Memory, blended, flicker, long_term, recalled, remembered, temporal_loss
from tests.painting.drawn import eyes, noise, slope_mask, stripes

SIZE = (24, 32)


def memory(seed: int, counts: Tensor | None = None) -> Memory:
    return Memory(noise(*SIZE, seed=seed), slope_mask(*SIZE) if counts is None else counts)


def wall(height: int = 96, width: int = 128) -> Tensor:
    """(3, H, W) float32, smooth enough to be followed."""
    coarse = torch.rand((1, 3, height // 8, width // 8), generator=torch.Generator().manual_seed(3))
    return torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic").clamp(0.0, 1.0)[0]


def test_the_temporal_losss_slope_is_that_of_finite_differences() -> None:
    """In the best-known older implementation the weights multiply a constant, and no slope is left."""
    picture = noise(*SIZE)
    loss = temporal_loss([memory(2), memory(3, 1.0 - slope_mask(*SIZE) ** 2)], 5.0)
    leaf = picture.clone().requires_grad_()
    (slope,) = torch.autograd.grad(loss(leaf), leaf)
    direction = noise(*SIZE, seed=9) - 0.5
    step = 1e-6
    difference = (loss(picture + step * direction) - loss(picture - step * direction)) / (2.0 * step)
    assert float((slope * direction).sum()) == pytest.approx(float(difference), rel=1e-6)
    for place in ((0, 3, 4), (2, 20, 30)):
        one = torch.zeros_like(picture)
        one[place] = step
        each = (loss(picture + one) - loss(picture - one)) / (2.0 * step)
        assert float(slope[place]) == pytest.approx(float(each), rel=1e-5)


def test_each_pixel_is_held_by_its_own_weight() -> None:
    counts = slope_mask(*SIZE)
    leaf = torch.full((3, *SIZE), 0.75, dtype=torch.float64, requires_grad=True)
    held = Memory(torch.full((3, *SIZE), 0.25, dtype=torch.float64), counts)
    loss = temporal_loss([held], 2.0)(leaf)
    assert float(loss.detach()) == pytest.approx(2.0 * 0.25 * float(counts.mean()))
    (slope,) = torch.autograd.grad(loss, leaf)
    torch.testing.assert_close(slope, (2.0 * 2.0 * 0.5 / leaf.numel() * counts).expand(3, *SIZE))


def test_the_slope_of_a_whole_painting_has_it() -> None:
    network, picture = eyes(), noise(*SIZE, seed=4)
    extras = {"temporal": temporal_loss([memory(2)], 3.0)}
    regions = regions_of(network, [Style(stripes(32, 32, 8, seed=2))], SIZE, 1.0, 256)
    plain, held = (
        Objective(network, noise(*SIZE), regions, PaintingWeights(), 256, some).evaluate(picture)
        for some in ({}, extras)
    )
    leaf = picture.clone().requires_grad_()
    (own,) = torch.autograd.grad(extras["temporal"](leaf), leaf)
    torch.testing.assert_close(held.slope - plain.slope, own)
    assert held.losses["total"] - plain.losses["total"] == pytest.approx(held.losses["temporal"])


def test_at_smaller_sizes_memories_are_smaller() -> None:
    even = Memory(torch.full((3, *SIZE), 0.5, dtype=torch.float64), torch.ones(SIZE, dtype=torch.float64))
    loss = temporal_loss([even], 1.0)
    assert float(loss(torch.full((3, 12, 16), 0.7, dtype=torch.float64))) == pytest.approx(0.04)
    assert float(loss(torch.full((3, *SIZE), 0.7, dtype=torch.float64))) == pytest.approx(0.04)


def test_what_moved_is_remembered_where_it_is_now() -> None:
    whole = wall(96, 140)
    before, now = whole[..., 6:134], whole[..., :128]  # all goes six px to the right
    found = remembered(DisFlow(), now, before, 1.0 - before)
    seen = found.counts > 0.0
    assert float((found.picture - (1.0 - now)).abs()[:, seen].mean()) < 0.01
    assert float(found.counts[:, :4].mean()) < 0.2, "what came in from the left was not there before"
    assert found.trust > 0.8


def test_what_does_not_look_alike_is_not_trusted() -> None:
    class Still:
        def find(self, pictures: Tensor, others: Tensor) -> Tensor:
            return torch.zeros(1, 2, *pictures.shape[2:])

    now = wall()
    other = now.clone()
    other[:, 20:60, 40:80] = 1.0 - other[:, 20:60, 40:80].round()
    for light in (0.0, 0.2):  # another exposure is no other thing
        counts = remembered(Still(), now, other + light, now).counts
        assert float(counts[24:56, 44:76].mean()) < 0.1
        assert float(counts[:, 90:].min()) == 1.0


def test_each_pixel_is_left_to_the_nearest_frame_that_shows_it() -> None:
    counts = [torch.tensor([[1.0, 0.0, 0.0, 0.25]]), torch.tensor([[1.0, 1.0, 0.0, 0.5]]), torch.ones(1, 4)]
    found = long_term([Memory(torch.zeros(3, 1, 4), each) for each in counts])
    wanted = [[1.0, 0.0, 0.0, 0.25], [0.0, 1.0, 0.0, 0.25], [0.0, 0.0, 1.0, 0.25]]
    assert [each.counts[0].tolist() for each in found] == wanted
    assert long_term([]) == []


def test_a_picture_is_recalled_from_those_that_show_it() -> None:
    pictures = [torch.full((3, 1, 3), value) for value in (0.2, 0.6)]
    counts = [torch.tensor([[1.0, 0.0, 0.0]]), torch.tensor([[0.0, 1.0, 0.0]])]
    found = recalled([Memory(*each) for each in zip(pictures, counts, strict=True)], torch.full((3, 1, 3), 0.9))
    torch.testing.assert_close(found[0, 0], torch.tensor([0.2, 0.6, 0.9]))


def test_passes_mix_neighbours_where_they_can_be_trusted() -> None:
    near = Memory(torch.ones(3, 1, 3), torch.tensor([[1.0, 0.5, 0.0]]))
    torch.testing.assert_close(blended(torch.zeros(3, 1, 3), near, 0.5)[1, 0], torch.tensor([0.5, 0.25, 0.0]))


def test_flicker_counts_only_what_can_be_trusted() -> None:
    near = Memory(torch.zeros(3, 1, 2), torch.tensor([[1.0, 0.0]]))
    assert flicker(torch.tensor([0.1, 0.9]).expand(3, 1, 2), near) == pytest.approx(0.01)


def test_passes_run_forwards_and_back() -> None:
    turns = [turn_at(place, 3) for place in range(9)]
    assert [turn.frame for turn in turns] == [0, 1, 2, 2, 1, 0, 0, 1, 2]
    assert [turn.before for turn in turns] == [None, 0, 1, None, 2, 1, None, 0, 1]
    assert [turn.round for turn in turns] == [1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_a_painting_stays_where_it_is_held_and_goes_elsewhere() -> None:
    content, held = noise(40, 48), noise(40, 48, seed=5)
    counts = torch.zeros((40, 48), dtype=torch.float64)
    counts[:, :24] = 1.0
    extras = {"temporal": temporal_loss([Memory(held, counts)], 1000.0)}
    wishes = Wishes(content, [Style(stripes(40, 40, 8, seed=2))], extras)
    found = paint(eyes(), wishes, Settings((40, 48), 1000, 40, 4096), content)
    away = (found - held).square().mean(0)
    assert float(away[:, :24].mean()) < 0.1 * float(away[:, 24:].mean())


def test_later_frames_can_leave_out_the_small_sizes() -> None:
    settings = Settings((64, 96), 48, 40, 4096)
    assert settings.stages == [((32, 48), 40), ((45, 68), 28), ((64, 96), 20)]
    last = Settings((64, 96), 48, 40, 4096, last_sizes=1)
    assert last.stages == [((64, 96), 20)] and last.all_steps == 20 and last.work_px == 64 * 96 * 20
