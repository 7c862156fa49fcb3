"""Photographs to train on, and style images."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn import functional as F

from murai.errors import TrainingError

_log = logging.getLogger(__name__)
_ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
# What Pillow raises for files that are no images, damaged, or of absurd size; the last three for damaged PNG and EXIF.
_FAULTS = (OSError, ValueError, Image.DecompressionBombError, SyntaxError, TypeError, struct.error)


def read_image(file: Path, short_side_px: int | None = None) -> Tensor:
    """An image as (3, H, W) uint8 RGB, made smaller where its short side is longer than asked for.

    Raises:
        TrainingError: it can't be read.
    """
    try:
        with Image.open(file) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGB")  # phones turn pictures by EXIF alone
    except _FAULTS as fault:
        raise TrainingError(f"can't read the image {file}: {fault}", "give a whole JPEG, PNG or WebP") from fault
    if short_side_px is not None and min(picture.size) > short_side_px:
        factor = short_side_px / min(picture.size)
        size = (round(picture.width * factor), round(picture.height * factor))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)


def check_photographs(folder: Path, at_least: int) -> None:
    """Looks only at names, which is soon done; `Photographs` reads the files.

    Raises:
        TrainingError: there is no such folder, or it can't have `at_least` photographs.
    """
    if not folder.is_dir():
        raise TrainingError(f"there is no folder {folder}", "name the one with the photographs to learn on")
    if (count := len(_image_files(folder))) < at_least:
        raise TrainingError(f"{folder} has {count} photographs", f"training wants {at_least} or more")


def _image_files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in _ENDINGS)


class Photographs:
    """All photographs of a folder, kept in memory as uint8, dealt out as random squares.

    Memory: about 0.35 MB a photograph with a short side of 288 px.
    track: is given the files and gives them on one by one, as they are read; the place for a progress bar.

    Raises:
        TrainingError: there are fewer than `at_least` that can be used.
    """

    def __init__(
        self, folder: Path, square_px: int, *, at_least: int, track: Callable[[list[Path]], Iterable[Path]] = iter
    ) -> None:
        self._square_px = square_px
        self._kept: list[Tensor] = []
        for file in track(_image_files(folder)):
            self._keep(file)
        if len(self._kept) < at_least:
            raise TrainingError(
                f"{folder} has {len(self._kept)} usable photographs of at least {square_px} px",
                f"training wants {at_least} or more",
            )

    def __len__(self) -> int:
        return len(self._kept)

    def _keep(self, file: Path) -> None:
        try:
            picture = read_image(file, short_side_px=self._square_px * 3 // 2)
        except TrainingError as fault:
            _log.warning("left out: %s", fault)
            return
        if min(picture.shape[1:]) < self._square_px:
            _log.warning("left out: %s is smaller than %d px", file, self._square_px)
            return
        self._kept.append(picture)

    def batches(self, size: int, generator: torch.Generator) -> Iterator[Tensor]:
        """Endless batches (size, 3, S, S) float RGB in [0, 1]: random squares, random zoom, half of them mirrored."""
        while True:
            chosen = torch.randint(len(self._kept), (size,), generator=generator).tolist()
            yield torch.stack([self._square(self._kept[index], generator) for index in chosen])

    def _square(self, picture: Tensor, generator: torch.Generator) -> Tensor:
        height, width = int(picture.shape[1]), int(picture.shape[2])
        span = int(torch.randint(self._square_px, min(height, width) + 1, (), generator=generator))
        top = int(torch.randint(height - span + 1, (), generator=generator))
        left = int(torch.randint(width - span + 1, (), generator=generator))
        square = picture[:, top : top + span, left : left + span].float() / 255.0
        if torch.rand((), generator=generator) < 0.5:
            square = square.flip(2)
        side = self._square_px
        sized = F.interpolate(square[None], size=(side, side), mode="bilinear", antialias=True, align_corners=False)
        return sized[0].clamp(0.0, 1.0)
