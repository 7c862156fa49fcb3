"""The options of `murai paint` become what the painter is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from murai.apps import painting
from murai.apps.painting_options import (
    ColourOptions,
    LookOptions,
    MachineOptions,
    PaintingOptions,
    StepOptions,
    StyleOptions,
)
from murai.cli import app
from murai.errors import ConfigError


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[PaintingOptions, bool]]:
    """What `paint_files` was told."""
    found: list[tuple[PaintingOptions, bool]] = []

    def keep(options: PaintingOptions, console: Any, *, show: bool = False) -> None:
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
        "--tile 256 --save-every 10 --show"
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
        softness_px=3.0,
        save_every=10,
    )  # fmt: skip
    assert show


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "CONTENT is missing"),
        ("a.jpg -o out.png", "--style IMAGE is missing"),
        ("a.jpg --style b.jpg", "-o OUTPUT is missing"),
        ("a.jpg --style b.jpg:many -o out.png", "the weight 'many' is no number"),
        ("a.jpg --style b.jpg -o out.png --layers relu1_1:many", "'relu1_1:many' is no layer with a weight"),
        ("--from out.json --steps 9", "--steps beside --from: leave it out"),
        ("--from out.json --own-colours lab", "--own-colours beside --from"),
        ("a.jpg --from out.json", "CONTENT beside --from"),
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
