"""The words that style images, layers and times are named by."""

from __future__ import annotations

from pathlib import Path

import pytest

from murai.apps.training_options import parse_duration, parse_layers, parse_styles, told_layers
from murai.errors import ConfigError
from murai.training.style_image import Crop, StyleSource


def test_styles_are_named_by_their_files_or_by_words() -> None:
    assert parse_styles(["a/Great Wave.jpg", "mine=b.png,c.png", "x/y=z.png"]) == (
        StyleSource("great_wave", (Path("a/Great Wave.jpg"),)),
        StyleSource("mine", (Path("b.png"), Path("c.png"))),
        StyleSource("y=z", (Path("x/y=z.png"),)),
    )


def test_parts_turns_and_masks_are_for_one_style_or_for_all() -> None:
    found = parse_styles(["a.png", "b.png"], ["b=1,2,30,40"], ["5", "b=-90"], ["a=mask.png"])
    assert found == (
        StyleSource("a", (Path("a.png"),), None, 5.0, Path("mask.png")),
        StyleSource("b", (Path("b.png"),), Crop(1, 2, 30, 40), -90.0, None),
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"images": ["a.png", "x/A.jpg"]}, "two of the images name the style 'a'"),
        ({"images": ["a.png"], "crops": ["b=1,2,3,4"]}, r"--crop b=1,2,3,4: there is no style 'b': known are a"),
        ({"images": ["a.png"], "crops": ["1,2,3"]}, "--crop 1,2,3 is no part"),
        ({"images": ["a.png"], "crops": ["1,2,0,9"]}, "--crop 1,2,0,9 is no part"),
        ({"images": ["a.png"], "turns": ["left"]}, "--rotate left is no angle"),
        ({"images": ["a.png"], "turns": ["inf"]}, "--rotate inf is no angle"),
        ({"images": ["a="]}, "names no file"),
    ],
)
def test_words_of_no_use_are_named(given: dict[str, list[str]], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_styles(**given)


def test_layers_have_weights() -> None:
    assert parse_layers("relu1_1, relu4_1:0.5") == {"relu1_1": 1.0, "relu4_1": 0.5}
    for weight in ("much", "nan", "-1"):
        with pytest.raises(ConfigError, match=f"'relu1_1:{weight}' is no layer with a weight"):
            parse_layers(f"relu1_1:{weight}")
    with pytest.raises(ConfigError, match="of the layers 'relu1_1:0' none counts"):
        parse_layers("relu1_1:0")
    assert parse_layers(told_layers({"relu1_1": 1.0, "relu4_1": 0.125})) == {"relu1_1": 1.0, "relu4_1": 0.125}


@pytest.mark.parametrize(("words", "seconds"), [("90", 90), ("90s", 90), ("9m", 540), ("1h30m", 5400), ("0.5m", 30)])
def test_times(words: str, seconds: float) -> None:
    assert parse_duration(words) == seconds


@pytest.mark.parametrize("words", ["", "soon", "9 days", "m"])
def test_what_is_no_time(words: str) -> None:
    with pytest.raises(ConfigError, match="is no time"):
        parse_duration(words)
