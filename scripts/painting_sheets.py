"""Draws a contact sheet for each feature of `murai paint` and `murai stylize`, as docs/painting.md shows them.

Usage: painting_sheets.py [NAME …] -o FOLDER --work FOLDER [--perceptual FOLDER]

Everything is painted from the drawn scene and the drawn murals by the commands that stand in docs/painting.md. What
lies in the work folder already is not painted again, so that a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import shlex
import sys
from contextlib import chdir
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops
from sheets.drawing import draw_inputs
from sheets.features import FILM_SHEETS, PICTURE_SHEETS, Sheet
from sheets.paper import draw_sheet, frames_at

from murai.cli import app
from murai.errors import MuraiError

SEAM = (150, 90, 330, 216)  # in the painting of 480 px: tiles of 192 px meet there
LARGEST_BYTES = 245_000
QUALITIES = (85, 75, 65, 55, 45)
CONTRAST = 60  # that rounding errors are shown with


def painted(words: str, ending: str, more: str) -> Path:
    """What a command paints, or has painted before; the file's name follows from the words."""
    name = hashlib.sha256(words.encode()).hexdigest()[:12]
    output = Path("painted") / (name + ending)
    if not output.exists():
        sys.stderr.write(f"murai {words}\n")
        command, *rest = shlex.split(f"{words} {more}" if words.startswith("paint") else words)
        app([command, *rest, "-o", str(output)], standalone_mode=False)
    return output


def picture_sheet(sheet: Sheet, more: str) -> Image.Image:
    """One picture an option, with its option above."""
    tiles: list[tuple[str, Image.Image]] = [
        (caption, Image.open(painted(f"{sheet.base} {words}".strip(), ".png", more) if command else Path(words)))
        for caption, words, command in sheet.tiles
    ]
    return draw_sheet(tiles, sheet.columns)


def film_sheet(sheet: Sheet, more: str) -> Image.Image:
    """One row a film, with its frames at even distances."""
    tiles = []
    for caption, words, command in sheet.tiles:
        film = painted(f"{sheet.base} {words}".strip(), ".mp4", more) if command else Path(words)
        tiles += [(f"{caption}  {at_s:.2f} s".strip(), frame) for at_s, frame in frames_at(film, sheet.columns)]
    return draw_sheet(tiles, sheet.columns)


def seam_sheet(more: str) -> Image.Image:
    """A large picture in one and in tiles, what lies where tiles meet, and how far both are apart."""
    base = "paint scene.png --style tropical.png --size 480 --smallest 480 --steps 12 --device cpu"
    whole, tiled = (
        Image.open(painted(f"{base} --tile {side_px}", ".png", more)).convert("RGB") for side_px in (512, 192)
    )
    apart = ImageChops.difference(whole, tiled)
    shown = apart.crop(SEAM).point(lambda value: min(255, value * CONTRAST))
    most = int(np.asarray(apart).max())
    return draw_sheet(
        [
            ("--tile 512: in one", whole),
            ("--tile 192: in tiles", tiled),
            ("in one, where tiles meet", whole.crop(SEAM)),
            ("in tiles, the same place", tiled.crop(SEAM)),
            (f"difference x {CONTRAST}; largest {most} of 255", shown),
        ],
        5,
    )


def main() -> int:
    """Reads the arguments and draws; 1 where something can't be painted or written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [*PICTURE_SHEETS, "seams", *FILM_SHEETS]
    parser.add_argument("names", nargs="*", choices=[*names, []], metavar="NAME", help=", ".join(names))
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--perceptual", type=Path, help="folder with VGG-19 files; else torchvision's")
    told = parser.parse_args()
    output = told.output.absolute()
    more = f"--perceptual {shlex.quote(str(told.perceptual.absolute()))}" if told.perceptual else ""
    told.work.mkdir(parents=True, exist_ok=True)
    output.mkdir(parents=True, exist_ok=True)
    with chdir(told.work):
        draw_inputs()
        for name in told.names or names:
            try:
                save(drawn(name, more), output / f"{name}.jpg")
            except (MuraiError, OSError) as fault:
                sys.stderr.write(f"{name}: {fault}\n")
                return 1
    return 0


def save(sheet: Image.Image, file: Path) -> None:
    """As a JPEG of the best quality that isn't larger than `LARGEST_BYTES`."""
    for quality in QUALITIES:
        sheet.save(file, quality=quality, optimize=True)
        if file.stat().st_size <= LARGEST_BYTES:
            return


def drawn(name: str, more: str) -> Image.Image:
    """The sheet of that name."""
    if name in PICTURE_SHEETS:
        return picture_sheet(PICTURE_SHEETS[name], more)
    return film_sheet(FILM_SHEETS[name], more) if name in FILM_SHEETS else seam_sheet(more)


if __name__ == "__main__":
    sys.exit(main())
