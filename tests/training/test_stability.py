"""Noise, known motion and films: what is drawn, and what the losses make of it."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from murai.imaging.warp import stays_inside
from murai.training.stability import Motion, booth_noise, clip_loss, motion_loss, noise_loss
from tests.imaging.drawn import texture


def random(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def motion(right: float = 0.0, down: float = 0.0, zoom: float = 1.0, turn_rad: float = 0.0) -> Motion:
    return Motion(torch.tensor([[right, down]]), torch.tensor([zoom]), torch.tensor([turn_rad]))


def test_a_thousand_pixels_are_off_and_the_rest_has_gaussian_noise() -> None:
    grey = torch.full((4, 3, 256, 256), 0.5)
    noise_255 = (booth_noise(grey, random()) - grey) * 255.0
    for each in noise_255:
        sigma = float(each.flatten(1).median(1).values.abs().max() + each.abs().flatten().quantile(0.6827))
        assert 2.3 < sigma < 5.4
        # Three colours rarely go astray together by chance.
        astray = (each.abs() > 2.0 * sigma).all(0) & ((each > 0).all(0) | (each < 0).all(0))
        assert 400 < int(astray.sum()) < 1000
        assert 25.0 < float(each.mean(0).abs().max()) < 60.0 + 4.0 * sigma  # two can meet on a pixel


def test_the_gaussian_noise_is_another_for_each_picture() -> None:
    grey = torch.full((64, 3, 64, 64), 0.5)
    noise_255 = (booth_noise(grey, random()) - grey) * 255.0
    sigmas = noise_255.flatten(1).abs().quantile(0.6827, 1)
    assert 2.4 < float(sigmas.min()) < 2.9
    assert 4.6 < float(sigmas.max()) < 5.4


def test_other_sizes_have_as_many_pixels_off_for_their_size() -> None:
    """Shifts of all three colours alike add to their mean's variance: 299.9 times their share of the pixels."""
    for side in (64, 128, 384):
        grey = torch.full((8, 3, side, side), 0.5)
        noise_255 = (booth_noise(grey, random()) - grey) * 255.0
        together = (noise_255[:, 0] * noise_255[:, 1]).mean()
        assert float(together) == pytest.approx(299.9 * 1000 / 65536, rel=0.35)


def test_noise_stays_in_range_and_follows_its_generator() -> None:
    dark = torch.zeros((1, 3, 16, 16))
    once, again, other = (booth_noise(dark, random(seed)) for seed in (1, 1, 2))
    assert float(once.min()) == 0.0
    assert float(booth_noise(dark + 1.0, random()).max()) == 1.0
    assert torch.equal(once, again)
    assert not torch.equal(once, other)
    generator = random()
    assert not torch.equal(booth_noise(dark, generator), booth_noise(dark, generator))


def test_noise_loss_by_hand() -> None:
    painted = torch.full((2, 3, 4, 4), 0.5)
    noisy = painted.clone()
    noisy[0] += 0.2
    assert float(noise_loss(painted, noisy)) == pytest.approx(0.02)


def test_a_shift_is_recovered_exactly() -> None:
    pictures = torch.rand(1, 3, 20, 30)
    moved = motion(right=4.0, down=-3.0).move(pictures)
    torch.testing.assert_close(moved[..., :17, 4:], pictures[..., 3:, :26], rtol=0.0, atol=1e-5)
    torch.testing.assert_close(moved[..., :17, 0], pictures[..., 3:, 0], rtol=0.0, atol=1e-5)


def test_a_quarter_turn_is_clockwise_and_exact() -> None:
    pictures = torch.rand(1, 3, 17, 17)
    moved = motion(turn_rad=math.pi / 2).move(pictures)
    torch.testing.assert_close(moved, pictures.rot90(-1, (2, 3)), rtol=0.0, atol=1e-4)


def test_a_zoom_of_two_enlarges_around_the_middle() -> None:
    pictures = torch.rand(1, 1, 21, 21)
    moved = motion(zoom=2.0).move(pictures)
    torch.testing.assert_close(moved[..., ::2, ::2], pictures[..., 5:16, 5:16], rtol=0.0, atol=1e-5)


def test_a_thing_goes_where_the_motion_says() -> None:
    """A dot at (20, 8) from the middle, turned by a right angle, halved and shifted."""
    pictures = torch.zeros(1, 1, 65, 65)
    pictures[..., 32 + 8 - 1 : 32 + 8 + 2, 32 + 20 - 1 : 32 + 20 + 2] = 1.0
    moved = motion(right=5.0, down=-7.0, zoom=0.5, turn_rad=math.pi / 2).move(pictures)[0, 0]
    row, column = divmod(int(moved.argmax()), 65)
    assert (column, row) == (32 - 4 + 5, 32 + 10 - 7)


def test_what_comes_in_does_not_count() -> None:
    flow = motion(right=4.0, down=-3.0).flow((20, 30))
    wanted = torch.zeros(20, 30)
    wanted[:17, 4:] = 1.0
    assert torch.equal(stays_inside(flow)[0, 0], wanted)


def test_drawn_motions_are_small_and_half_of_them_whole_pixels() -> None:
    drawn = Motion.draw(400, (100, 200), random())
    assert float(drawn.shift_px[:, 0].abs().max()) == 8.0
    assert float(drawn.shift_px[:, 1].abs().max()) == 4.0
    assert torch.equal(drawn.shift_px, drawn.shift_px.round())
    assert 0.95 <= float(drawn.zoom.min()) < 0.96 and 1.04 < float(drawn.zoom.max()) <= 1.05
    assert 2.8 < math.degrees(float(drawn.turn_rad.abs().max())) <= 3.0
    for part in ((drawn.zoom != 1.0), (drawn.turn_rad != 0.0)):
        assert 0.4 < float(part.float().mean()) < 0.6


def test_each_picture_of_a_batch_has_its_own_motion() -> None:
    pictures = torch.rand(3, 3, 24, 24)
    drawn = Motion.draw(3, (24, 24), random(5))
    together = drawn.move(pictures)
    for n in range(3):
        alone = Motion(drawn.shift_px[n : n + 1], drawn.zoom[n : n + 1], drawn.turn_rad[n : n + 1])
        torch.testing.assert_close(together[n : n + 1], alone.move(pictures[n : n + 1]))


def test_painting_that_follows_the_motion_loses_nothing() -> None:
    pictures = texture(48, 64)
    moving = motion(right=5.0, down=-2.0)

    def paint(x: Tensor) -> Tensor:
        return 1.0 - x * x

    assert float(motion_loss(paint(moving.move(pictures)), paint(pictures), moving)) < 1e-9
    turned = motion(right=1.0, zoom=1.04, turn_rad=0.05)
    assert float(motion_loss(paint(turned.move(pictures)), paint(pictures), turned)) < 1e-6
    assert float(motion_loss(paint(pictures), paint(pictures), moving)) > 1e-3


def test_motion_loss_looks_only_at_what_was_there() -> None:
    painted, moving = texture(48, 64), motion(right=6.0)
    moved = moving.move(painted)
    moved[..., :6] = 0.0  # what came in is anything
    assert float(motion_loss(moved, painted, moving)) < 1e-9
    moved[..., :7] = 0.0
    assert float(motion_loss(moved, painted, moving)) > 1e-4


def test_clip_loss_looks_only_at_what_is_visible() -> None:
    before, now = texture(40, 60), texture(40, 60, right=3.0)
    flow = torch.tensor([-3.0, 0.0]).view(1, 2, 1, 1).expand(1, 2, 40, 60)
    now[..., 10:20, 10:20] = 0.0  # somebody steps in
    seen = torch.ones(1, 1, 40, 60)
    seen[..., :3] = 0.0
    assert float(clip_loss(now, before, flow, seen)) > 1e-3
    seen[..., 10:20, 10:20] = 0.0
    assert float(clip_loss(now, before, flow, seen)) < 1e-9


def test_slopes_are_those_of_small_differences() -> None:
    now, before = (torch.rand(2, 3, 7, 8, dtype=torch.float64) * 0.8 + 0.1 for _ in range(2))
    now.requires_grad_()
    before.requires_grad_()
    drawn = Motion(torch.tensor([[1.0, -1.0], [0.0, 1.0]]), torch.tensor([1.0, 1.1]), torch.tensor([0.0, 0.1]))
    seen = torch.rand(2, 1, 7, 8, dtype=torch.float64)
    flow = drawn.flow((7, 8)).double()
    assert torch.autograd.gradcheck(noise_loss, (now, before))
    assert torch.autograd.gradcheck(lambda n, b: motion_loss(n, b, drawn), (now, before))
    assert torch.autograd.gradcheck(lambda n, b: clip_loss(n, b, flow, seen), (now, before))
