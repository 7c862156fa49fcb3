"""Files that `murai paint` leaves: the painting, and beside it its settings, its losses and pictures on the way."""

from __future__ import annotations

import io
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from murai.apps import settings_files
from murai.apps.painting_options import PaintingOptions
from murai.core.files import try_writing, unwritable, write_whole
from murai.errors import PaintingError

_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF"}
COMMAND = "paint"
_SPARE_BYTES = 2_000_000  # for the settings and the curves


@dataclass(frozen=True)
class Result:
    """Where a painting and what belongs to it lies."""

    picture: Path

    @property
    def settings(self) -> Path:
        return settings_files.settings_file(self.picture, COMMAND)

    @property
    def curves(self) -> Path:
        return self._beside("losses.png")

    @property
    def work(self) -> Path:
        """The folder of a film's work, there until that is done."""
        return self._beside("work")

    def after(self, step: int) -> Path:
        """The picture after so many steps."""
        return self._beside(f"{step:06d}.png")

    def _beside(self, name: str) -> Path:
        """By all of the picture's name: `a.png` and `a.mp4` have files of their own, and `a.json` may be anybody's."""
        return self.picture.with_name(f"{self.picture.name}.{name}")


def check_result(result: Result, size: tuple[int, int]) -> None:
    """Tries to write beside the picture, for hours of work must not end in a missing permission.

    size: (height, width) of the picture.

    Raises:
        PaintingError: it can't be written, or there is no room for it.
    """
    file = result.picture
    if file.suffix.lower() not in _FORMATS:
        raise PaintingError(f"can't write {file}: its ending names no format", f"known are {', '.join(_FORMATS)}")
    try:
        try_writing(file)
        free_bytes = shutil.disk_usage(file.parent).free
    except OSError as fault:
        raise PaintingError(*unwritable(file, fault)) from fault
    if free_bytes < size[0] * size[1] * 3 + _SPARE_BYTES:
        raise PaintingError(f"can't write {file}: {free_bytes // 1_000_000} MB are free there", "make room there")


def write_picture(file: Path, picture: Tensor) -> None:
    """Writes a picture (3, H, W) float RGB in [0, 1], whole or not at all. Where that fails, it is kept elsewhere.

    Raises:
        PaintingError: it can't be written; the error says where it lies instead.
    """
    image = _eight_bit(picture)
    try:
        _replace(file, image)
    except OSError as fault:
        refuge = Path(tempfile.gettempdir()) / file.name
        if refuge.resolve() == file.resolve() or refuge.exists():
            raise PaintingError(*unwritable(file, fault)) from fault
        try:
            _replace(refuge, image)
        except OSError:  # nowhere to go: the first fault is the one to tell
            raise PaintingError(*unwritable(file, fault)) from fault
        raise PaintingError(unwritable(file, fault)[0], f"it is kept as {refuge}") from fault


def picture_bytes(picture: Tensor) -> bytes:
    """A picture (3, H, W) float RGB in [0, 1] as a PNG that is written soon."""
    written = io.BytesIO()
    _eight_bit(picture).save(written, "PNG", compress_level=1)
    return written.getvalue()


def _eight_bit(picture: Tensor) -> Image.Image:
    values = (picture.detach().clamp(0.0, 1.0) * 255.0).round().to(torch.uint8)
    return Image.fromarray(values.permute(1, 2, 0).cpu().numpy())


def _replace(file: Path, image: Image.Image) -> None:
    # Full colour resolution: paintings have hard edges between strong colours.
    write_whole(file, lambda part: image.save(part, _FORMATS[file.suffix.lower()], quality=95, subsampling=0))


def write_settings(file: Path, options: PaintingOptions, more: dict[str, Any]) -> None:
    """Writes everything that a painting, or a folder of them, is repeated by, and more beside it.

    Raises:
        PaintingError: it can't be written.
    """
    said = settings_files.kept_settings(COMMAND, options.model_dump(mode="json"), files_of(options))
    try:
        settings_files.write_settings(file, said | more)
    except OSError as fault:
        raise PaintingError(*unwritable(file, fault)) from fault


def files_of(options: PaintingOptions) -> list[Path]:
    """The images and masks that decide a painting."""
    masks = [mask for style in options.styles for mask in (style.mask, style.where) if mask is not None]
    return [options.content, *(style.image for style in options.styles), *masks]
