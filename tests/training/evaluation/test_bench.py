"""One style measured whole, with painters whose work is known; and what is drawn of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from murai.imaging.flow import DisFlow
from murai.training.evaluation.bench import Bench, Clip, measure_style, steps_of_style
from murai.training.evaluation.figures import mean_figures
from murai.training.evaluation.gatys import CurveStore
from murai.training.evaluation.sheet import draw_comparison, draw_sheet
from murai.training.evaluation.steadiness import Film, Moves, find_moves
from murai.training.losses import LossWeights
from murai.training.style_image import StyleImage
from tests.training.evaluation.drawn import PlainPainter, still_film, texture
from tests.training.tiny import TinyEyes

IMAGE = StyleImage("spots", (texture(96, 96, seed=9),), (None,))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    film = still_film()
    return Bench(
        network=TinyEyes(),
        kind="gram",
        weights=LossWeights(),
        photographs=(texture(64, 64, seed=5), texture(64, 64, seed=6)),
        clips=(Clip("still", film, find_moves(film, DisFlow())),),
        curves=CurveStore(tmp_path / "curves", "tiny"),
        steps=10,
        device=torch.device("cpu"),
    )


def test_a_painter_that_changes_nothing_has_the_photographs_own_figures(bench: Bench) -> None:
    told: list[int] = []
    report = measure_style(bench, (PlainPainter(), None), (0, IMAGE), lambda: told.append(1))
    figures = report.figures
    assert figures.content_loss == pytest.approx(0.0, abs=1e-6) and figures.tone_loss == pytest.approx(0.0, abs=1e-9)
    assert figures.lbfgs_steps_photograph == 0.0 and figures.lbfgs_steps > 0.0
    assert figures.warping_error < 1e-6 and figures.noise_gain == pytest.approx(1.0)
    assert figures.warping_error_twin is figures.style_loss_twin is figures.noise_gain_twin is None
    assert len(told) == steps_of_style(bench, twin=False)


def test_the_twin_is_measured_in_the_same_way(bench: Bench) -> None:
    told: list[int] = []
    report = measure_style(bench, (PlainPainter(0.5), PlainPainter()), (0, IMAGE), lambda: told.append(1))
    figures = report.figures
    assert figures.noise_gain == pytest.approx(0.5, rel=0.03) and figures.noise_gain_twin == pytest.approx(1.0)
    plain = measure_style(bench, (PlainPainter(), None), (0, IMAGE)).figures
    assert (figures.style_loss_twin, figures.total_loss_twin) == (plain.style_loss, plain.total_loss)
    assert len(told) == steps_of_style(bench, twin=True)


def test_the_film_is_measured_as_it_is_shown_as_well(bench: Bench) -> None:
    moving = tuple(texture(64, 64, seed=n) for n in range(3))
    seen = torch.ones(1, 64, 64, dtype=torch.bool)
    moves = Moves((torch.zeros(2, 64, 64, dtype=torch.float16),) * 2, (seen,) * 2)
    changing = replace(bench, clips=(Clip("changing", Film(moving, 30.0), moves),))
    figures = measure_style(changing, (PlainPainter(), None), (0, IMAGE)).figures
    assert figures.warping_error > 0.01 and figures.warping_error_shown == 0.0


def test_means_leave_a_twin_out_that_one_style_lacks(bench: Bench) -> None:
    one = measure_style(bench, (PlainPainter(), None), (0, IMAGE)).figures
    other = replace(one, noise_gain=0.5, warping_error_twin=0.25)
    mean = mean_figures([one, other])
    assert mean.noise_gain == pytest.approx(0.75) and mean.warping_error_twin is None
    assert mean_figures([other, other]).warping_error_twin == 0.25


def test_sheets_show_the_pictures(bench: Bench) -> None:
    report = measure_style(bench, (PlainPainter(), None), (0, IMAGE))
    sheet = draw_sheet("Pack", [report, report], bench.photographs, bench.clips[0].film.frames[0])
    assert sheet.height > 3 * 208 and sheet.width > 5 * 208
    comparison = draw_comparison("Pack", [report], bench.photographs)
    photograph = bench.photographs[0].float().mean((1, 2))
    shown = torch.tensor(list(comparison.crop((224, 34, 432, 242)).get_flattened_data())).float().mean(0)
    assert shown.tolist() == pytest.approx(photograph.tolist(), abs=3.0)
