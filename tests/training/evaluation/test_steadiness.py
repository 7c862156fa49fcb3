"""Flicker and noise that are known come out as the figures that they are."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import torch

from murai.errors import TrainingError
from murai.imaging.flow import DisFlow
from murai.training.evaluation.steadiness import Film, film_error, find_moves, noise_gain, read_film
from tests.sources.clips import moving, write_clip
from tests.training.evaluation.drawn import PlainPainter, jittering, still_film, texture


def test_a_still_film_has_no_error_and_known_jitter_has_its_own() -> None:
    film = still_film()
    moves = find_moves(film, DisFlow())
    assert film_error(film.frames, moves) < 1e-6
    assert film_error(jittering(film, 51), moves) == pytest.approx(0.2**2, rel=0.1)  # darkest pixels can't get darker


def test_what_moves_along_counts_as_steady_and_what_stays_behind_does_not() -> None:
    wide = texture(96, 160)
    film = Film(tuple(wide[:, :, 3 * n : 3 * n + 128].contiguous() for n in range(4)), 10.0)
    moves = find_moves(film, DisFlow())
    moved, stuck = film_error(film.frames, moves), film_error([film.frames[0]] * 4, moves)
    assert moved < 2e-4
    assert stuck > 20.0 * moved


def test_where_nothing_is_seen_twice_nothing_counts() -> None:
    film = still_film(2)
    moves = find_moves(film, DisFlow())
    half = moves.seen[0].clone()
    half[..., 64:] = False
    painted = [film.frames[0], film.frames[1].clone()]
    painted[1][..., 70:] = 0
    assert film_error(painted, type(moves)(moves.flows, (half,))) < 1e-6


@pytest.mark.parametrize("contrast", [1.0, 0.5])
def test_noise_gain_is_the_contrast(contrast: float) -> None:
    photographs = [texture(64, 64, seed) for seed in (1, 2)]
    gain = noise_gain(partial(PlainPainter(contrast).film, style=0), photographs)
    assert gain == pytest.approx(contrast, rel=0.03)


def test_a_part_of_a_film_is_read_at_the_size_asked_for(tmp_path: Path) -> None:
    file = write_clip(tmp_path / "clip.mp4", moving(20))
    film = read_film(file, (80, 48), from_s=0.2, length_s=0.4)  # at 25 a second
    assert film.fps == 25.0 and len(film.frames) == 10
    assert film.frames[0].shape == (3, 48, 80) and film.frames[0].dtype == torch.uint8
    assert [at_s for at_s, _ in film.timed()][:2] == [0.0, 0.04]
    means = [float(frame.float().mean()) for frame in read_film(file, (80, 48), 0.0, 9.0).frames]
    assert [float(frame.float().mean()) for frame in film.frames] == pytest.approx(means[5:15])


def test_what_is_no_film_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no film")
    with pytest.raises(TrainingError, match=r"text\.mp4"):
        read_film(tmp_path / "text.mp4", (80, 48), 0.0, 1.0)
    file = write_clip(tmp_path / "clip.mp4", moving(5))
    with pytest.raises(TrainingError, match="0 frames from 9 s on"):
        read_film(file, (80, 48), 9.0, 1.0)
