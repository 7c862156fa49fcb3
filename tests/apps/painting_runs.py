"""What the tests of `murai paint` share: drawn files, and options for paintings that take a moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from PIL import Image
from rich.console import Console
from torch import Tensor

from murai.apps.painting import paint_files
from murai.apps.painting_options import PaintingOptions, parse_styles
from murai.training.data import read_image
from tests.painting.drawn import noise, stripes, vgg_folder


def write(file: Path, picture: Tensor) -> Path:
    """Writes (3, H, W) or (H, W) float in [0, 1]."""
    values = (picture * 255.0).round().to(torch.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((values.permute(1, 2, 0) if values.dim() == 3 else values).contiguous().numpy()).save(file)
    return file


def draw_files(folder: Path) -> Path:
    """photo.png, 56x40 px, and two styles, of which wave.png is dark."""
    write(folder / "photo.png", noise(5, 7).repeat_interleave(8, 1).repeat_interleave(8, 2))
    write(folder / "wave.png", stripes(48, 48, 8, seed=2) * 0.3)
    write(folder / "night.png", stripes(48, 40, 12, seed=3, down=True))
    return folder


def options_in(folder: Path, *styles: str, **more: Any) -> PaintingOptions:
    """Three steps at one size on one core, from photo.png to out.png. more: tables of the options."""
    tables: dict[str, Any] = {
        "content": folder / "photo.png",
        "output": folder / "out.png",
        "styles": parse_styles([str(folder / f"{name}.png") for name in styles or ("wave",)]),
        **more,
    }
    tables["look"] = {"folder": vgg_folder()} | more.get("look", {})
    tables["steps"] = {"steps": 3} | more.get("steps", {})
    tables["machine"] = {"device": "cpu", "threads": 1} | more.get("machine", {})
    return PaintingOptions.model_validate(tables)


def painted(options: PaintingOptions) -> Tensor:
    """The painting, (3, H, W) uint8."""
    paint_files(options, Console(quiet=True))
    return read_image(options.output)
