"""Styles of paintings over time: films frame by frame, and mixes that glide."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from torch import Tensor

from murai.apps.painting import paint_files
from murai.apps.painting_options import PaintingOptions, parse_styles
from murai.apps.painting_styles import PaintingStyles
from murai.errors import ConfigError, MuraiError
from tests.apps.painting_runs import draw_files, options_in, write
from tests.apps.stylizing_runs import Pixels, film, pixels

FRAMES = 8  # of the style film, 25 a second


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(("a", "b", "c")):
        write(tmp_path / f"{name}.png", torch.full((3, 40, 40), 0.2 + 0.3 * number))
    return tmp_path


def styles_of(folder: Path, *words: str, **more: Any) -> PaintingStyles:
    styles = parse_styles([str(folder / word) for word in words])
    options = PaintingOptions(content=folder / "x.png", output=folder / "y.png", styles=styles, **more)
    return PaintingStyles(options, "cpu")


def number_of(shown: Tensor, frames: list[Tensor]) -> int:
    """Which of the frames a picture is."""
    (found,) = [number for number, frame in enumerate(frames) if torch.equal(frame, shown)]
    return found


@pytest.fixture
def frames(folder: Path) -> list[Tensor]:
    """The style film's, each of its own."""
    film(folder / "dance.mp4", FRAMES, sound=None)
    styles = styles_of(folder, "dance.mp4", style_film="stretch")
    return [styles.at(number / 25, FRAMES / 25)[0].picture for number in range(FRAMES)]


def seen(styles: PaintingStyles, frames: list[Tensor], moments_s: list[float], lasts_s: float) -> list[int]:
    return [number_of(styles.at(at_s, lasts_s)[0].picture, frames) for at_s in moments_s]


def test_a_film_is_looped_at_its_own_pace(folder: Path, frames: list[Tensor]) -> None:
    styles = styles_of(folder, "dance.mp4")
    assert seen(styles, frames, [number / 25 for number in range(18)], 1.0) == [*range(8), *range(8), 0, 1]


def test_a_film_is_stretched_over_the_content(folder: Path, frames: list[Tensor]) -> None:
    styles = styles_of(folder, "dance.mp4", style_film="stretch")
    assert seen(styles, frames, [number / 25 for number in range(16)], 16 / 25) == [each // 2 for each in range(16)]
    assert seen(styles, frames, [0.0, 1 / 25, 3 / 25], 4 / 25) == [0, 2, 6]


def test_a_film_can_be_asked_in_any_order(folder: Path, frames: list[Tensor]) -> None:
    styles = styles_of(folder, "dance.mp4")
    assert seen(styles, frames, [number / 25 for number in (7, 3, 3, 5, 0, 6)], 1.0) == [7, 3, 3, 5, 0, 6]


def test_of_a_picture_the_first_frame_counts_and_is_told_once(
    folder: Path, frames: list[Tensor], caplog: pytest.LogCaptureFixture
) -> None:
    styles = styles_of(folder, "dance.mp4", "a.png")
    with caplog.at_level(logging.WARNING):
        shown = [styles.at(0.0, 0.0) for _ in range(2)]
    assert all(number_of(each[0].picture, frames) == 0 for each in shown)
    assert caplog.messages == [f"{folder / 'dance.mp4'} is a film: its first frame is the style"]


def test_a_mix_glides_and_each_share_counts_times_its_own_weight(folder: Path) -> None:
    styles = styles_of(folder, "a.png", "b.png:3", "c.png", mix="1:a, 3:b:0.3+c:0.7")

    def weights(at_s: float) -> dict[str, float]:
        return {style.told.name: pytest.approx(style.told.weight) for style in styles.at(at_s, 5.0)}

    assert weights(0.0) == weights(1.0) == {"a": 1.0}
    assert weights(2.0) == {"a": 0.5, "b": 0.45, "c": 0.35}
    assert weights(3.0) == weights(4.9) == {"b": 0.9, "c": 0.7}


def test_without_a_mix_weights_stay(folder: Path) -> None:
    styles = styles_of(folder, "a.png:0.3", "b.png:0.7")
    assert [style.told.weight for style in styles.at(4.0, 5.0)] == [0.3, 0.7]


def test_what_cannot_be_meant_is_told(folder: Path) -> None:
    (folder / "torn.mp4").write_bytes(b"no film")
    with pytest.raises(ConfigError, match="there is no style 'z': known are a, b"):
        styles_of(folder, "a.png", "b.png", mix="0:a,2:z")
    with pytest.raises(ConfigError, match="'soon' is no moment with its styles"):
        styles_of(folder, "a.png", mix="soon")
    with pytest.raises(MuraiError, match=r"torn\.mp4 can't be read as a film"):
        styles_of(folder, "torn.mp4")
    with pytest.raises(MuraiError, match="there is no file"):
        styles_of(folder, "nowhere.mp4")
    with pytest.raises(ConfigError, match="--mix changes styles over time, which a picture hasn't"):
        styles_of(folder, "a.png", "b.png", mix="0:a,2:b").at(0.0, 0.0)


def test_films_are_painted_in_styles_that_change(tmp_path: Path) -> None:
    """The first frame as without the change, bit by bit; the last one otherwise, or in its own style."""
    draw_files(tmp_path)
    content = film(tmp_path / "content.mp4", 2, sound=None)
    film(tmp_path / "dance.mp4", 2, sound=None)
    write(tmp_path / "first.png", styles_of(tmp_path, "dance.mp4").at(0.0, 1.0)[0].picture)

    def frames_of(output: str, *words: str, **more: Any) -> list[Pixels]:
        styles = parse_styles([str(tmp_path / word) for word in words])
        tables = {
            "content": content,
            "output": tmp_path / output,
            "styles": styles,
            "steps": {"steps": 2, "size_px": 48},
            **more,
        }
        paint_files(options_in(tmp_path, **tables), Console(quiet=True))
        return [pixels(file) for file in sorted((tmp_path / output).glob("frame-*.png"))]

    wave = frames_of("wave", "wave.png")
    glided = frames_of("glided", "wave.png", "night.png", mix="0:wave,0.04:night")
    danced, stood = (frames_of(name, *words) for name, words in (("danced", ["dance.mp4"]), ("stood", ["first.png"])))
    assert np.array_equal(glided[0], wave[0]) and np.array_equal(danced[0], stood[0])
    assert all(not np.array_equal(one[1], other[1]) for one, other in ((glided, wave), (danced, stood)))
