"""Sheets of pictures that show what the figures mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont, ImageOps
from torch import Tensor

from murai.training.evaluation.bench import StyleReport

_TILE_PX = 208
_GAP_PX = 8
_WORDS_PX = 52  # below each row
_HEAD_PX = 34
_PAPER, _INK, _QUIET = (250, 249, 246), (28, 28, 32), (120, 120, 128)
_HAVE, _WANT = (214, 64, 40), (36, 92, 168)
_MOST_PHOTOGRAPHS = 5


@dataclass(frozen=True)
class _Cell:
    """A picture and what is said below it; `lines` in quiet print."""

    picture: Image.Image
    title: str = ""
    line: str = ""


def draw_sheet(title: str, reports: Sequence[StyleReport], photographs: Sequence[Tensor], frame: Tensor) -> Image.Image:
    """A row for each style: its image, paintings of the photographs and of the film's frame, sizes of strokes.

    photographs, frame: (3, H, W) uint8, as they were before they were painted; in the first row.
    """
    shown = photographs[:_MOST_PHOTOGRAPHS]
    blank = Image.new("RGB", (_TILE_PX, _TILE_PX), _PAPER)
    first = [_Cell(blank), *[_Cell(_square(photograph)) for photograph in shown], _Cell(_wide(frame)), _Cell(_legend())]
    return _drawn(title, [first, *[_style_row(report, len(shown)) for report in reports]])


def draw_comparison(title: str, reports: Sequence[StyleReport], photographs: Sequence[Tensor]) -> Image.Image:
    """A row for each style: one photograph, the network's painting, and L-BFGS after as many and after all steps.

    Each row shows the next photograph.
    """
    rows = []
    for number, report in enumerate(reports):
        which = number % len(photographs)
        curve, steps = report.curves[which], report.steps[which]
        near, then = curve.picture_near(steps)
        last = max(curve.pictures)
        rows.append(
            [
                _Cell(_square(report.image), report.name),
                _Cell(_square(photographs[which]), "photograph"),
                _Cell(_square(report.paintings[which]), "network, one pass", f"worth {steps:.0f} steps"),
                _Cell(_square(then), f"L-BFGS, {near} steps", f"total loss {curve.totals[near]:.3f}"),
                _Cell(_square(curve.pictures[last]), f"L-BFGS, {last} steps", f"total loss {curve.totals[last]:.3f}"),
            ]
        )
    return _drawn(title, rows)


def _style_row(report: StyleReport, shown: int) -> list[_Cell]:
    figures = report.figures
    twin = "" if figures.warping_error_twin is None else f", twin {figures.warping_error_twin:.5f}"
    paintings = [
        _Cell(_square(painting), f"worth {steps:.0f} steps")
        for painting, steps in zip(report.paintings[:shown], report.steps, strict=False)
    ]
    losses = f"style {figures.style_loss:.3f}  content {figures.content_loss:.3f}"
    return [
        _Cell(_square(report.image), report.name, losses),
        *paintings,
        _Cell(
            _wide(report.frame),
            f"warping error {figures.warping_error:.5f}  noise gain {figures.noise_gain:.2f}",
            f"the clip itself {figures.warping_error_raw:.5f}{twin}",
        ),
        _Cell(_plot(report.octaves, report.wanted_octaves), f"off by {figures.stroke_distance:.2f} octaves of energy"),
    ]


def _drawn(title: str, rows: Sequence[Sequence[_Cell]]) -> Image.Image:
    row_px = _TILE_PX + _WORDS_PX
    width = max(sum(cell.picture.width + _GAP_PX for cell in row) for row in rows) + _GAP_PX
    sheet = Image.new("RGB", (width, _HEAD_PX + len(rows) * row_px), _PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((_GAP_PX, 8), title, font=ImageFont.load_default(size=17), fill=_INK)
    for number, row in enumerate(rows):
        left, top = _GAP_PX, _HEAD_PX + number * row_px
        for cell in row:
            sheet.paste(cell.picture, (left, top))
            below = top + _TILE_PX + 4
            draw.text((left, below), cell.title, font=ImageFont.load_default(size=14), fill=_INK)
            draw.text((left, below + 19), cell.line, font=ImageFont.load_default(size=12), fill=_QUIET)
            left += cell.picture.width + _GAP_PX
    return sheet


def _square(picture: Tensor) -> Image.Image:
    return ImageOps.fit(_image(picture), (_TILE_PX, _TILE_PX), Image.Resampling.LANCZOS)


def _wide(picture: Tensor) -> Image.Image:
    return ImageOps.fit(_image(picture), (_TILE_PX * 16 // 9, _TILE_PX), Image.Resampling.LANCZOS)


def _image(picture: Tensor) -> Image.Image:
    return Image.fromarray(picture.cpu().permute(1, 2, 0).contiguous().numpy())


def _legend() -> Image.Image:
    drawn = Image.new("RGB", (_TILE_PX, _TILE_PX), _PAPER)
    draw = ImageDraw.Draw(drawn)
    small = ImageFont.load_default(size=13)
    lines = (("light and dark by the size of", _QUIET), ("strokes (RMS of luma, in px)", _QUIET), ("paintings", _HAVE))
    for number, (line, colour) in enumerate((*lines, ("style image", _WANT))):
        draw.text((4, _TILE_PX - 84 + 20 * number), line, font=small, fill=colour)
    return drawn


def _plot(have: Sequence[float], want: Sequence[float]) -> Image.Image:
    """Both by octave, on a scale of logarithms from 0.3 % to 30 %."""
    plot = Image.new("RGB", (_TILE_PX, _TILE_PX), (255, 255, 255))
    draw = ImageDraw.Draw(plot)
    left, right, top, bottom = 34, _TILE_PX - 12, 10, _TILE_PX - 24
    small = ImageFont.load_default(size=11)

    def down(value: float) -> float:
        part = (math.log10(max(value, 1e-9)) - math.log10(0.003)) / 2.0
        return bottom - min(max(part, 0.0), 1.0) * (bottom - top)

    for mark in (0.003, 0.01, 0.03, 0.1, 0.3):
        draw.line((left, down(mark), right, down(mark)), fill=(228, 228, 232))
        draw.text((4, down(mark) - 7), f"{mark:.1%}", font=small, fill=_QUIET)
    across = [left + (right - left) * (band + 0.5) / len(have) for band in range(len(have))]
    for band, x in enumerate(across):
        draw.text((x - 6, bottom + 6), str(2 ** (band + 1)), font=small, fill=_QUIET)
    for values, colour in ((want, _WANT), (have, _HAVE)):
        points = [(x, down(value)) for x, value in zip(across, values, strict=True)]
        draw.line(points, fill=colour, width=3, joint="curve")
        for x, y in points:
            draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=colour)
    return plot
