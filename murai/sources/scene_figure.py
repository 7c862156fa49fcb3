"""A person-like figure in a few movable parts, each drawn once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

Colour = tuple[int, int, int]
_FINER = 2  # parts are drawn this much larger and then reduced, which smooths their edges


Points = Sequence[tuple[float, float]]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Surface:
    """How a shape looks: round or flat, of cloth or not, with corners cut at that radius."""

    shaded: bool = True
    woven: bool = False
    corner: float = 1.6


PLAIN, FLAT, CLOTH = Surface(), Surface(shaded=False), Surface(woven=True)
HAIR, FINGER = Surface(corner=3.0), Surface(corner=0.8)


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of one figure; `stripe` is the second colour of the clothes."""

    skin: Colour
    hair: Colour
    cloth: Colour
    stripe: Colour
    long_hair: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """The parts, RGBA. `unit` is the px of one hundredth of the picture's height.

    Pivots are in px of each part: the head turns at the neck, the arm at the elbow.
    """

    unit: float
    torso: Image.Image
    head: Image.Image
    blinking: Image.Image
    arm: Image.Image


def draw_figure(height_px: int, look: Look, rng: np.random.Generator) -> Figure:
    """All parts for a picture of that height."""
    unit = height_px / 100
    pen = _Pen(unit)
    strands = int(rng.integers(2**32))  # the same for both heads
    return Figure(
        unit=unit,
        torso=_torso(pen, look, rng),
        head=_head(pen, look, np.random.default_rng(strands), eyes_open=True),
        blinking=_head(pen, look, np.random.default_rng(strands), eyes_open=False),
        arm=_arm(pen, look, rng),
    )


class _Pen:
    """Draws shapes given in hundredths of the picture's height, each shaded as if it were round."""

    def __init__(self, unit: float) -> None:
        self.unit = unit
        self._scale = unit * _FINER

    def sheet(self, width: float, height: float) -> Image.Image:
        return Image.new("RGBA", (round(width * self._scale), round(height * self._scale)))

    def polygon(self, sheet: Image.Image, points: Points, colour: Colour, surface: Surface = PLAIN) -> None:
        mask, corner = self._mask(points)
        ImageDraw.Draw(mask).polygon([self._at(point, corner) for point in points], fill=255)
        # Blurred and cut again: corners become round.
        rounded = mask.filter(ImageFilter.BoxBlur(surface.corner * self._scale))
        self._fill(sheet, rounded.point([0] * 128 + [255] * 128), corner, colour, surface)

    def ellipse(self, sheet: Image.Image, box: Box, colour: Colour, surface: Surface = PLAIN) -> None:
        points = (box[:2], box[2:])
        mask, corner = self._mask(points)
        first, last = (self._at(point, corner) for point in points)
        ImageDraw.Draw(mask).ellipse([first, last], fill=255)
        self._fill(sheet, mask, corner, colour, surface)

    def line(self, sheet: Image.Image, points: Points, colour: Colour, width: float) -> None:
        ImageDraw.Draw(sheet).line(
            [self._at(point) for point in points], fill=colour, width=max(1, round(width * self._scale)), joint="curve"
        )

    def finish(self, sheet: Image.Image) -> Image.Image:
        return sheet.reduce(_FINER)

    def _at(self, point: tuple[float, float], corner: tuple[int, int] = (0, 0)) -> tuple[float, float]:
        return point[0] * self._scale - corner[0], point[1] * self._scale - corner[1]

    def _mask(self, points: Points) -> tuple[Image.Image, tuple[int, int]]:
        """An empty mask just large enough for `points`, and where on the sheet its corner lies."""
        across, down = zip(*(self._at(point) for point in points), strict=True)
        spare = round(2 * self._scale)
        left, top = round(min(across)) - spare, round(min(down)) - spare
        return Image.new("L", (round(max(across)) + spare - left, round(max(down)) + spare - top)), (left, top)

    def _fill(
        self, sheet: Image.Image, mask: Image.Image, corner: tuple[int, int], colour: Colour, surface: Surface
    ) -> None:
        painted = Image.new("RGB", mask.size, colour)
        if surface.shaded:
            painted = ImageChops.multiply(painted, self._shade(mask, surface.woven))
        sheet.paste(painted, corner, mask)

    def _shade(self, mask: Image.Image, woven: bool) -> Image.Image:
        """Light from the upper left, dark towards the lower right edge, and threads where there is cloth."""
        small = mask.reduce(_FINER * 2)
        shift = max(1, round(0.9 * self._scale / _FINER))
        inner = small.filter(ImageFilter.GaussianBlur(2.2 * self._scale / (_FINER * 2)))
        moved = ImageChops.offset(inner, -shift, -shift)
        shade = moved.resize(mask.size, Image.Resampling.BILINEAR).point(
            [120 + level * 135 // 255 for level in range(256)]
        )
        if woven:
            threads = np.indices((mask.height, mask.width), np.float32).sum(0) / (0.55 * self._scale)
            shade = ImageChops.multiply(shade, Image.fromarray((238 + 17 * np.sin(threads)).astype(np.uint8)))
        return Image.merge("RGB", (shade, shade, shade))


def _torso(pen: _Pen, look: Look, rng: np.random.Generator) -> Image.Image:
    """100 wide, 46 high; the neck comes out at (50, 0)."""
    sheet = pen.sheet(100, 46)
    outline = [(42, 2), (58, 2), (70, 7), (82, 13), (88, 26), (92, 50), (8, 50), (12, 26), (18, 13), (30, 7)]
    pen.polygon(sheet, outline, look.cloth, CLOTH)
    stripes = pen.sheet(100, 46)
    for at in range(14, 50, 8):
        sag = float(rng.uniform(-0.6, 0.6))
        pen.line(stripes, [(0, at + sag), (30, at + 3), (50, at + 4), (70, at + 3), (100, at - sag)], look.stripe, 2.4)
    sheet.paste(stripes, (0, 0), ImageChops.multiply(stripes.getchannel("A"), sheet.getchannel("A")))
    pen.polygon(sheet, [(40, -4), (60, -4), (58, 7), (50, 13), (42, 7)], _darker(look.skin, 0.85))
    pen.line(sheet, [(40, 2), (43, 8), (50, 14), (57, 8), (60, 2)], _darker(look.cloth, 0.6), 1.6)
    return pen.finish(sheet)


def _head(pen: _Pen, look: Look, rng: np.random.Generator, *, eyes_open: bool) -> Image.Image:
    """48 wide, 64 high; the chin is at (24, 46), the neck below it."""
    sheet = pen.sheet(48, 64)
    if look.long_hair:
        behind = [(8, 14), (14, 4), (34, 4), (40, 14), (44, 40), (43, 56), (36, 61), (12, 61), (5, 56), (4, 40)]
        pen.polygon(sheet, behind, _darker(look.hair, 0.8), HAIR)
    pen.polygon(sheet, [(18, 36), (30, 36), (31, 58), (17, 58)], _darker(look.skin, 0.82))
    for x in (7.5, 35.5):
        pen.ellipse(sheet, (x, 23, x + 5, 32), _darker(look.skin, 0.9))
    pen.polygon(
        sheet, [(11, 10), (37, 10), (38, 26), (35, 38), (28, 46), (20, 46), (13, 38), (10, 26)], look.skin, HAIR
    )
    for x in (15, 33):
        pen.ellipse(sheet, (x - 3, 31, x + 3, 35), _mixed(look.skin, (220, 90, 80), 0.22), FLAT)
    _eyes(pen, sheet, look, eyes_open)
    pen.line(sheet, [(24.5, 24), (26.5, 32), (23.5, 33)], _darker(look.skin, 0.72), 0.9)
    pen.line(sheet, [(18.5, 37.5), (21, 39.6), (24, 40.2), (27, 39.6), (29.5, 37.5)], (150, 44, 52), 1.7)
    pen.line(sheet, [(21, 38.4), (27, 38.4)], (244, 236, 228), 0.8)
    _hair(pen, sheet, look, rng)
    return pen.finish(sheet)


def _hair(pen: _Pen, sheet: Image.Image, look: Look, rng: np.random.Generator) -> None:
    crown = [(7, 25), (7, 11), (12, 4), (20, 0.5), (29, 0.5), (37, 4), (41, 11), (41, 25)]
    fringe = [(38, 17), (33, 13), (24, 14), (15, 13), (10, 17)]
    pen.polygon(sheet, [*crown, *fringe], look.hair, HAIR)
    for _ in range(14):
        x = float(rng.uniform(11, 37))
        strand = [(24 + (x - 24) * 0.4, 3), (x, 8), (x + (x - 24) * 0.15, 12.5)]
        pen.line(sheet, strand, _mixed(look.hair, (255, 220, 170), float(rng.uniform(0.1, 0.3))), 0.4)


def _eyes(pen: _Pen, sheet: Image.Image, look: Look, eyes_open: bool) -> None:
    for x in (18, 30):
        pen.line(sheet, [(x - 3.4, 20.6), (x, 19.2), (x + 3.4, 20.4)], _darker(look.hair, 0.8), 1.3)
        if not eyes_open:
            pen.line(sheet, [(x - 2.8, 25), (x, 26), (x + 2.8, 25)], _darker(look.skin, 0.45), 0.9)
            continue
        pen.ellipse(sheet, (x - 3, 22.8, x + 3, 27), (246, 244, 238), FLAT)
        pen.ellipse(sheet, (x - 1.7, 23, x + 1.7, 26.6), (58, 84, 96), FLAT)
        pen.ellipse(sheet, (x - 0.8, 24, x + 0.8, 25.7), (14, 14, 18), FLAT)
        pen.ellipse(sheet, (x - 1.2, 23.4, x - 0.3, 24.3), (255, 255, 255), FLAT)


def _arm(pen: _Pen, look: Look, rng: np.random.Generator) -> Image.Image:
    """A raised forearm with its hand; 60 wide, 100 high, the elbow in the middle."""
    sheet = pen.sheet(36, 100)
    pen.polygon(sheet, [(10.5, 57), (12.5, 24), (23.5, 24), (25.5, 57)], look.cloth, CLOTH)
    for at in (29, 37, 45):
        pen.line(sheet, [(12.5, at), (18, at + 1), (23.5, at + float(rng.uniform(-0.5, 0.5)))], look.stripe, 2.2)
    pen.polygon(sheet, [(14.5, 26), (13.4, 15), (22.6, 15), (21.5, 26)], look.skin)
    for x, top in ((12.8, 8.2), (15.6, 6.2), (18.4, 6.4), (21.0, 8.6)):
        pen.polygon(sheet, [(x, top), (x + 2.4, top), (x + 2.4, 19), (x, 19)], look.skin, FINGER)
        pen.line(sheet, [(x + 2.5, top + 2), (x + 2.4, 17)], _darker(look.skin, 0.75), 0.35)
    pen.polygon(sheet, [(21.5, 18), (26, 13), (27.8, 14.5), (22.5, 23)], look.skin, FINGER)
    # Room for the hand when the arm is turned.
    return ImageOps.expand(pen.finish(sheet), (round(pen.unit * 12), 0))


def _darker(colour: Colour, share: float) -> Colour:
    return _mixed((0, 0, 0), colour, share)


def _mixed(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue
