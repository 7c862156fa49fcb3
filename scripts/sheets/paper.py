"""Pictures in rows, each with a line above it."""

from __future__ import annotations

from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFont

TILE_PX = (240, 168)
GAP_PX = 6
LABEL_PX = 18


def draw_sheet(tiles: list[tuple[str, Image.Image]], columns: int) -> Image.Image:
    """Tiles (caption, picture) in rows of so many; pictures of another size are scaled."""
    width, height = TILE_PX
    across, down = width + GAP_PX, height + LABEL_PX + GAP_PX
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (GAP_PX + min(columns, len(tiles)) * across, GAP_PX + rows * down), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, (caption, picture) in enumerate(tiles):
        left, top = GAP_PX + number % columns * across, GAP_PX + number // columns * down
        pen.text((left, top), caption, fill="black", font=font)
        scaled = picture.convert("RGB").resize(TILE_PX, Image.Resampling.LANCZOS)
        sheet.paste(scaled, (left, top + LABEL_PX))
    return sheet


def frames_at(film: Path, count: int) -> list[tuple[float, Image.Image]]:
    """So many frames of a film at even distances, from the first to the last, each with its time in s."""
    with av.open(str(film)) as container:
        decoded = list(container.decode(container.streams.video[0]))
    frames = [(frame.time or 0.0, Image.fromarray(frame.to_ndarray(format="rgb24"))) for frame in decoded]
    last = len(frames) - 1
    return [frames[round(number * last / max(1, count - 1))] for number in range(count)]
