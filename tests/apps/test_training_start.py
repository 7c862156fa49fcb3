"""Training that begins with another run's weights, or with a pack's."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from murai.apps.training_options import Asked, TrainingOptions
from murai.errors import StyleMissing, TrainingError
from murai.networks.style import StyleNetworkSpec
from murai.stylize.pack import load_weights, read_pack
from murai.stylize.pack_writer import write_pack
from murai.training.checkpoint import read_checkpoint, write_checkpoint
from tests.apps.training_runs import draw_everything, finished_run, trained
from tests.fakes.packs import tiny_contents
from tests.training.tiny import tiny_recipe


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> TrainingOptions:
    folder = tmp_path_factory.mktemp("finished")
    return finished_run(draw_everything(folder), folder)


def test_a_run_can_begin_with_the_weights_of_another(finished: TrainingOptions, tmp_path: Path) -> None:
    first = finished
    still = tiny_recipe(steps=1, kernel_rate=0.0, vector_rate=0.0, seed=9)
    second = replace(first, recipe=still, start=first.checkpoint, checkpoint=tmp_path / "b.pt", pack=tmp_path / "b")
    assert trained(second).facts.training["before"].startswith("6 steps in ")
    one, other = (read_checkpoint(file)["trainer"]["averaged"] for file in (first.checkpoint, second.checkpoint))
    assert all(torch.equal(weights, other[name]) for name, weights in one.items())
    third = replace(second, start=second.checkpoint, checkpoint=tmp_path / "c.pt", pack=tmp_path / "c")
    told = trained(third).facts.training
    assert re.fullmatch(r"6 steps in \S+ minutes; 1 steps in \S+ minutes", str(told["before"]))
    assert told["rate"] == 0.0


def test_styles_begin_with_their_own_vectors(
    finished: TrainingOptions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    still = tiny_recipe(steps=1, kernel_rate=0.0, vector_rate=0.0, seed=9)
    options = replace(finished, recipe=still, start=finished.checkpoint, checkpoint=tmp_path / "b.pt")
    scale = read_checkpoint(finished.checkpoint)["trainer"]["averaged"]["scale"]
    two = trained(replace(options, styles=(finished.styles[2], finished.styles[0]), pack=tmp_path / "two"))
    assert torch.equal(load_weights(two).scale, scale[[2, 0]])
    assert "other images" not in caplog.text
    others = tuple(replace(style, rotate_deg=90.0) for style in finished.styles)
    three = trained(replace(options, styles=others, pack=tmp_path / "three"))
    assert torch.equal(load_weights(three).scale, scale)
    assert "has learnt other images: each style begins with the one in its place" in caplog.text
    with pytest.raises(TrainingError, match=r"has 3 styles, and 2 others are to be trained"):
        trained(replace(options, styles=others[:2], pack=tmp_path / "c"))


def test_a_start_that_is_not_there_or_no_checkpoint(finished: TrainingOptions, tmp_path: Path) -> None:
    options = replace(finished, checkpoint=tmp_path / "b.pt", pack=tmp_path / "b")
    with pytest.raises(StyleMissing, match=r"there is no style pack '.*nowhere\.pt'"):
        trained(replace(options, start=tmp_path / "nowhere.pt"))
    (tmp_path / "damaged.pt").write_bytes(b"no checkpoint")
    with pytest.raises(TrainingError, match=r"can't read the checkpoint .*damaged\.pt.*name another one with --start"):
        trained(replace(options, start=tmp_path / "damaged.pt"))


def test_a_run_has_the_shape_of_what_it_begins_with(finished: TrainingOptions, tmp_path: Path) -> None:
    usual = tiny_recipe(steps=1, network=StyleNetworkSpec(1.5, 4))  # what the command has where nothing was said
    options = replace(finished, recipe=usual, start=finished.pack, checkpoint=tmp_path / "b.pt", pack=tmp_path / "b")
    assert trained(options).facts.network.spec == read_pack(finished.pack).facts.network.spec
    again = replace(options, resume=True, start=tmp_path / "gone", pack=tmp_path / "c")
    assert trained(again).facts.network.sha256 == read_pack(options.pack).facts.network.sha256


def test_a_run_can_begin_with_a_packs_styles_in_a_larger_network(finished: TrainingOptions, tmp_path: Path) -> None:
    still = tiny_recipe(steps=1, kernel_rate=0.0, vector_rate=0.0)
    two = tuple(reversed(finished.styles[1:]))
    options = replace(finished, styles=two, recipe=still, start=finished.pack, checkpoint=tmp_path / "b.pt")
    larger = trained(replace(options, pack=tmp_path / "larger", asked=Asked(0.5, 2, 1.0)))
    assert larger.facts.network.spec == StyleNetworkSpec(0.5, 2, 1.0)
    assert str(larger.facts.training["before"]).startswith("pack trio; 6 steps in ")
    torch.testing.assert_close(
        load_weights(larger).scale[:, :8], load_weights(read_pack(finished.pack)).scale[[2, 1], :8]
    )
    with pytest.raises(TrainingError, match=r"--width 0\.25 can't become one with 0\.125.*leave out --width"):
        trained(replace(options, asked=Asked(width=0.125), pack=tmp_path / "c"))
    write_pack(tmp_path / "fixed", tiny_contents(2, follow=False))
    with pytest.raises(TrainingError, match=r"fixed was trained with fixed statistics"):
        trained(replace(options, start=tmp_path / "fixed", pack=tmp_path / "d"))


@pytest.mark.parametrize("network", [{"height": 3}, {"width": 0.25, "blocks": 1}])
def test_a_file_that_no_run_can_begin_with(
    finished: TrainingOptions, tmp_path: Path, network: dict[str, float]
) -> None:
    weights = {"network.out.weight": torch.zeros(3, 4, 3, 3), "scale": torch.zeros(3, 28), "shift": torch.zeros(3, 28)}
    run = {"averaged": weights, "recipe": {"network": network}, "styles": ["", "", ""], "step": 1, "spent_s": 1.0}
    write_checkpoint(tmp_path / "a.pt", {"trainer": run})
    options = replace(finished, start=tmp_path / "a.pt", pack=tmp_path / "a", checkpoint=tmp_path / "b.pt")
    with pytest.raises(TrainingError, match=r"a\.pt is no checkpoint that this Murai can begin with") as caught:
        trained(options)
    assert "\n" not in str(caught.value)
