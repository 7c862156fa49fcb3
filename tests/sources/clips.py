"""Video that the tests draw and encode themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Recipe:
    """How to encode. `colour` holds the encoder's colour attributes (color_range, colorspace)."""

    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    fps: int = 25
    options: dict[str, str] = field(default_factory=lambda: {"preset": "ultrafast", "tune": "zerolatency"})
    colour: dict[str, int] = field(default_factory=dict)
    quarter_turns_left: int = 0


def moving(count: int, size_px: tuple[int, int] = (160, 96)) -> list[Pixels]:
    """Pictures of coarse coloured squares that wander; each has its number in its mean."""
    width, height = size_px
    squares = np.random.default_rng(7).integers(0, 200, (height // 8, width // 8, 3), np.uint8)
    large = squares.repeat(8, 0).repeat(8, 1)
    return [np.roll(large, n * 3, 1) // 2 + np.uint8(n * 100 // max(count, 1)) for n in range(count)]


def units(pictures: Iterable[Pixels], recipe: Recipe = Recipe(), drawn_matrix: int = 5) -> list[bytes]:
    """The access units of the encoded pictures, with their headers in the stream.

    `drawn_matrix` is used where `recipe` names none; the stream then leaves it open.
    """
    pictures = list(pictures)
    encoder = av.CodecContext.create(recipe.codec, "w")
    _set_up(encoder, pictures[0], recipe)
    encoded = [
        packet
        for n, picture in enumerate(pictures)
        for packet in encoder.encode(_frame(picture, recipe, n, drawn_matrix))
    ]
    return [bytes(packet) for packet in [*encoded, *encoder.encode(None)]]


def write_clip(file: Path, pictures: Iterable[Pixels], recipe: Recipe = Recipe(), **container_options: str) -> Path:
    pictures = list(pictures)
    with av.open(str(file), "w", options=container_options) as container:
        stream = container.add_stream(recipe.codec, recipe.fps)
        _set_up(stream.codec_context, pictures[0], recipe)
        if recipe.quarter_turns_left:
            stream.set_display_rotation(90 * recipe.quarter_turns_left)
        for n, picture in enumerate(pictures):
            container.mux(stream.encode(_frame(picture, recipe, n)))
        container.mux(stream.encode(None))
    return file


def _set_up(encoder: av.VideoCodecContext, picture: Pixels, recipe: Recipe) -> None:
    encoder.height, encoder.width = picture.shape[:2]
    encoder.pix_fmt = recipe.pixel_format
    encoder.framerate = Fraction(recipe.fps)
    encoder.time_base = Fraction(1, recipe.fps)
    encoder.options = recipe.options
    for name, value in recipe.colour.items():
        setattr(encoder, name, value)


def _frame(picture: Pixels, recipe: Recipe, number: int, drawn_matrix: int = 5) -> av.VideoFrame:
    drawn = av.VideoFrame.from_ndarray(picture, format="rgb24")
    frame = drawn.reformat(
        format=recipe.pixel_format,
        src_color_range=2,
        dst_color_range=recipe.colour.get("color_range", 1),
        dst_colorspace=recipe.colour.get("colorspace", drawn_matrix),
    )
    if "colorspace" not in recipe.colour:
        frame.colorspace = 2  # unspecified
    frame.pts, frame.time_base = number, Fraction(1, recipe.fps)
    return frame
