"""Draws a contact sheet: pictures from all along a recording, in a grid, each with its time.

Usage: contact_sheet.py RECORDING -o SHEET.png
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFont

COLUMNS = 4
ROWS = 4
TILE_WIDTH_PX = 400
GAP_PX = 8
PAPER = (24, 24, 24)
INK = (255, 255, 255)


def pictures(recording: Path, count: int) -> list[tuple[float, Image.Image]]:
    """Up to `count` pictures at even distances, each with its time in seconds; fewer from a recording of fewer frames.

    Raises:
        av.error.FFmpegError: the recording can't be read.
    """
    found: dict[float, Image.Image] = {}
    with av.open(str(recording)) as container:
        stream = container.streams.video[0]
        length_s = (container.duration or 0) / av.time_base
        for step in range(count):
            wanted_s = length_s * (step + 0.5) / count
            # Seeking goes to the key frame before; from there on it is decoded up to the picture.
            container.seek(int(wanted_s * av.time_base))
            for frame in container.decode(stream):
                if frame.time is not None and frame.time >= wanted_s:
                    found.setdefault(frame.time, Image.fromarray(frame.to_ndarray(format="rgb24")))
                    break
    return sorted(found.items(), key=lambda item: item[0])


def draw_sheet(tiles: list[tuple[float, Image.Image]]) -> Image.Image:
    """The pictures in rows of `COLUMNS`, each `TILE_WIDTH_PX` wide with its time in the corner."""
    width, height = tiles[0][1].size
    tile_height_px = round(TILE_WIDTH_PX * height / width)
    rows = -(-len(tiles) // COLUMNS)
    columns = min(COLUMNS, len(tiles))
    size = (columns * (TILE_WIDTH_PX + GAP_PX) + GAP_PX, rows * (tile_height_px + GAP_PX) + GAP_PX)
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=18)
    for index, (time_s, picture) in enumerate(tiles):
        left = GAP_PX + index % COLUMNS * (TILE_WIDTH_PX + GAP_PX)
        top = GAP_PX + index // COLUMNS * (tile_height_px + GAP_PX)
        sheet.paste(picture.resize((TILE_WIDTH_PX, tile_height_px), Image.Resampling.LANCZOS), (left, top))
        label = f"{int(time_s // 60)}:{time_s % 60:04.1f}"
        draw.rectangle(draw.textbbox((left + 8, top + 6), label, font=font), fill=PAPER, outline=PAPER, width=4)
        draw.text((left + 8, top + 6), label, font=font, fill=INK)
    return sheet


def main() -> int:
    """Reads the arguments, draws and saves; 1 where the recording gives no picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("recording", type=Path)
    parser.add_argument("-o", dest="sheet", type=Path, required=True)
    wanted = parser.parse_args()
    try:
        tiles = pictures(wanted.recording, COLUMNS * ROWS)
    except (av.FFmpegError, IndexError) as fault:
        sys.stderr.write(f"{wanted.recording} can't be read as a recording: {fault}\n")
        return 1
    if not tiles:
        sys.stderr.write(f"{wanted.recording} has no whole picture: record for a second or more\n")
        return 1
    draw_sheet(tiles).save(wanted.sheet)
    return 0


if __name__ == "__main__":
    sys.exit(main())
