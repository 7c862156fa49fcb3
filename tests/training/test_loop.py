"""The training loop on a tiny network: it learns, it switches, and an interruption leaves no trace."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from murai.errors import TrainingError
from murai.training.checkpoint import read_checkpoint, write_checkpoint
from murai.training.losses import LossWeights
from tests.training.tiny import draw_photographs, tiny_recipe, tiny_trainer


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_photographs(tmp_path_factory.mktemp("photographs"), 6)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Sums in one order, whatever ran before."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


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


def test_the_loss_falls(photographs: Path) -> None:
    trainer = tiny_trainer(photographs, tiny_recipe(steps=120, rate=1e-2, fixed_share=0.5, batch=4))
    reports = list(trainer.run())
    assert [report.step for report in reports] == list(range(1, 121))
    for losses in ([report.total for report in reports], [report.style for report in reports]):
        first, last = sum(losses[:10]) / 10, sum(losses[-10:]) / 10
        assert last < 0.6 * first


def test_a_report_adds_up(photographs: Path) -> None:
    weights = {"content": 1.5, "style": 2.0, "tone": 3.0, "steadiness": 40.0, "variation": 0.3}
    for report in tiny_trainer(photographs, tiny_recipe(steps=2, weights=LossWeights(**weights))).run():
        weighted = sum(weight * getattr(report, name) for name, weight in weights.items())
        assert report.total == pytest.approx(weighted, rel=1e-4)


def test_all_weights_and_the_vectors_of_all_styles_are_trained(photographs: Path) -> None:
    trainer = tiny_trainer(photographs, tiny_recipe(steps=8, fixed_share=0.0), styles=3)
    before = {name: tensor.clone() for name, tensor in trainer.model.state_dict().items()}
    list(islice(trainer.run(), 8))
    for name, tensor in trainer.model.state_dict().items():
        changed = (tensor != before[name]).flatten(1) if name in {"scale", "shift"} else (tensor != before[name])[None]
        assert bool(changed.any(1).all()), name


@pytest.mark.parametrize(("steps", "share"), [(6, 0.5), (6, 0.0), (6, 1.0), (1, 0.4)])
def test_in_the_end_the_statistics_are_fixed(photographs: Path, steps: int, share: float) -> None:
    trainer = tiny_trainer(photographs, tiny_recipe(steps=steps, fixed_share=share))
    assert trainer.model.fixed == (share == 1.0)
    assert len(list(trainer.run())) == steps
    assert trainer.model.fixed
    assert list(trainer.run()) == []


def test_the_rate_climbs_falls_and_ends_at_nothing(photographs: Path) -> None:
    trainer = tiny_trainer(photographs, tiny_recipe(steps=240, rate=1e-3), styles=1)
    rates = []
    for step in range(240):
        trainer.step = step
        rates.append(trainer._rate())
    assert min(rates) > 0.0 and max(rates) <= 1e-3
    assert rates[0] == pytest.approx(1e-3 / 50, rel=0.05)
    assert max(rates[:120]) > 0.7e-3 and rates[119] == pytest.approx(0.25e-3, rel=0.05)
    assert rates[120] < 0.02e-3 and max(rates[120:]) > 0.3e-3
    assert rates[239] < 1e-6


@pytest.mark.parametrize("interrupted_after", [0, 2, 4, 5, 8])
def test_an_interrupted_run_ends_as_if_it_had_not_been(
    photographs: Path, tmp_path: Path, interrupted_after: int
) -> None:
    recipe = tiny_recipe(steps=8, fixed_share=0.5)
    through = tiny_trainer(photographs, recipe)
    reports = list(through.run())

    first = tiny_trainer(photographs, recipe)
    begun = list(islice(first.run(), interrupted_after))
    write_checkpoint(tmp_path / "checkpoint.pt", first.state())
    torch.manual_seed(99)  # another process has other numbers
    second = tiny_trainer(photographs, recipe)
    second.restore(read_checkpoint(tmp_path / "checkpoint.pt"))
    assert begun + list(second.run()) == reports
    assert_same(second.state(), through.state())


def test_two_runs_of_one_recipe_are_the_same_and_of_another_seed_are_not(photographs: Path) -> None:
    recipe = tiny_recipe(steps=3)
    once, again, other = (tiny_trainer(photographs, told) for told in (recipe, recipe, replace(recipe, seed=2)))
    told = [list(trainer.run()) for trainer in (once, again, other)]
    assert told[0] == told[1] != told[2]
    assert_same(once.state(), again.state())


def test_a_state_is_not_changed_by_what_follows(photographs: Path, tmp_path: Path) -> None:
    """What was written is of one moment, though the state shares the trainer's memory."""
    trainer = tiny_trainer(photographs, tiny_recipe(steps=6))
    run = trainer.run()
    list(islice(run, 2))
    write_checkpoint(tmp_path / "a.pt", trainer.state())
    list(run)
    resumed = tiny_trainer(photographs, tiny_recipe(steps=6))
    resumed.restore(read_checkpoint(tmp_path / "a.pt"))
    assert resumed.step == 2
    list(resumed.run())
    assert_same(resumed.state(), trainer.state())


@pytest.mark.parametrize("other", [{"steps": 9}, {"seed": 5}, {"rate": 1e-4}, {"weights": LossWeights(style=9.0)}])
def test_a_checkpoint_of_another_recipe_is_refused(photographs: Path, other: dict[str, Any]) -> None:
    state = tiny_trainer(photographs, tiny_recipe(steps=8)).state()
    trainer = tiny_trainer(photographs, tiny_recipe(**({"steps": 8} | other)))
    with pytest.raises(TrainingError, match=r"other settings or styles.*--resume"):
        trainer.restore(state)


def test_a_checkpoint_of_other_styles_is_refused(photographs: Path) -> None:
    state = tiny_trainer(photographs, tiny_recipe(), styles=3).state()
    with pytest.raises(TrainingError, match="other settings or styles"):
        tiny_trainer(photographs, tiny_recipe(), styles=2).restore(state)


def test_a_loss_that_is_no_number_ends_the_run_before_it_spoils_the_weights(photographs: Path) -> None:
    trainer = tiny_trainer(photographs, tiny_recipe())
    run = trainer.run()
    next(run)
    with torch.no_grad():
        trainer.model.network.out.bias.fill_(math.nan)
    kept = trainer.model.scale.detach().clone()
    with pytest.raises(TrainingError, match=r"the loss is nan at step 2.*--style-weight"):
        list(run)
    assert torch.equal(trainer.model.scale, kept)
    assert trainer.step == 1


def test_measuring_leaves_no_trace(photographs: Path) -> None:
    measured, plain = (tiny_trainer(photographs, tiny_recipe(steps=4)) for _ in range(2))
    run = measured.run()
    next(run)
    figures = [measured.measure(style) for style in (0, 1)]
    assert figures == [measured.measure(style) for style in (0, 1)]
    assert figures[0] != figures[1]
    assert all(set(found) == {"content", "style"} and min(found.values()) > 0.0 for found in figures)
    list(run)
    list(plain.run())
    assert_same(measured.state(), plain.state())


def test_the_styles_take_turns(photographs: Path) -> None:
    """Three styles in batches of two: after three steps each has had two photographs."""
    trainer = tiny_trainer(photographs, tiny_recipe(steps=3, fixed_share=0.0), styles=3)
    dealt: list[int] = []

    def keep(module: torch.nn.Module, inputs: tuple[torch.Tensor, torch.Tensor]) -> None:
        dealt.extend(inputs[1].tolist())

    trainer.model.register_forward_pre_hook(keep)
    list(islice(trainer.run(), 3))
    assert dealt == [0, 1, 0, 1, 2, 0, 2, 0, 1, 2, 1, 2]  # each batch twice: as it is, and noisy
