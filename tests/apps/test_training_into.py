"""New styles into a finished pack."""

from __future__ import annotations

import logging
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from murai.apps import training_run
from murai.apps.training_into import as_the_pack
from murai.apps.training_options import Asked, PerceptualOptions, TrainingOptions, parse_styles
from murai.errors import PackError, TrainingError
from murai.networks.style import StyleNetworkSpec
from murai.stylize.pack import PackWeights, load_weights, read_pack
from murai.stylize.pack_writer import add_twin, write_pack
from murai.training.checkpoint import read_checkpoint
from murai.training.losses import LossWeights
from tests.apps.training_runs import draw_everything, options_in, trained
from tests.fakes.packs import tiny_contents
from tests.training.tiny import draw_photograph, tiny_recipe

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_everything(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="module")
def trained_duo(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("duo")
    return trained(options_in(drawn, folder, names=("wave", "night"), pack=folder / "duo")).folder


@pytest.fixture
def duo(trained_duo: Path, tmp_path: Path) -> Path:
    """A pack of two of the three styles."""
    return Path(shutil.copytree(trained_duo, tmp_path / "duo"))


def adding(drawn: Path, duo: Path, *names: str, **others: object) -> TrainingOptions:
    options = options_in(drawn, duo.parent / "adding", names=names, pack=duo, into=duo)
    return replace(options, **others)  # type: ignore[arg-type]


def tables(weights: PackWeights) -> tuple[torch.Tensor, ...]:
    return weights.scale, weights.shift, weights.mean, weights.deviation


def test_a_new_style_leaves_all_else_bit_equal(drawn: Path, duo: Path) -> None:
    before, facts = load_weights(read_pack(duo)), read_pack(duo).facts
    options = adding(drawn, duo, "scream")
    pack = trained(options)
    after = load_weights(pack)
    learnt_with = read_checkpoint(options.checkpoint)["trainer"]["averaged"]
    assert [style.name for style in pack.styles] == ["wave", "night", "scream"]
    assert pack.styles[:2] == facts.style
    for name, weights in before.network.state_dict().items():
        assert torch.equal(after.network.state_dict()[name], weights), name
        assert torch.equal(learnt_with[f"network.{name}"], weights), name
    for old, new in zip(tables(before), tables(after), strict=True):
        assert torch.equal(new[:2], old) and new.shape[0] == 3
    assert not any(torch.equal(after.scale[2], known) for known in before.scale)
    assert set(pack.styles[2].training) == {"content", "style"} and (duo / "scream.jpg").is_file()
    assert pack.facts.training["steps"] == facts.training["steps"]
    assert "6 steps, vectors alone" in str(pack.facts.training["added_scream"])


def test_a_twin_that_lacks_the_new_style_is_told(
    drawn: Path, duo: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add_twin(read_pack(duo), read_pack(Path(shutil.copytree(duo, tmp_path / "twin"))))
    pack = trained(adding(drawn, duo, "scream", recipe=tiny_recipe(steps=1)))
    assert pack.facts.network.twin_sha256 == ""
    assert "duo has no twin: that of" in caplog.text and "lacks what was added" in caplog.text


def test_learning_the_vectors_makes_the_style_more_alike(drawn: Path, duo: Path, tmp_path: Path) -> None:
    losses = []
    for steps in (1, 30):
        recipe = tiny_recipe(steps=steps, batch=4, damage=False)
        pack = trained(adding(drawn, duo, "scream", pack=tmp_path / f"trio-{steps}", recipe=recipe))
        found = pack.styles[2].training
        losses.append(3.0 * found["style"] + found["content"])
    assert losses[1] < 0.95 * losses[0]
    assert [style.name for style in read_pack(duo).styles] == ["wave", "night"]  # not the one that was added to


def test_a_polish_trains_all_styles_together(drawn: Path, duo: Path) -> None:
    before = load_weights(read_pack(duo))
    pack = trained(adding(drawn, duo, "scream", "night", "wave", polish=4))
    after = load_weights(pack)
    assert [style.name for style in pack.styles] == ["wave", "night", "scream"]
    assert not torch.equal(after.network.head.weight, before.network.head.weight)
    assert not any(torch.equal(new[:2], old) for new, old in zip(tables(after), tables(before), strict=True))
    assert pack.facts.training["polish"] == "4 steps with all styles"


def test_an_addition_goes_on_from_its_checkpoints(drawn: Path, duo: Path, tmp_path: Path) -> None:
    options = adding(drawn, duo, "scream", "night", "wave", polish=4, pack=tmp_path / "trio")
    through = trained(options)
    again = trained(replace(options, pack=tmp_path / "again", resume=True))
    assert again.facts.network.sha256 == through.facts.network.sha256
    checkpoint = options.checkpoint.with_suffix(".polish.pt")
    assert checkpoint.exists()
    trained(replace(options, polish=0, styles=options.styles[:1]))  # a new run
    assert not checkpoint.exists()


def test_vectors_of_another_network_are_not_gone_on_with(drawn: Path, duo: Path, tmp_path: Path) -> None:
    options = adding(drawn, duo, "scream", pack=tmp_path / "trio")
    trained(options)
    contents = tiny_contents(2, read_pack(duo).facts.network.spec)
    write_pack(tmp_path / "other", contents)
    with pytest.raises(TrainingError, match=r"checkpoint\.pt is of vectors for another pack.*--resume"):
        trained(replace(options, into=tmp_path / "other", pack=tmp_path / "other", resume=True))


def test_what_cannot_be_added_is_told(drawn: Path, duo: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"duo has the style 'wave' already.*NAME=FILE"):
        trained(adding(drawn, duo, "wave", "scream"))
    with pytest.raises(TrainingError, match=r"the images of wave, night are missing.*leave out --polish"):
        trained(adding(drawn, duo, "scream", polish=3))
    fixed = tmp_path / "fixed"
    write_pack(fixed, tiny_contents(2, follow=False))
    with pytest.raises(TrainingError, match=r"fixed was trained with fixed statistics"):
        trained(adding(drawn, fixed, "scream"))


def test_a_packs_network_and_size_of_images_stay(drawn: Path, duo: Path, tmp_path: Path) -> None:
    options = adding(drawn, duo, "scream", asked=Asked(width=0.5))
    with pytest.raises(TrainingError, match=r"--width 0\.5 is not what the network of .*duo has, 0\.25.*leave out"):
        trained(options)
    with pytest.raises(TrainingError, match=r"--blocks 0 is not what the network of .*duo has, 1"):
        trained(replace(options, asked=Asked(blocks=0)))
    with pytest.raises(TrainingError, match=r"--detail 1 is not what the network of .*duo has, 0\.5"):
        trained(replace(options, asked=Asked(detail=1.0)))
    facts = duo / "pack.toml"
    facts.write_text(facts.read_text().replace("style_px = 512\n", "style_px = 64\n", 1))
    other = StyleNetworkSpec(1.5, 4)  # what the command has where nothing was said
    pack = trained(replace(options, asked=Asked(width=0.25, blocks=1), recipe=tiny_recipe(steps=1, network=other)))
    assert pack.styles[2].image is not None and pack.styles[2].image.style_px == 64


def test_a_packs_loss_is_taken_but_for_what_was_asked_for(duo: Path) -> None:
    facts = duo / "pack.toml"
    own = {"style": 15.0, "grid": 7.0, "noise": 33.0}
    text = facts.read_text()
    for name, weight in own.items():
        text = re.sub(rf"^{name}_weight = .*$", f"{name}_weight = {weight}", text, flags=re.MULTILINE)
    text = text.replace('pooling = "max"', 'pooling = "average"').replace('distance = "gram"', 'distance = "moments"')
    text = text.replace('content_layers = "relu3_1"', 'content_layers = "relu2_1:0.5"')
    facts.write_text(text.replace("tone_weight", "no_tone_weight"))  # as of a version that didn't have it
    said = LossWeights(content=0.5, style=3.0, noise=44.0, clip=5.0)
    options = replace(adding(duo, duo), recipe=tiny_recipe(weights=said), asked=Asked(weights=frozenset({"noise"})))
    taken = as_the_pack(options, read_pack(duo))
    usual = LossWeights()
    assert taken.recipe.weights == replace(usual, style=15.0, grid=7.0, noise=44.0), "only noise was asked for"
    assert taken.recipe.style_distance == "moments"
    eyes = taken.perceptual
    assert (eyes.content, eyes.pooling, eyes.folder) == ({"relu2_1": 0.5}, "average", options.perceptual.folder)
    other = replace(options, perceptual=PerceptualOptions(content={"relu1_2": 1.0}, pooling="max"))
    other = as_the_pack(replace(other, asked=Asked(style_distance="gram")), read_pack(duo))
    assert (other.recipe.style_distance, other.perceptual.pooling) == ("gram", "max")
    assert (other.perceptual.content, other.perceptual.style) == ({"relu1_2": 1.0}, None), "another network's layers"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('style_weight = "much"', r"style_weight = 'much', which is no number of at least 0.*--style-weight"),
        ("noise_weight = nan", r"noise_weight = nan, which is no number"),
        ("tone_weight = -5.0", r"tone_weight = -5\.0, which is no number"),
        ("style_px = 3", r"style_px = 3, which is no number of at least 64.*--style-px"),
        ('pooling = "median"', r"pooling 'median', which nobody knows.*--pooling"),
        ('style_distance = "far"', r"'far', which nobody knows.*--style-distance"),
    ],
)
def test_what_cannot_be_in_pack_toml_is_told_unless_something_else_is_asked_for(
    duo: Path, entry: str, said: str
) -> None:
    name = entry.split(" ")[0]
    facts = duo / "pack.toml"
    facts.write_text(re.sub(rf"^{name} = .*$", entry, facts.read_text(), count=1, flags=re.MULTILINE))
    options = adding(duo, duo)
    with pytest.raises(PackError, match=said):
        as_the_pack(options, read_pack(duo))
    asked = Asked(style_px=64, style_distance="gram", weights=frozenset({"style", "noise", "tone"}))
    eyes = replace(options.perceptual, pooling="max")
    as_the_pack(replace(options, asked=asked, perceptual=eyes), read_pack(duo))


def test_other_settings_than_the_packs_are_told(drawn: Path, duo: Path, caplog: pytest.LogCaptureFixture) -> None:
    facts = duo / "pack.toml"
    facts.write_text(re.sub(r"^(grid_weight|pooling) = .*\n", "", facts.read_text(), flags=re.MULTILINE))
    recipe = tiny_recipe(steps=1, weights=LossWeights(grid=9.0))
    options = adding(drawn, duo, "scream", asked=Asked(style_px=64, weights=frozenset({"grid"})), recipe=recipe)
    with caplog.at_level(logging.WARNING):
        pack = trained(replace(options, perceptual=replace(options.perceptual, style={"relu1_1": 0.5})))
    assert "grid_weight 9.0 in place of 200.0" in caplog.text, "what the pack doesn't say was usual"
    assert "vectors alone; layers relu1_1:0.5 in place of" in str(pack.facts.training["added_scream"])
    assert "layers relu1_1:0.5 in place of relu1_1,relu2_1,relu3_1,relu4_1" in caplog.text
    assert "style_px 64 in place of 512" in caplog.text and "pooling" not in caplog.text


def test_what_has_come_to_a_pack_meanwhile_is_not_lost(
    drawn: Path, duo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_photograph(tmp_path / "other.png", 64, 64, seed=5)
    other = adding(drawn, duo, "scream", styles=parse_styles([str(tmp_path / "other.png")]), recipe=tiny_recipe(1))
    options = adding(drawn, duo, "scream", checkpoint=tmp_path / "slow.pt")
    waiting = [other]

    def add_another(report: object) -> str:
        return str([trained(waiting.pop())] if waiting else "")

    monkeypatch.setattr(training_run, "_told", add_another)
    with pytest.raises(TrainingError, match=r"duo has been changed meanwhile: .*--resume adds"):
        trained(options)
    assert [style.name for style in read_pack(duo).styles] == ["wave", "night", "other"]
    pack = trained(replace(options, resume=True))
    assert [style.name for style in pack.styles] == ["wave", "night", "other", "scream"]
    load_weights(pack)
