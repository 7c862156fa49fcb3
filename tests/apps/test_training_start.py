"""Training that begins with another run's weights, or with a pack's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from murai.apps.training_options import TrainingOptions
from murai.errors import TrainingError
from murai.networks.style import StyleNetworkSpec
from murai.stylize.pack import load_weights, read_pack
from murai.stylize.pack_writer import write_pack
from murai.training.checkpoint import read_checkpoint, write_checkpoint
from tests.apps.training_runs import draw_everything, options_in, trained
from tests.fakes.packs import tiny_contents
from tests.training.tiny import tiny_recipe


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> TrainingOptions:
    """A run that came to its end; its checkpoint and pack are not to be changed."""
    folder = tmp_path_factory.mktemp("finished")
    options = options_in(draw_everything(folder), folder)
    trained(options)
    return options


def test_a_run_can_begin_with_the_weights_of_another(finished: TrainingOptions, tmp_path: Path) -> None:
    first = finished
    still = tiny_recipe(steps=1, kernel_rate=0.0, vector_rate=0.0, seed=9)
    second = replace(first, recipe=still, start=first.checkpoint, checkpoint=tmp_path / "b.pt", pack=tmp_path / "b")
    trained(second)
    one, other = (read_checkpoint(file)["trainer"]["averaged"] for file in (first.checkpoint, second.checkpoint))
    assert all(torch.equal(weights, other[name]) for name, weights in one.items())
    with pytest.raises(TrainingError, match=r"has 3 styles, and 2 are to be trained"):
        trained(replace(second, styles=first.styles[:2], pack=tmp_path / "c"))
    with pytest.raises(TrainingError, match=r"can't read the checkpoint .*nowhere"):
        trained(replace(second, start=tmp_path / "nowhere.pt"))


def test_a_run_can_begin_with_a_packs_styles_in_a_larger_network(finished: TrainingOptions, tmp_path: Path) -> None:
    spec = StyleNetworkSpec(0.5, 2, 1.0)
    still = tiny_recipe(steps=1, kernel_rate=0.0, vector_rate=0.0, network=spec)
    two = tuple(reversed(finished.styles[1:]))
    options = replace(finished, styles=two, recipe=still, start=finished.pack, checkpoint=tmp_path / "b.pt")
    larger = load_weights(trained(replace(options, pack=tmp_path / "larger")))
    small = load_weights(read_pack(finished.pack))
    assert larger.network.up.weight.shape[:2] == (spec.fine_channels, spec.channels)
    torch.testing.assert_close(larger.scale[:, :8], small.scale[[2, 1], :8])
    with pytest.raises(TrainingError, match=r"--width 0\.25 can't become one with 0\.125"):
        smaller = replace(still, network=StyleNetworkSpec(0.125, 1))
        trained(replace(options, recipe=smaller, pack=tmp_path / "c", checkpoint=tmp_path / "c.pt"))
    write_pack(tmp_path / "fixed", tiny_contents(2, follow=False))
    with pytest.raises(TrainingError, match=r"fixed was trained with fixed statistics"):
        trained(replace(options, start=tmp_path / "fixed", pack=tmp_path / "d", checkpoint=tmp_path / "d.pt"))


def test_a_file_that_no_run_can_begin_with(finished: TrainingOptions, tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "a.pt", {"trainer": {"averaged": {}, "recipe": {"network": {"height": 3}}}})
    options = replace(finished, start=tmp_path / "a.pt", pack=tmp_path / "a", checkpoint=tmp_path / "b.pt")
    with pytest.raises(TrainingError, match=r"a\.pt is no checkpoint to begin with: .*height"):
        trained(options)
