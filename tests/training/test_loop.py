"""The training loop on a tiny network: it learns, and neither an interruption nor a bad number leaves a trace."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from murai.errors import TrainingError
from murai.imaging.flow import DisFlow
from murai.networks.canvas import MARGIN_PX, TRAINING_MARGIN_PX
from murai.training.checkpoint import read_checkpoint, write_checkpoint
from murai.training.clips import Clips
from murai.training.distributed import Crew
from murai.training.loop import Trainer
from murai.training.losses import LossWeights
from murai.training.objective import companions
from murai.training.recipe import Recipe
from tests.sources.clips import moving, write_clip
from tests.training.tiny import draw_photographs, tiny_job, tiny_recipe, tiny_trainer

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_photographs(tmp_path_factory.mktemp("photographs"), 6)


def flat(state: Any, path: str = "") -> dict[str, Any]:
    """A state's tensors and values by their paths."""
    if isinstance(state, dict):
        return {key: value for name in state for key, value in flat(state[name], f"{path}/{name}").items()}
    if isinstance(state, list | tuple):
        return {key: value for n, item in enumerate(state) for key, value in flat(item, f"{path}/{n}").items()}
    return {path: state}


def assert_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    one, other = flat(one), flat(other)
    assert one.keys() == other.keys()
    for path, value in one.items():
        same = torch.equal(value, other[path]) if isinstance(value, torch.Tensor) else value == other[path]
        assert same, path


def test_training_sees_less_beyond_the_edge_than_what_paints_for_the_pack(photographs: Path) -> None:
    def margins_px(trainer: Trainer) -> tuple[int, int]:
        return trainer.model.network.margin_px, trainer.averaged.network.margin_px

    first = tiny_trainer(photographs, tiny_recipe(steps=1))
    assert margins_px(first) == (TRAINING_MARGIN_PX, MARGIN_PX)
    polish = Trainer(first.recipe, tiny_job(photographs, first.recipe), start=first.averaged)
    assert margins_px(polish) == (TRAINING_MARGIN_PX, MARGIN_PX)
    assert TRAINING_MARGIN_PX < MARGIN_PX


def test_the_losses_fall(photographs: Path) -> None:
    trainer = tiny_trainer(photographs, tiny_recipe(steps=100, batch=4, damage=False))
    reports = list(trainer.run())
    assert [report.step for report in reports] == list(range(1, 101))
    assert reports[-1].done == 1.0
    for name in ("total", "style"):
        losses = [report.losses[name] for report in reports]
        assert sum(losses[-10:]) < 0.5 * sum(losses[:10])


def test_a_report_adds_up_and_losses_for_steadiness_take_turns_for_more(photographs: Path, tmp_path: Path) -> None:
    weights = {"content": 1.5, "style": 2.0, "tone": 3.0, "variation": 0.3, "grid": 70.0}
    weights |= {"noise": 40.0, "motion": 50.0, "clip": 60.0}
    recipe = tiny_recipe(steps=6, weights=LossWeights(**weights))
    film = write_clip(tmp_path / "film.mp4", moving(30))
    trainer = Trainer(recipe, replace(tiny_job(photographs, recipe), clips=Clips([film], 40, DisFlow())))
    reports = list(trainer.run())
    beside = [set(report.losses) & {"noise", "motion", "clip"} for report in reports]
    assert beside == [{"noise"}, {"motion"}, {"clip"}] * 2
    for report in reports:
        assert all(value > 0.0 for value in report.losses.values())
        counts = {name: weight * (3 if name in beside[report.step - 1] else 1) for name, weight in weights.items()}
        weighted = sum(counts[name] * value for name, value in report.losses.items() if name != "total")
        assert report.losses["total"] == pytest.approx(weighted, rel=1e-4)


def test_only_what_counts_takes_turns(photographs: Path) -> None:
    weights = LossWeights(noise=1.0, motion=1.0, clip=1.0)
    assert companions(weights, has_clips=True) == ("noise", "motion", "clip")
    assert companions(replace(weights, noise=0.0), has_clips=False) == ("motion",)
    twin = tiny_recipe(steps=2, weights=LossWeights(grid=0.0, noise=0.0, motion=0.0, clip=0.0))
    reports = list(tiny_trainer(photographs, twin).run())
    assert all(set(report.losses) == {"total", "content", "style", "tone", "variation"} for report in reports)


def test_steadiness_is_learnt(photographs: Path) -> None:
    """With a high weight, noise shows less in the paintings than without any."""
    found = []
    for noise in (0.0, 3000.0):
        recipe = tiny_recipe(steps=60, batch=4, damage=False, weights=LossWeights(noise=noise, motion=0.0))
        trainer = tiny_trainer(photographs, recipe)
        list(trainer.run())
        clean = torch.rand((4, 3, 32, 32), generator=torch.Generator().manual_seed(1)) * 0.6 + 0.2
        noise_drawn = torch.randn(clean.shape, generator=torch.Generator().manual_seed(2)) * 0.02
        styles = torch.tensor([0, 1, 0, 1])
        with torch.no_grad():
            found.append(float((trainer.averaged(clean + noise_drawn, styles) - trainer.averaged(clean, styles)).std()))
    assert found[1] < 0.7 * found[0]


def test_all_weights_and_the_vectors_of_all_styles_are_trained(photographs: Path) -> None:
    trainer = tiny_trainer(photographs, tiny_recipe(steps=8), styles=3)
    before = {name: tensor.clone() for name, tensor in trainer.model.state_dict().items()}
    list(trainer.run())
    for name, tensor in trainer.model.state_dict().items():
        changed = (tensor != before[name]).flatten(1) if name in {"scale", "shift"} else (tensor != before[name])[None]
        assert bool(changed.any(1).all()), name
    assert not torch.equal(trainer.averaged.scale, trainer.model.scale)


def test_with_a_frozen_network_vectors_alone_are_trained(photographs: Path) -> None:
    trainer = tiny_trainer(photographs, tiny_recipe(steps=4, network_trained=False))
    before = {name: tensor.clone() for name, tensor in trainer.model.state_dict().items()}
    list(trainer.run())
    for name, tensor in trainer.model.state_dict().items():
        assert torch.equal(tensor, before[name]) == (name not in {"scale", "shift"}), name


@pytest.mark.parametrize("interrupted_after", [0, 2, 5, 7, 8])
def test_an_interrupted_run_ends_as_if_it_had_not_been(
    photographs: Path, tmp_path: Path, interrupted_after: int
) -> None:
    recipe = tiny_recipe(steps=8)
    through = tiny_trainer(photographs, recipe)
    reports = list(through.run())

    first = tiny_trainer(photographs, recipe)
    begun = list(islice(first.run(), interrupted_after))
    write_checkpoint(tmp_path / "checkpoint.pt", first.state())
    torch.manual_seed(99)  # another process has other numbers
    second = tiny_trainer(photographs, recipe)
    second.restore(read_checkpoint(tmp_path / "checkpoint.pt"))
    assert begun + list(second.run()) == reports
    assert_same(timeless(second), timeless(through))
    assert_same(second.averaged.state_dict(), through.averaged.state_dict())


def timeless(trainer: Trainer) -> dict[str, Any]:
    """The trainer's state but for the time that it took."""
    return trainer.state() | {"spent_s": 0.0}


def test_two_runs_of_one_recipe_are_the_same_and_of_another_seed_are_not(photographs: Path) -> None:
    recipe = tiny_recipe(steps=3)
    once, again, other = (tiny_trainer(photographs, told) for told in (recipe, recipe, replace(recipe, seed=2)))
    told = [list(trainer.run()) for trainer in (once, again, other)]
    assert told[0] == told[1] != told[2]
    assert_same(timeless(once), timeless(again))


class Watch:
    """A clock that goes on by so many seconds whenever it is looked at."""

    def __init__(self, tick_s: float) -> None:
        self.now_s = 100.0
        self.tick_s = tick_s

    def __call__(self) -> float:
        self.now_s += self.tick_s
        return self.now_s


def test_a_run_by_the_clock_ends_by_it_and_lands_at_no_rate(photographs: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe(time_s=10.0, late_share=0.5)
    job = tiny_job(photographs, recipe)
    trainer = Trainer(recipe, job, clock=Watch(0.5))
    reports = list(trainer.run())
    assert len(reports) == 20
    assert [reports[n].done for n in (0, 9, 19)] == pytest.approx([0.05, 0.5, 1.0])
    assert recipe.side_px(reports[8].done) == 32 and recipe.side_px(reports[10].done) == 40

    first = Trainer(recipe, job, clock=Watch(0.5))
    begun = list(islice(first.run(), 7))
    write_checkpoint(tmp_path / "a.pt", first.state())
    second = Trainer(recipe, job, clock=Watch(0.5))
    second.restore(read_checkpoint(tmp_path / "a.pt"))
    assert begun + list(second.run()) == reports
    assert_same(second.state(), trainer.state())


@pytest.mark.parametrize(
    "other", [{"steps": 9}, {"seed": 5}, {"vector_rate": 1e-4}, {"weights": LossWeights(style=9.0)}]
)
def test_a_checkpoint_of_another_recipe_is_refused(photographs: Path, other: dict[str, Any]) -> None:
    state = tiny_trainer(photographs, tiny_recipe(steps=8)).state()
    trainer = tiny_trainer(photographs, tiny_recipe(**({"steps": 8} | other)))
    with pytest.raises(TrainingError, match=rf"other settings \({next(iter(other))}\).*--resume"):
        trainer.restore(state)


def test_a_checkpoint_of_other_styles_is_refused(photographs: Path) -> None:
    state = tiny_trainer(photographs, tiny_recipe(), styles=3).state()
    with pytest.raises(TrainingError, match="other style images"):
        tiny_trainer(photographs, tiny_recipe(), styles=2).restore(state)


def spoil(trainer: Trainer) -> None:
    with torch.no_grad():
        trainer.model.network.out.bias.fill_(math.nan)


def test_a_loss_that_is_no_number_leads_back_to_the_last_good_state_at_half_the_rate(
    photographs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trainer = tiny_trainer(photographs, tiny_recipe(steps=60))
    run = trainer.run()
    list(islice(run, 55))
    spoil(trainer)
    assert not trainer.sound
    again = next(run)
    assert again.step == 51  # the state was kept at 50
    assert "back to step 50, and on at half the rate" in caplog.text and "nan at step 56" in caplog.text
    assert trainer.sound and trainer.state()["calm"] == 0.5
    reports = list(run)
    assert reports[-1].step == 60 and all(math.isfinite(report.losses["total"]) for report in reports)


def test_a_checkpoint_that_learnt_from_other_photographs_is_refused(photographs: Path, tmp_path: Path) -> None:
    state = tiny_trainer(photographs, tiny_recipe()).state()
    fewer = draw_photographs(tmp_path / "fewer", 3)
    with pytest.raises(TrainingError, match=r"learnt from something else \(photographs\).*--resume"):
        tiny_trainer(fewer, tiny_recipe()).restore(state)


def test_weights_that_the_very_last_step_spoils_are_told(photographs: Path) -> None:
    trainer = tiny_trainer(photographs, tiny_recipe(steps=3))
    with pytest.raises(TrainingError, match=r"the last step spoilt the weights.*--resume"):
        for report in trainer.run():
            if report.step == 3:
                with torch.no_grad():
                    trainer.model.network.out.bias.fill_(math.nan)


def test_the_fourth_bad_number_ends_the_run(photographs: Path, caplog: pytest.LogCaptureFixture) -> None:
    trainer = tiny_trainer(photographs, tiny_recipe(steps=60))
    run = trainer.run()
    for _ in range(3):
        next(run)
        spoil(trainer)
    next(run)
    spoil(trainer)
    with pytest.raises(TrainingError, match=r"the loss is nan at step \d, for the 4\. time.*--seed"):
        list(run)
    assert len(caplog.records) == 3


def test_measuring_leaves_no_trace(photographs: Path) -> None:
    measured, plain = (tiny_trainer(photographs, tiny_recipe(steps=4)) for _ in range(2))
    run = measured.run()
    next(run)
    figures = [measured.measure(style) for style in (0, 1)]
    mean, deviation = measured.usual_statistics()
    assert mean.shape == deviation.shape == measured.averaged.scale.shape and float(deviation.min()) > 0.0
    assert figures == [measured.measure(style) for style in (0, 1)]
    assert figures[0] != figures[1]
    assert all(set(found) == {"content", "style"} and min(found.values()) > 0.0 for found in figures)
    list(run)
    list(plain.run())
    assert_same(timeless(measured), timeless(plain))


def test_photographs_and_styles_are_dealt_at_random(photographs: Path) -> None:
    trainer = tiny_trainer(photographs, tiny_recipe(steps=30, weights=LossWeights(noise=0.0, motion=0.0)), styles=3)
    dealt: list[int] = []

    def keep(module: torch.nn.Module, inputs: tuple[torch.Tensor, torch.Tensor]) -> None:
        dealt.extend(inputs[1].tolist())

    trainer.model.register_forward_pre_hook(keep)
    list(trainer.run())
    assert len(dealt) == 60 and all(dealt.count(style) > 10 for style in range(3))


def test_a_batch_that_cannot_be_dealt_evenly_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"a batch of 5 can't be dealt to 2 processes.*--batch that 2 divides"):
        Crew(1, 2).share(Recipe(batch=5).batch)
    assert Crew(1, 2).share(4) == slice(2, 4)
