"""Flows of drawn motion, and what of it stays visible."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import Tensor

from murai.errors import TrainingError
from murai.imaging.flow import DisFlow, FlowFinder, RaftFlow, open_flow, visible
from murai.imaging.warp import warp
from tests.imaging.drawn import texture


@pytest.mark.parametrize(("right", "down"), [(4.0, 0.0), (-2.5, 3.25), (0.0, 0.0), (7.5, -5.0)])
def test_dis_finds_a_moving_texture_within_half_a_pixel(right: float, down: float) -> None:
    finder: FlowFinder = DisFlow()
    before, now = texture(120, 160), texture(120, 160, right, down)
    flow = finder.find(before, now)
    assert flow.shape == (1, 2, 120, 160)
    assert flow.dtype == torch.float32
    apart = flow - torch.tensor([right, down]).view(1, 2, 1, 1)
    assert float(apart[..., 16:-16, 16:-16].square().sum(1).sqrt().max()) < 0.5
    assert float((warp(now, flow) - before)[..., 16:-16, 16:-16].abs().mean()) < 0.01


def test_dis_takes_each_picture_of_a_batch_by_itself() -> None:
    before = texture(96, 96).expand(2, -1, -1, -1)
    now = torch.cat([texture(96, 96, right=3.0), texture(96, 96, down=-3.0)])
    middle = DisFlow().find(before, now)[..., 48, 48]
    torch.testing.assert_close(middle, torch.tensor([[3.0, 0.0], [0.0, -3.0]]), rtol=0.0, atol=0.5)


def test_a_bare_wall_with_a_cameras_noise_stays() -> None:
    random = torch.Generator().manual_seed(4)
    wall = texture(96, 128) * 0.02 + torch.linspace(0.5, 0.7, 128)
    before, now = (wall + torch.randn(wall.shape, generator=random) / 255.0 for _ in range(2))
    finder = DisFlow()
    backward = finder.find(now, before)
    assert float(backward.abs().sum(1).gt(0.0).float().mean()) < 0.02
    assert float(visible(finder.find(before, now), backward).mean()) > 0.95


def square_moving(right: int) -> tuple[Tensor, Tensor]:
    """Exact flows, forward and backward, of a square of 20 px that moves over a still ground; 60 x 80 px."""
    forward, backward = torch.zeros(2, 1, 2, 60, 80)
    forward[:, 0, 20:40, 20:40] = right
    backward[:, 0, 20:40, 20 + right : 40 + right] = -right
    return forward, backward


def test_what_a_square_uncovers_is_not_visible_and_the_rest_is() -> None:
    seen = visible(*square_moving(8))[0, 0]
    assert float(seen[22:38, 21:27].max()) == 0.0  # where the square was before
    assert float(seen[22:38, 31:45].min()) == 1.0  # the square where it is now
    assert float(seen[:18].min()) == 1.0 and float(seen[:, :18].min()) == 1.0


def test_edges_of_motion_are_not_visible() -> None:
    seen = visible(*square_moving(8))[0, 0]
    for column in (27, 28, 47, 48):  # both sides of the square's left and right edge
        assert float(seen[22:38, column].max()) == 0.0
    assert float(seen[19:21, 30:46].max()) == 0.0


def test_what_comes_in_at_an_edge_is_not_visible() -> None:
    forward = torch.zeros(1, 2, 30, 40)
    forward[:, 0] = 5.0
    seen = visible(forward, -forward)[0, 0]
    assert float(seen[:, :5].max()) == 0.0
    assert float(seen[:, 5:].min()) == 1.0


def test_the_two_thresholds_are_the_papers() -> None:
    """Flows that disagree by d px: hidden where d * d > 0.01 * (both lengths squared) + 0.5."""
    for length, disagreement, wanted in ((0.0, 0.70, 1.0), (0.0, 0.72, 0.0), (5.0, 0.98, 1.0), (5.0, 1.08, 0.0)):
        forward, backward = torch.zeros(2, 1, 2, 40, 40)
        forward[:, 1], backward[:, 1] = length + disagreement, -length
        assert float(visible(forward, backward)[0, 0, 20, 20]) == wanted
    for slope, wanted in ((0.043, 1.0), (0.047, 0.0)):  # at no motion: where slope * slope > 0.002
        backward = torch.zeros(1, 2, 41, 41)
        backward[:, 0] = (torch.arange(41) - 20.0) * slope
        assert float(visible(-backward, backward)[0, 0, 20, 20]) == wanted


def test_a_drawn_square_that_moves_is_told_from_what_it_uncovers() -> None:
    """The whole way, from pictures: a square of one texture over another."""
    ground, square = texture(128, 160, seed=2), texture(64, 64, seed=3)
    before, now = ground.clone(), ground.clone()
    before[..., 32:96, 40:104] = square
    now[..., 32:96, 46:110] = square
    finder = DisFlow()
    seen = visible(finder.find(before, now), finder.find(now, before))[0, 0]
    assert float(seen[40:88, 41:45].mean()) < 0.2  # uncovered
    assert float(seen[44:84, 58:98].mean()) > 0.8  # the square
    assert float(seen[:20].mean()) > 0.8


def test_auto_is_dis_where_there_is_no_gpu() -> None:
    assert isinstance(open_flow("auto", "cpu"), DisFlow)
    assert isinstance(open_flow("dis"), DisFlow)


def test_without_opencv_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)  # what an import of it sees where there is none
    with pytest.raises(TrainingError, match=r"OpenCV.*'training'"):
        open_flow("auto")


def test_without_torchvision_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(TrainingError, match=r"torchvision.*'training'"):
        RaftFlow()


def test_auto_says_why_it_is_not_raft(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with caplog.at_level("INFO"):
        assert isinstance(open_flow("auto", "cuda"), DisFlow)
    assert "flow by DIS: torchvision can't be used" in caplog.text
