"""Photographs to learn on: read from folders, lists and films, and dealt out as random squares."""

from __future__ import annotations

import logging
import struct
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn import functional as F

from murai.errors import TrainingError
from murai.training.films import FILM_ENDINGS, film_frames

_log = logging.getLogger(__name__)
_ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
_LIST_ENDINGS = {".txt", ".lst", ".list"}
_NAMED = 3
_SPARE = 1.5  # photographs are kept that much larger than the largest square, for zoom
# What Pillow raises for files that are no images, or damaged; the last three for damaged PNG and EXIF.
_FAULTS = (OSError, ValueError, SyntaxError, TypeError, struct.error)

Track = Callable[[Sequence[Path]], Iterable[Path]]


def open_image(file: Path) -> Image.Image:
    """An image in RGB, upright.

    Raises:
        TrainingError: it can't be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # photographs of 100 megapixels are real
            with Image.open(file) as opened:
                return ImageOps.exif_transpose(opened).convert("RGB")  # phones turn pictures by EXIF alone
    except Image.DecompressionBombError as fault:
        most = (Image.MAX_IMAGE_PIXELS or 0) * 2 // 10**6
        raise TrainingError(f"the image {file} has more than {most} megapixels", "make it smaller") from fault
    except _FAULTS as fault:
        why = getattr(fault, "strerror", None) or fault
        raise TrainingError(f"can't read the image {file}: {why}", "give a whole JPEG, PNG or WebP") from fault


def read_image(file: Path, short_side_px: int | None = None) -> Tensor:
    """An image as (3, H, W) uint8 RGB, made smaller where its short side is longer than asked for.

    Raises:
        TrainingError: it can't be read.
    """
    picture = open_image(file)
    if short_side_px is not None:
        picture = shrunk(picture, short_side_px)
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()


def shrunk(picture: Image.Image, short_side_px: int) -> Image.Image:
    """The same, with a short side of at most so many px."""
    if min(picture.size) <= short_side_px:
        return picture
    factor = short_side_px / min(picture.size)
    size = (round(picture.width * factor), round(picture.height * factor))
    return picture.resize(size, Image.Resampling.LANCZOS)


def find_content(sources: Sequence[Path], at_least: int) -> list[Path]:
    """The files that folders, text lists and films stand for; looks only at names, which is soon done.

    A list has one file a line, relative to the list's own folder; empty lines and those that begin with # are skipped.
    Films count as enough: how many pictures they hold shows when they are read.

    Raises:
        TrainingError: a source isn't there, or all together can't have `at_least` photographs.
    """
    files = [file for source in sources for file in _files_of(source)]
    if len(files) < at_least and not any(is_film(file) for file in files):
        named = " ".join(str(source) for source in sources)
        raise TrainingError(f"{named} has {len(files)} photographs", f"training wants {at_least} or more")
    return files


def is_film(file: Path) -> bool:
    return file.suffix.lower() in FILM_ENDINGS


def _files_of(source: Path) -> list[Path]:
    if source.is_dir():
        return sorted(file for file in source.rglob("*") if file.suffix.lower() in _ENDINGS | FILM_ENDINGS)
    if not source.is_file():
        raise TrainingError(f"there is no folder {source}", "name the one with the photographs to learn on")
    if source.suffix.lower() in _LIST_ENDINGS:
        return _listed(source)
    if source.suffix.lower() in _ENDINGS | FILM_ENDINGS:
        return [source]
    raise TrainingError(f"{source} is no folder, list (.txt) or film", "name one with the photographs to learn on")


def _listed(source: Path) -> list[Path]:
    try:
        lines = [line.strip() for line in source.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as fault:
        raise TrainingError(f"can't read the list {source}: {fault}", "write one file a line, in UTF-8") from fault
    return [source.parent / line for line in lines if line and not line.startswith("#")]


@dataclass(frozen=True)
class Deal:
    """Which part of which photograph one item of a batch shows. Plain numbers, the same on every machine."""

    photograph: int
    zoom: float
    across: float
    down: float
    mirrored: bool


def draw_deals(photographs: int, count: int, generator: torch.Generator) -> list[Deal]:
    """The next `count` deals. generator: on the CPU."""
    chosen = torch.randint(photographs, (count,), generator=generator).tolist()
    numbers = torch.rand((count, 4), generator=generator).tolist()
    return [Deal(which, a, b, c, d < 0.5) for which, (a, b, c, d) in zip(chosen, numbers, strict=True)]


class Photographs:
    """Photographs in memory as uint8 on the device that trains, dealt out as random squares.

    Memory: about 0.35 MB a photograph with a short side of 288 px. Damaged and small ones are named and left out.

    Raises:
        TrainingError: there are fewer than `at_least` that can be used.
    """

    def __init__(
        self,
        files: Sequence[Path],
        square_px: int,
        *,
        at_least: int,
        device: torch.device | str = "cpu",
        track: Track = iter,
    ) -> None:
        self._square_px = square_px
        self._device = torch.device(device)
        self._kept: list[Tensor] = []
        self._small: list[Path] = []
        for file in track(files):
            self._keep(file)
        if self._small:
            _log.warning("left out: %s", self._told_small())
        if len(self._kept) < at_least:
            raise TrainingError(
                f"there are {len(self._kept)} usable photographs of at least {square_px} px",
                f"training wants {at_least} or more; --square-px and --late-square-px may be smaller",
            )

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def device(self) -> torch.device:
        return self._device

    def _keep(self, file: Path) -> None:
        short_side_px = round(self._square_px * _SPARE)
        try:
            found = film_frames(file, short_side_px) if is_film(file) else [read_image(file, short_side_px)]
        except TrainingError as fault:
            _log.warning("left out: %s", fault)
            return
        if found and min(found[0].shape[1:]) < self._square_px:
            self._small.append(file)
            return
        self._kept += [picture.to(self._device) for picture in found]

    def _told_small(self) -> str:
        """In one line, for there can be hundreds."""
        if len(self._small) == 1:
            return f"{self._small[0]} is smaller than {self._square_px} px"
        named, more = self._small[:_NAMED], len(self._small) - _NAMED
        others = f" and {more} more" if more > 0 else ""
        return f"{len(self._small)} are smaller than {self._square_px} px: {', '.join(map(str, named))}{others}"

    def squares(self, deals: Sequence[Deal], side_px: int) -> Tensor:
        """The squares of these deals: (N, 3, side, side) float RGB in [0, 1] on the device."""
        return torch.stack([self._square(deal, side_px) for deal in deals])

    def _square(self, deal: Deal, side_px: int) -> Tensor:
        picture = self._kept[deal.photograph]
        height, width = picture.shape[1], picture.shape[2]
        span = side_px + int(deal.zoom * (min(height, width) + 1 - side_px))
        top, left = int(deal.down * (height - span + 1)), int(deal.across * (width - span + 1))
        square = picture[None, :, top : top + span, left : left + span].float() / 255.0
        if deal.mirrored:
            square = square.flip(3)
        if span == side_px:
            return square[0]
        sized = F.interpolate(square, size=(side_px, side_px), mode="bilinear", antialias=True, align_corners=False)
        return sized[0].clamp(0.0, 1.0)
