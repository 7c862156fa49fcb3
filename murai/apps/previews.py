"""What `murai styles preview` does: each style of a pack on a scene that Murai draws itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.progress import track
from rich.text import Text

from murai.errors import PackError
from murai.hardware import choose_compute
from murai.sources.scene import Scene
from murai.stylize.engine import Engine
from murai.stylize.shelf import find_pack

SHEET_FILE = "sheet.jpg"
_PICTURE_PX = (640, 360)
_MOMENT_S = 1.0
_TILE_PX = (400, 225)
_COLUMNS = 4
_GAP_PX = 10
_LABEL_PX = 26
_PAPER, _INK = (24, 24, 24), (235, 235, 235)


def draw_previews(name: str, folder: Path | None, console: Console) -> None:
    """Writes each style's preview, and a sheet of all, into a folder, by default the pack's.

    Raises:
        PackError: the pack can't be read, or the folder not be written to.
    """
    pack = find_pack(name)
    engine = Engine(pack, choose_compute("auto"))
    folder = folder or pack.folder
    tiles = [("the camera", _scene())]
    painted = track(
        paint_previews(engine), "painting", len(pack.styles), console=console, disable=not console.is_terminal
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for style, picture in zip(pack.styles, painted, strict=True):
            picture.save(folder / (style.preview or f"{style.name}.jpg"), quality=88)
            tiles.append((style.title, picture))
        draw_sheet(tiles).save(folder / SHEET_FILE, quality=85)
    except OSError as fault:
        raise PackError(
            f"can't write previews to {folder}: {fault.strerror or fault}", "name a folder with -o"
        ) from fault
    console.print(Text(f"{folder}: {len(pack.styles)} previews and {SHEET_FILE}"), soft_wrap=True)


def paint_previews(engine: Engine) -> Iterator[Image.Image]:
    """The scene in each style, by its own statistics."""
    rgb = torch.from_numpy(np.array(_scene())).permute(2, 0, 1).to(engine.compute.device)
    count = len(engine.pack.styles)
    for style in range(count):
        painted = engine.paint_still(rgb, [float(other == style) for other in range(count)])
        yield Image.fromarray(painted.cpu().permute(1, 2, 0).contiguous().numpy())


def draw_sheet(tiles: list[tuple[str, Image.Image]]) -> Image.Image:
    """Pictures in rows of four, each with its title below."""
    (width, height), rows = _TILE_PX, -(-len(tiles) // _COLUMNS)
    cell = (width + _GAP_PX, height + _LABEL_PX + _GAP_PX)
    sheet = Image.new("RGB", (_COLUMNS * cell[0] + _GAP_PX, rows * cell[1] + _GAP_PX), _PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for number, (title, picture) in enumerate(tiles):
        left, top = (
            _GAP_PX + place * side for place, side in zip((number % _COLUMNS, number // _COLUMNS), cell, strict=True)
        )
        sheet.paste(picture.resize(_TILE_PX, Image.Resampling.LANCZOS), (left, top))
        pen.text((left, top + height + 4), title, fill=_INK, font=font)
    return sheet


def _scene() -> Image.Image:
    return Scene(_PICTURE_PX, seed=1).draw(_MOMENT_S)
