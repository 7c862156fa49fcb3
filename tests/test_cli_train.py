"""The options of `murai train` become what the trainer is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from murai.apps import training
from murai.apps.training_options import Asked, MachineOptions, PerceptualOptions, TrainingOptions
from murai.cli import app
from murai.errors import ConfigError
from murai.networks.style import StyleNetworkSpec
from murai.training.losses import LossWeights
from murai.training.recipe import Recipe
from murai.training.style_image import Crop, StyleSource


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[TrainingOptions]:
    """What `train_pack` was told."""
    found: list[TrainingOptions] = []

    def keep(options: TrainingOptions, console: Any) -> None:
        found.append(options)

    monkeypatch.setattr(training, "train_pack", keep)
    return found


def train(*words: str) -> None:
    result = CliRunner().invoke(app, ["train", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output


def test_little_said_is_the_usual_run(told: list[TrainingOptions]) -> None:
    train("a.png", "--photographs", "photos", "-o", "mine")
    (options,) = told
    network = StyleNetworkSpec(width=1.5, blocks=4)
    assert options == TrainingOptions(
        styles=(StyleSource("a", (Path("a.png"),)),),
        pack=Path("mine"),
        photographs=(Path("photos"),),
        about={},
        checkpoint=Path("runs/mine.pt"),
        recipe=Recipe(network=network),
    )


def test_all_that_is_said_arrives(told: list[TrainingOptions], tmp_path: Path) -> None:
    (tmp_path / "about.toml").write_text('[a]\ntitle = "A"\n')
    said = (
        "a=1.png,2.png --photographs p --photographs q.txt -o mine --clips f.mp4 --twin-of other "
        "--crop a=1,2,30,40 --rotate 5 --mask m.png --style-px 300 --width 2 --blocks 6 --detail 1 --style-weight 4 "
        "--content-weight 2 --tone-weight 7 --variation-weight 0.5 --grid-weight 6 --noise-weight 8 --motion-weight 9 "
        "--clip-weight 10 "
        "--style-distance moments --perceptual vgg --layers relu1_1:2,relu2_1 --content-layers relu3_1 "
        "--pooling average --no-damage --steps 70 --time 9m --batch 8 --square-px 96 --late-square-px 160 "
        "--late-share 0.5 --checkpoint c.pt --resume --start s.pt --rate 0.5 --seed 3 --device cpu --threads 1 "
        "--compile --tensorboard board"
    )
    train(*said.split(), "--about", str(tmp_path / "about.toml"))
    (options,) = told
    weights = LossWeights(content=2, style=4, tone=7, variation=0.5, grid=6, noise=8, motion=9, clip=10)
    recipe = Recipe(
        network=StyleNetworkSpec(width=2, blocks=6, detail=1),
        weights=weights,
        style_distance="moments",
        steps=70,
        time_s=540.0,
        batch=8,
        square_px=96,
        late_square_px=160,
        late_share=0.5,
        style_px=300,
        damage=False,
        kernel_rate=Recipe.kernel_rate / 2,
        vector_rate=Recipe.vector_rate / 2,
        seed=3,
    )
    assert options == TrainingOptions(
        styles=(StyleSource("a", (Path("1.png"), Path("2.png")), Crop(1, 2, 30, 40), 5.0, Path("m.png")),),
        pack=Path("mine"),
        photographs=(Path("p"), Path("q.txt")),
        about={"a": {"title": "A"}},
        checkpoint=Path("c.pt"),
        recipe=recipe,
        clips=(Path("f.mp4"),),
        perceptual=PerceptualOptions(Path("vgg"), {"relu3_1": 1.0}, {"relu1_1": 2.0, "relu2_1": 1.0}, "average"),
        asked=Asked(
            *(2.0, 6, 1.0, 300, "moments"),
            weights=frozenset({"content", "style", "tone", "variation", "grid", "noise", "motion", "clip"}),
        ),
        machine=MachineOptions("cpu", 1, compiled=True),
        resume=True,
        start=Path("s.pt"),
        twin_of=Path("other"),
        tensorboard=Path("board"),
    )


def test_a_twin_has_no_losses_for_steadiness(told: list[TrainingOptions]) -> None:
    train("a.png", "--photographs", "photos", "-o", "mine", "--no-stability", "--noise-weight", "5")
    weights = told[0].recipe.weights
    assert (weights.noise, weights.motion, weights.clip, weights.style) == (0.0, 0.0, 0.0, LossWeights().style)
    assert told[0].asked.weights == {"noise", "motion", "clip"}


def test_styles_are_added_to_the_pack_itself_unless_another_is_named(told: list[TrainingOptions]) -> None:
    train("a.png", "--photographs", "photos", "--into", "mine", "--polish", "9")
    train("a.png", "--photographs", "photos", "--into", "mine", "-o", "ours", "--steps", "5")
    assert [(str(options.into), str(options.pack)) for options in told] == [("mine", "mine"), ("mine", "ours")]
    assert [(options.recipe.steps, options.polish) for options in told] == [(600, 9), (5, 0)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no pack is named"),
        (("-o", "mine", "--polish", "3"), "--polish is for styles that are added"),
        (("--into", "mine", "--start", "other.pt"), "--start is for new packs"),
        (("-o", "mine", "--time", "soon"), "'soon' is no time"),
        (("-o", "mine", "--crop", "1,2"), "--crop 1,2 is no part"),
    ],
)
def test_what_cannot_be_meant_is_told(told: list[TrainingOptions], words: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        train("a.png", "--photographs", "photos", *words)
    assert not told
