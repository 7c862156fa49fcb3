"""Pictures that show what a pack paints, on scenes that Murai draws itself: they may be published with it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.progress import track
from rich.text import Text
from torch import Tensor

from murai.errors import PackError
from murai.hardware import choose_compute
from murai.sources.scene import Scene
from murai.stylize.engine import Engine
from murai.stylize.pack import StyleFacts
from murai.stylize.shelf import find_pack

SHEET_FILE = "sheet.jpg"
SAMPLES_FILE = "samples.jpg"
_SAMPLES_QUALITY = 70  # of many pictures, that are looked at together; a pack is to stay small
SCENE_PX = (640, 360)
_MOMENT_S = 1.0
_SAMPLE_MOMENTS_S = (_MOMENT_S, 4.0, 6.5)
_TILE_PX = (400, 225)
_COLUMNS = 4
_GAP_PX = 10
_LABEL_PX = 26
_PAPER, _INK = (24, 24, 24), (235, 235, 235)
_MAKE_ROOM = "make room, then use --resume"

Paint = Callable[[Tensor, int], Tensor]
"""A still (3, H, W) uint8 painted in the style of this number; both in host memory."""
Tile = tuple[str, Image.Image]
"""A title, and the picture above it."""


def draw_previews(name: str, folder: Path | None, console: Console) -> None:
    """Writes each style's preview, and a sheet of all, into a folder, by default the pack's.

    Raises:
        PackError: the pack can't be read, or the folder not be written to.
    """
    pack = find_pack(name)
    engine = Engine(pack, choose_compute("auto"))
    folder = folder or pack.folder
    shown = track(pack.styles, "painting", console=console, disable=not console.is_terminal)
    with _writing(folder, "name a folder with -o"):
        folder.mkdir(parents=True, exist_ok=True)
        tiles = _save_previews(_by_engine(engine), shown, folder)
        _save(draw_sheet([("the camera", _image(draw_scene())), *tiles]), folder / SHEET_FILE)
    console.print(Text(f"{folder}: {len(pack.styles)} previews and {SHEET_FILE}"), soft_wrap=True)


def write_previews(paint: Paint, styles: Sequence[StyleFacts], folder: Path) -> None:
    """Each style of a pack on the drawn scene, and a sheet of all on several, after a training.

    Raises:
        PackError: a file can't be written.
    """
    scenes = [draw_scene(moment_s) for moment_s in _SAMPLE_MOMENTS_S]
    with _writing(folder, _MAKE_ROOM):
        _save_previews(paint, styles, folder)
        tiles = [
            (style.title, _image(paint(rgb, number)).resize(_TILE_PX, Image.Resampling.LANCZOS))
            for number, style in enumerate(styles)
            for rgb in scenes
        ]
        _save(draw_sheet(tiles, columns=len(scenes)), folder / SAMPLES_FILE, _SAMPLES_QUALITY)


def painted_sheet(paint: Paint, styles: int) -> Tensor:
    """All styles on the drawn scene, one below the other, (3, H, W) uint8."""
    return torch.cat([paint(draw_scene(size_px=_TILE_PX), number) for number in range(styles)], dim=1)


def draw_scene(moment_s: float = _MOMENT_S, size_px: tuple[int, int] = SCENE_PX) -> Tensor:
    """The scene at a moment, (3, H, W) uint8 RGB; size_px: width and height."""
    return torch.from_numpy(np.array(Scene(size_px, seed=1).draw(moment_s))).permute(2, 0, 1).contiguous()


def draw_sheet(tiles: Sequence[Tile], columns: int = _COLUMNS) -> Image.Image:
    """Pictures in rows, each with its title below."""
    (width, height), rows = _TILE_PX, -(-len(tiles) // columns)
    cell = (width + _GAP_PX, height + _LABEL_PX + _GAP_PX)
    sheet = Image.new("RGB", (columns * cell[0] + _GAP_PX, rows * cell[1] + _GAP_PX), _PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for number, (title, picture) in enumerate(tiles):
        left, top = (
            _GAP_PX + place * side for place, side in zip((number % columns, number // columns), cell, strict=True)
        )
        sheet.paste(picture.resize(_TILE_PX, Image.Resampling.LANCZOS), (left, top))
        pen.text((left, top + height + 4), title, fill=_INK, font=font)
    return sheet


def _by_engine(engine: Engine) -> Paint:
    count, device = len(engine.pack.styles), engine.compute.device

    def paint(rgb: Tensor, style: int) -> Tensor:
        shares = [float(other == style) for other in range(count)]
        return engine.paint_still(rgb.to(device), shares).cpu()

    return paint


def _save_previews(paint: Paint, styles: Iterable[StyleFacts], folder: Path) -> list[Tile]:
    scene, tiles = draw_scene(), []
    for number, style in enumerate(styles):
        picture = _image(paint(scene, number))
        _save(picture, folder / Path(style.preview or f"{style.name}.jpg").name)
        tiles.append((style.title, picture))
    return tiles


def _save(picture: Image.Image, file: Path, quality: int = 88) -> None:
    """Replaces the file in one step: what is left of it by a full disk is the one before."""
    written, beside = io.BytesIO(), file.with_name(file.name + ".part")
    picture.save(written, "PNG" if file.suffix.lower() == ".png" else "JPEG", quality=quality)
    try:
        beside.write_bytes(written.getvalue())
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def _image(rgb: Tensor) -> Image.Image:
    return Image.fromarray(rgb.permute(1, 2, 0).contiguous().numpy())


@contextmanager
def _writing(folder: Path, remedy: str) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise PackError(f"can't write previews to {folder}: {fault.strerror or fault}", remedy) from fault
