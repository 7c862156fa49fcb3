"""Loss curves, and TensorBoard's files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from murai.errors import TrainingError
from murai.training.records import Curves, TensorBoard


def curves_of(steps: range, curves: Curves | None = None) -> Curves:
    found = curves or Curves()
    for step in steps:
        found.add(step, {"style": 1.0 / step, "noise" if step % 2 else "motion": float(step)})
    return found


def test_curves_keep_means_of_a_long_run_in_few_points() -> None:
    points = curves_of(range(1, 1601)).points
    assert 200 <= len(points) < 400
    steps = [step for step, _ in points]
    assert steps == sorted(steps) and steps[-1] == 1600
    window = steps[1] - steps[0]
    assert points[1][1]["style"] == pytest.approx(np.mean([1.0 / step for step in range(window + 1, 2 * window + 1)]))


def test_curves_go_on_from_their_state() -> None:
    through, first, second = curves_of(range(1, 1000)), curves_of(range(1, 611)), Curves()
    second.restore(first.state())
    assert curves_of(range(611, 1000), second).points == through.points


def test_curves_are_drawn(tmp_path: Path) -> None:
    curves_of(range(1, 50)).draw(tmp_path / "losses.png", "Mine")
    with Image.open(tmp_path / "losses.png") as opened:
        assert min(opened.size) > 300
        assert len(opened.convert("RGB").getcolors(100_000) or ()) > 10
    with pytest.raises(TrainingError, match=r"can't write .*losses\.png"):
        curves_of(range(1, 50)).draw(tmp_path / "nowhere" / "losses.png", "Mine")


def test_tensorboard_gets_losses_and_sheets(tmp_path: Path) -> None:
    board = TensorBoard(tmp_path / "board")
    board.losses(3, {"style": 0.25})
    board.sheet(3, torch.zeros((3, 20, 30), dtype=torch.uint8))
    board.close()
    with pytest.raises(TrainingError, match=r"can't write TensorBoard's records to .*/file/board"):
        (tmp_path / "file").write_text("in the way")
        TensorBoard(tmp_path / "file" / "board")
    (file,) = (tmp_path / "board").iterdir()
    written = file.read_bytes()
    assert b"losses/style" in written and b"paintings" in written and b"PNG" in written
