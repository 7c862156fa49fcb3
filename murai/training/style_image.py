"""Style images: which files show a style, which part of them counts, how large and how turned."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from murai.errors import TrainingError
from murai.training.data import open_image, shrunk

_SMALLEST_PX = 32


@dataclass(frozen=True)
class Crop:
    """A part of an image, in px of the file held upright."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class StyleSource:
    """One style as it was asked for.

    files: several are one style together: their statistics are averaged.
    crop: the part that counts, of every file.
    rotate_deg: turned anticlockwise by that much after cropping; what has no picture then is cut off.
    mask: an image of the file's shape, white where the painting counts and black where it doesn't.
    """

    name: str
    files: tuple[Path, ...]
    crop: Crop | None = None
    rotate_deg: float = 0.0
    mask: Path | None = None


@dataclass(frozen=True)
class StyleImage:
    """One style's pictures, ready to be measured.

    pictures: each (3, H, W) uint8 RGB. masks: of each, (H, W) float in [0, 1], or None where all of it counts.
    """

    name: str
    pictures: tuple[Tensor, ...]
    masks: tuple[Tensor | None, ...]

    def sha256(self) -> str:
        """Of all that decides the style, in hexadecimal."""
        digest = hashlib.sha256(self.name.encode())
        for each in (*self.pictures, *self.masks):
            digest.update(b"none" if each is None else each.contiguous().numpy().tobytes())
        return digest.hexdigest()


def read_style(source: StyleSource, short_side_px: int) -> StyleImage:
    """Reads, crops, turns and shrinks a style's files; nothing is made larger.

    Raises:
        TrainingError: a file can't be read, or what is left of it is too small.
    """
    pictures = []
    masks: list[Tensor | None] = []
    for file in source.files:
        opened = open_image(file)
        size = opened.size
        pictures.append(_bytes_of(_prepare(source, file, opened, short_side_px)).permute(2, 0, 1).contiguous())
        masks.append(_read_mask(source, file, size, short_side_px) if source.mask is not None else None)
    return StyleImage(source.name, tuple(pictures), tuple(masks))


def _read_mask(source: StyleSource, file: Path, size: tuple[int, int], short_side_px: int) -> Tensor:
    assert source.mask is not None
    mask = open_image(source.mask).convert("L")
    if abs(mask.width * size[1] - mask.height * size[0]) > 0.02 * mask.width * size[1]:
        raise TrainingError(
            f"the mask {source.mask} is {mask.width}x{mask.height}, {file} is {size[0]}x{size[1]}",
            "draw the mask on a copy of the image",
        )
    prepared = _prepare(source, source.mask, mask.resize(size, Image.Resampling.BILINEAR), short_side_px)
    counts = _bytes_of(prepared).float() / 255.0
    if float(counts.mean()) < 0.01:
        raise TrainingError(f"the mask {source.mask} is black all over", "paint white what counts")
    return counts


def _bytes_of(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(picture))


def _prepare(source: StyleSource, file: Path, picture: Image.Image, short_side_px: int) -> Image.Image:
    if source.crop is not None:
        picture = _cropped(picture, source.crop, file)
    if source.rotate_deg % 360.0:
        picture = _rotated(picture, source.rotate_deg)
    if min(picture.size) < _SMALLEST_PX:
        raise TrainingError(
            f"{file}: what counts is {picture.width}x{picture.height} px", f"a style wants {_SMALLEST_PX} px or more"
        )
    return shrunk(picture, short_side_px)


def _cropped(picture: Image.Image, crop: Crop, file: Path) -> Image.Image:
    right, below = crop.left + crop.width, crop.top + crop.height
    if min(crop.left, crop.top) < 0 or right > picture.width or below > picture.height:
        raise TrainingError(
            f"--crop {crop.left},{crop.top},{crop.width},{crop.height} is not inside {file}",
            f"the image is {picture.width}x{picture.height} px",
        )
    return picture.crop((crop.left, crop.top, right, below))


def _rotated(picture: Image.Image, degrees: float) -> Image.Image:
    turned = picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    width, height = _largest_inside(picture.width, picture.height, math.radians(degrees))
    left, top = (turned.width - width) // 2, (turned.height - height) // 2
    return turned.crop((left, top, left + width, top + height))


def _largest_inside(width: int, height: int, angle: float) -> tuple[int, int]:
    """The largest upright rectangle inside a turned one of this size, in px, rounded down.

    Where the turned one is long, two opposite corners touch its long sides; else all four touch its sides.
    """
    sine, cosine = abs(math.sin(angle)), abs(math.cos(angle))
    long, short = max(width, height), min(width, height)
    if short <= 2.0 * sine * cosine * long or abs(sine - cosine) < 1e-10:
        half = 0.5 * short
        across, down = (half / sine, half / cosine) if width >= height else (half / cosine, half / sine)
    else:
        twice = cosine * cosine - sine * sine
        across = (width * cosine - height * sine) / twice
        down = (height * cosine - width * sine) / twice
    return int(across), int(down)
