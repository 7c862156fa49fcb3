"""The optimisation goes down, its steps are counted fairly, and it is done once."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from murai.errors import TrainingError
from murai.training.evaluation.gatys import Curve, CurveStore, optimise
from murai.training.losses import LossWeights
from tests.training.evaluation.drawn import yardstick


def test_steps_are_counted_between_two_and_by_the_lowest_so_far() -> None:
    curve = Curve((8.0, 4.0, 6.0, 5.0, 2.0), {})
    assert curve.steps_to(9.0) == 0.0
    assert curve.steps_to(8.0) == 0.0
    assert curve.steps_to(6.0) == 0.5
    assert curve.steps_to(4.0) == 1.0
    assert curve.steps_to(3.0) == 3.5
    assert curve.steps_to(1.0) == 4.0


def test_a_loss_that_is_no_number_is_never_reached() -> None:
    assert Curve((8.0, float("nan"), 4.0), {}).steps_to(6.0) == pytest.approx(1.5)


def test_a_better_painting_is_worth_more_steps() -> None:
    curve = optimise(yardstick(), "noise", 20)
    worth = [curve.steps_to(total) for total in torch.linspace(curve.totals[0], min(curve.totals), 30).tolist()]
    assert worth == sorted(worth)
    assert worth[0] == 0.0 and worth[-1] > 10.0


def test_totals_are_those_of_the_pictures_after_each_step() -> None:
    stick = yardstick()
    curve, shorter = (optimise(stick, "photograph", steps) for steps in (10, 5))
    assert len(curve.totals) == 11 and set(curve.pictures) == {5, 10}
    assert curve.totals[0] == pytest.approx(float(stick.losses(stick.photograph).total(LossWeights())))
    assert shorter.totals == pytest.approx(curve.totals[:6])
    assert torch.equal(shorter.pictures[5], curve.pictures[5])
    for steps, picture in curve.pictures.items():
        assert stick.likeness(picture).total == pytest.approx(curve.totals[steps], rel=0.01)  # kept ones are bytes


def test_every_step_is_told() -> None:
    told: list[int] = []
    optimise(yardstick(), "noise", 7, lambda: told.append(1))
    assert len(told) == 7


def test_a_kept_curve_is_taken_cut_and_replaced_by_a_longer_one(tmp_path: Path) -> None:
    store, stick = CurveStore(tmp_path, "eyes"), yardstick()
    told: list[int] = []
    first = store.curve(stick, b"style", "noise", 12, lambda: told.append(1))
    (file,) = tmp_path.iterdir()
    made_ns = file.stat().st_mtime_ns
    again = store.curve(stick, b"style", "noise", 12, lambda: told.append(1))
    shorter = store.curve(stick, b"style", "noise", 6, lambda: told.append(1))
    assert len(told) == 30
    assert again.totals == first.totals and shorter.totals == first.totals[:7] and set(shorter.pictures) == {5}
    assert all(torch.equal(again.pictures[step], picture) for step, picture in first.pictures.items())
    assert file.stat().st_mtime_ns == made_ns
    assert len(store.curve(stick, b"style", "noise", 15, lambda: None).totals) == 16
    assert file.stat().st_mtime_ns != made_ns


def test_everything_that_a_curve_depends_on_has_its_own(tmp_path: Path) -> None:
    stick, other = yardstick(), yardstick(seed=3)
    heavier = yardstick()
    heavier.weights = LossWeights(style=9.0)
    otherwise = yardstick(kind="moments")
    asked = [
        ("eyes", stick, b"style", "noise"),
        ("other eyes", stick, b"style", "noise"),
        ("eyes", other, b"style", "noise"),
        ("eyes", heavier, b"style", "noise"),
        ("eyes", otherwise, b"style", "noise"),
        ("eyes", stick, b"other style", "noise"),
        ("eyes", stick, b"style", "photograph"),
    ]
    for identity, used, images, start in asked:
        CurveStore(tmp_path, identity).curve(used, images, start, 1, lambda: None)  # type: ignore[arg-type]
    assert len(list(tmp_path.iterdir())) == len(asked)
    stick.weights = LossWeights(noise=1.0, clip=2.0)
    CurveStore(tmp_path, "eyes").curve(stick, b"style", "noise", 1, lambda: None)
    assert len(list(tmp_path.iterdir())) == len(asked)  # these don't count in a single picture


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    store, stick = CurveStore(tmp_path, "eyes"), yardstick()
    first = store.curve(stick, b"style", "noise", 5, lambda: None)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:100])
    assert store.curve(stick, b"style", "noise", 5, lambda: None).totals == pytest.approx(first.totals)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(TrainingError, match=r"can't write .*name another --cache"):
        CurveStore(tmp_path / "file", "eyes").curve(yardstick(), b"style", "noise", 1, lambda: None)
