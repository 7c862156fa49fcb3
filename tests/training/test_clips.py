"""Neighbouring frames of films, and what moved between them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from murai.errors import TrainingError
from murai.imaging.flow import DisFlow
from murai.imaging.warp import warp
from murai.training.clips import Clips
from murai.training.data import draw_deals
from murai.training.films import film_pairs
from tests.sources.clips import moving, write_clip


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything moves 3 px to the right a frame."""
    return write_clip(tmp_path_factory.mktemp("films") / "film.mp4", moving(30, (240, 160)))


def test_pairs_are_neighbours_and_a_second_apart(film: Path) -> None:
    pairs = film_pairs(film, short_side_px=160, every_s=1.0, at_most=10)
    assert len(pairs) == 2
    for before, now in pairs:
        assert before.shape == now.shape == (3, 160, 240)
        followed = torch.roll(before.float(), 3, 2)
        assert float((now.float() - followed).abs()[:, :, 10:].mean()) < 8.0
        assert float((now.float() - before.float()).abs().mean()) > 12.0
    assert len(film_pairs(film, 160, 1.0, at_most=1)) == 1


def test_a_film_of_one_frame_is_too_short(tmp_path: Path) -> None:
    short = write_clip(tmp_path / "short.mp4", moving(1, (240, 160)))
    with pytest.raises(TrainingError, match=r"short\.mp4 is too short"):
        film_pairs(short, 160, 1.0, at_most=1)


@pytest.mark.parametrize("mirrored", [True, False])
def test_squares_of_before_moved_by_the_flow_look_like_now(film: Path, mirrored: bool) -> None:
    clips = Clips([film], 96, DisFlow())
    deals = [deal for deal in draw_deals(len(clips), 20, torch.Generator().manual_seed(1)) if deal.mirrored == mirrored]
    squares = clips.squares(deals, 96)
    assert squares.now.shape == squares.before.shape == (len(deals), 3, 96, 96)
    share = float(squares.seen.mean())
    assert 0.5 < share < 1.0  # what came in at the edge was not to be seen before
    moved = warp(squares.before, squares.flow)
    followed = ((squares.now - moved).abs() * squares.seen).mean() / share
    stayed = ((squares.now - squares.before).abs() * squares.seen).mean() / share
    assert float(followed) < 0.5 * float(stayed)


def test_damaged_and_small_films_are_named_and_left_out(
    film: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damaged, small = tmp_path / "damaged.mp4", write_clip(tmp_path / "small.mp4", moving(3, (160, 64)))
    damaged.write_bytes(b"no film")
    assert len(Clips([damaged, film, small], 96, DisFlow())) == 2
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2 and "damaged.mp4" in told[0] and "small.mp4 is smaller than 96 px" in told[1]
    with pytest.raises(TrainingError, match=r"no film gave two frames of 96 px: .*damaged\.mp4"):
        Clips([damaged, small], 96, DisFlow())


def test_a_film_that_is_cut_off_gives_what_is_there(film: Path, tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.mkv", moving(60, (240, 160)))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 4])
    assert len(film_pairs(whole, 160, 1.0, 10)) == 3
    assert len(film_pairs(cut, 160, 1.0, 10)) == 2
