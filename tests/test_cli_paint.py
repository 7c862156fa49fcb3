"""The options of `murai paint` become what the painter is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from murai.apps import painting
from murai.apps.painting_options import (
    ColourOptions,
    FilmOptions,
    LookOptions,
    MachineOptions,
    PaintingOptions,
    StepOptions,
    StyleOptions,
)
from murai.apps.settings_files import kept_settings
from murai.cli import app
from murai.errors import ConfigError


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[PaintingOptions, bool]]:
    """What `paint_files` was told: the options, and whether to show it."""
    found: list[tuple[PaintingOptions, bool]] = []

    def keep(options: PaintingOptions, console: Any, *, show: bool, resume: bool) -> None:
        found.append((options, show))

    monkeypatch.setattr(painting, "paint_files", keep)
    return found


def paint(*words: str) -> None:
    result = CliRunner().invoke(app, ["paint", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output


def test_little_said_is_the_usual_painting(told: list[tuple[PaintingOptions, bool]]) -> None:
    paint("a.jpg", "--style", "night.jpg", "-o", "out.png")
    ((options, show),) = told
    style = StyleOptions(name="night", image=Path("night.jpg"))
    assert options == PaintingOptions(content=Path("a.jpg"), output=Path("out.png"), styles=(style,))
    assert not show


def test_all_that_is_said_arrives(told: list[tuple[PaintingOptions, bool]]) -> None:
    said = (
        "a.jpg --style night.jpg:0.3 --style w=wave.jpg:0.7 -o out.png --size 800 --style-px 400 --style-px w=300 "
        "--mask night=m.png --style-mask w=s.png --soft-px 3 --own-colours lab --own-colours-when before "
        "--match-colours axes --style-weight 4 --content-weight 2 --variation-weight 0.5 --perceptual vgg "
        "--network vgg16 --layers relu1_1:2,relu2_1 --content-layers relu3_1 --pooling average --optimiser adam "
        "--steps 70 --smallest 128 --start noise --noise 0.5 --seed 3 --rate 0.1 --history 5 --device cpu --threads 1 "
        "--tile 256 --save-every 10 --mix 0:night,9:w --style-film stretch --show"
    )
    paint(*said.split())
    ((options, show),) = told
    night = StyleOptions(name="night", image=Path("night.jpg"), weight=0.3, px=400, where=Path("m.png"))
    wave = StyleOptions(name="w", image=Path("wave.jpg"), weight=0.7, px=300, mask=Path("s.png"))
    assert options == PaintingOptions(
        content=Path("a.jpg"),
        output=Path("out.png"),
        styles=(night, wave),
        look=LookOptions(
            folder=Path("vgg"),
            network="vgg16",
            content={"relu3_1": 1.0},
            style={"relu1_1": 2.0, "relu2_1": 1.0},
            pooling="average",
            content_weight=2.0,
            style_weight=4.0,
            variation_weight=0.5,
        ),
        steps=StepOptions(
            optimiser="adam", steps=70, rate=0.1, history=5, start="noise", noise=0.5, seed=3, size_px=800,
            smallest_px=128,
        ),
        colours=ColourOptions(own="lab", before=True, match="axes"),
        machine=MachineOptions(device="cpu", threads=1, tile_px=256),
        mix="0:night,9:w",
        style_film="stretch",
        softness_px=3.0,
        save_every=10,
    )  # fmt: skip
    assert show


def test_resume_is_no_setting_and_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[bool] = []
    monkeypatch.setattr(painting, "paint_files", lambda *_, show, resume: found.append(resume))
    for more in ("", "--resume"):
        paint(*f"a.jpg --style night.jpg -o out.png {more}".split())
    assert found == [False, True]


def test_what_films_alone_have_arrives(told: list[tuple[PaintingOptions, bool]]) -> None:
    said = (
        "a.mp4 --style night.jpg -o out.mp4 --start last --next-steps 9 --next-sizes 2 --temporal-weight 7 "
        "--look-back 1,10 --passes 3 --blend 0.4 --flow dis --frames kept --seconds 2.5 --crf 20"
    )
    paint(*said.split())
    ((options, _),) = told
    assert options.steps.start == "last"
    assert options.film == FilmOptions(
        next_steps=9, next_sizes=2, temporal_weight=7.0, look_back=(1, 10), passes=3, blend=0.4, flow="dis",
        frames=Path("kept"), seconds=2.5, crf=20,
    )  # fmt: skip


@pytest.mark.parametrize("word", ["", "1,,2", "0", "1,x", "-3"])
def test_frames_to_look_back_to_are_numbers(word: str) -> None:
    with pytest.raises(ConfigError, match=r"--look-back .* is no list of numbers of frames"):
        paint("a.mp4", "--style", "night.jpg", "-o", "out.mp4", "--look-back", word)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Of a painting in two styles."""
    tables = {
        "content": "a.jpg",
        "output": "out.png",
        "styles": [{"name": "night", "image": "night.jpg", "weight": 0.3}, {"name": "w", "image": "w.jpg", "px": 90}],
        "mix": "0:night,9:w",
        "steps": {"steps": 70, "seed": 3},
        "colours": {"own": "lab", "before": True},
    }
    file = tmp_path / "out.json"
    file.write_text(json.dumps(kept_settings("paint", tables, [])))
    return file


def test_settings_are_repeated_and_options_win(told: list[tuple[PaintingOptions, bool]], settings: Path) -> None:
    paint("--from", str(settings))
    paint(*f"b.jpg --from {settings} -o b.png --steps 9 --own-colours yuv --style-px night=40 --show".split())
    (before, _), (after, show) = told
    night, wave = before.styles
    assert (night.weight, wave.px, before.steps.seed, before.colours.own) == (0.3, 90, 3, "lab")
    assert after == before.model_copy(
        update={
            "content": Path("b.jpg"),
            "output": Path("b.png"),
            "styles": (night.model_copy(update={"px": 40}), wave),
            "steps": StepOptions(steps=9, seed=3),
            "colours": ColourOptions(own="yuv", before=True),
        }
    )
    assert show


def test_styles_that_are_given_take_the_place_of_all(told: list[tuple[PaintingOptions, bool]], settings: Path) -> None:
    paint("--from", str(settings), "--style", "other.jpg")
    ((options, _),) = told
    assert options.styles == (StyleOptions(name="other", image=Path("other.jpg")),)
    assert options.mix == "" and options.steps.steps == 70


@pytest.mark.parametrize("words", ["", "a.jpg -o out.png", "a.jpg --style b.jpg", "--style b.jpg -o out.png"])
def test_what_is_missing_is_wrong_usage(words: str, told: list[tuple[PaintingOptions, bool]]) -> None:
    assert CliRunner().invoke(app, ["paint", *words.split()]).exit_code == 2
    assert not told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("a.jpg --style b.jpg:many -o out.png", "the weight 'many' is no number"),
        ("a.jpg --style b.jpg -o out.png --layers relu1_1:many", "'relu1_1:many' is no layer with a weight"),
        ("--from nowhere.json", r"can't read nowhere\.json"),
    ],
)
def test_what_cannot_be_meant_is_told(told: list[tuple[PaintingOptions, bool]], words: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        paint(*words.split())
    assert not told


@pytest.mark.parametrize("words", ["--style-weight nan", "--soft-px inf", "--rate nan", "--noise 2"])
def test_numbers_that_are_none_are_told(told: list[tuple[PaintingOptions, bool]], words: str) -> None:
    try:
        result = CliRunner().invoke(app, ["paint", "a.jpg", "--style", "b.jpg", "-o", "o.png", *words.split()])
        assert result.exit_code != 0
        assert result.exit_code == 2 or isinstance(result.exception, ConfigError)
    finally:
        assert not told
