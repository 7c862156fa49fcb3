"""Pictures that show what a model paints, on scenes that Murai draws itself: they may be published with a pack."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from murai.errors import PackError
from murai.sources.scene import Scene
from murai.training.model import StyleModel

_PREVIEW_PX = (640, 360)
_PREVIEW_MOMENT_S = 1.0
_SAMPLE_PX = (400, 224)
_SAMPLE_MOMENTS_S = (1.0, 4.0, 6.5)
_GAP_PX = 6
_LABEL_PX = 22


def write_previews(model: StyleModel, files: Sequence[Path | None]) -> None:
    """Each style on the drawn scene, where it has a file.

    Raises:
        PackError: a file can't be written.
    """
    picture = scene(_PREVIEW_PX, _PREVIEW_MOMENT_S)
    for style, file in enumerate(files):
        if file is not None:
            write_picture(_pixels(painted(model, picture, style)), file)


def write_samples(model: StyleModel, names: Sequence[str], file: Path) -> None:
    """All styles, one below the other, on several drawn scenes.

    Raises:
        PackError: the file can't be written.
    """
    width, height = _SAMPLE_PX
    row = height + _LABEL_PX
    size = (_GAP_PX + (width + _GAP_PX) * len(_SAMPLE_MOMENTS_S), _GAP_PX + (row + _GAP_PX) * len(names))
    sheet = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    pictures = [scene(_SAMPLE_PX, moment_s) for moment_s in _SAMPLE_MOMENTS_S]
    for number, name in enumerate(names):
        top = _GAP_PX + number * (row + _GAP_PX)
        pen.text((_GAP_PX, top), name, fill="black", font=font)
        for column, picture in enumerate(pictures):
            sample = _pixels(painted(model, picture, number))
            sheet.paste(sample, (_GAP_PX + column * (width + _GAP_PX), top + _LABEL_PX))
    write_picture(sheet, file)


def painted_sheet(model: StyleModel) -> Tensor:
    """All styles on one drawn scene, one below the other, (3, H, W) uint8."""
    picture = scene(_SAMPLE_PX, _PREVIEW_MOMENT_S)
    return torch.cat([_bytes(painted(model, picture, number)) for number in range(model.styles)], dim=1)


def scene(size_px: tuple[int, int], moment_s: float) -> Tensor:
    """(3, H, W) float in [0, 1]."""
    drawn = Scene(size_px, seed=1).draw(moment_s)
    return torch.from_numpy(np.array(drawn)).permute(2, 0, 1).float() / 255.0


def painted(model: StyleModel, picture: Tensor, style: int) -> Tensor:
    """(3, H, W) float in [0, 1] on the CPU, by the picture's own statistics."""
    device = model.scale.device
    with torch.inference_mode():
        found: Tensor = model(picture[None].to(device), torch.tensor([style], device=device))[0]
    return found.cpu()


def write_picture(picture: Image.Image, file: Path) -> None:
    """Raises PackError where the file can't be written."""
    try:
        picture.save(file, quality=88)
    except OSError as fault:
        raise PackError(f"can't write {file}: {fault.strerror or fault}", "make room, then use --resume") from fault


def _bytes(picture: Tensor) -> Tensor:
    return (picture * 255.0).round().to(torch.uint8)


def _pixels(picture: Tensor) -> Image.Image:
    return Image.fromarray(_bytes(picture).permute(1, 2, 0).numpy())
