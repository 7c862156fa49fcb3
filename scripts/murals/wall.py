"""A wall and what one paints it with: spray cans, stencils, fat outlines, halftone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from murals.shapes import Points

Mask = npt.NDArray[np.float32]
Colour = tuple[int, int, int]
_FINER = 2  # masks are drawn so many times larger, for smooth edges


def rgb(code: str) -> Colour:
    """A colour of six hexadecimal digits."""
    red, green, blue = bytes.fromhex(code)
    return red, green, blue


class Wall:
    """A square of paint. Lengths are in sides of the wall; masks are (S, S) float32 in [0, 1].

    random: where all chance comes from, so that a seed stands for a mural.
    """

    def __init__(self, size_px: int, seed: int, colour: Colour) -> None:
        self.size_px = size_px
        self.random = np.random.default_rng(seed)
        self._pixels = np.full((size_px, size_px, 3), colour, np.float32)

    # --- masks ---

    def shape(self, *outlines: Points) -> Mask:
        """Filled outlines."""
        side = self.size_px * _FINER
        drawn = Image.new("L", (side, side))
        draw = ImageDraw.Draw(drawn)
        for outline in outlines:
            draw.polygon([(x, y) for x, y in (outline * side).tolist()], fill=255)
        return self._shrunk(drawn)

    def line(self, path: Points, width: float) -> Mask:
        """A path with round ends and corners."""
        return self.lines([path], width)

    def lines(self, paths: Iterable[Points], width: float) -> Mask:
        """Several paths as one mask."""
        side = self.size_px * _FINER
        drawn = Image.new("L", (side, side))
        draw = ImageDraw.Draw(drawn)
        radius = width * side / 2
        for path in paths:
            points = [(x, y) for x, y in (path * side).tolist()]
            draw.line(points, fill=255, width=max(1, round(2 * radius)), joint="curve")
            for x, y in (points[0], points[-1]):
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        return self._shrunk(drawn)

    def grown(self, mask: Mask, by: float) -> Mask:
        """The mask with round corners, `by` larger all around; smaller for a negative number."""
        radius_px = abs(by) * self.size_px
        soft = self.soft(mask, abs(by) * 0.9)
        edge = 0.13 if by > 0 else 0.87
        slope = max(4.0, radius_px * 0.8)  # less would leave a veil where the mask is empty
        grown: Mask = np.clip((soft - edge) * slope + 0.5, 0.0, 1.0)
        return np.maximum(grown, mask) if by > 0 else np.minimum(grown, mask)

    def soft(self, mask: Mask, radius: float) -> Mask:
        """The mask out of focus."""
        image = Image.fromarray((mask * 255.0).astype(np.uint8))
        return _as_mask(image.filter(ImageFilter.GaussianBlur(radius * self.size_px)))

    def moved(self, mask: Mask, right: float, down: float) -> Mask:
        """The mask elsewhere; what leaves the wall is lost."""
        image = Image.fromarray((mask * 255.0).astype(np.uint8))
        shift = (1, 0, -right * self.size_px, 0, 1, -down * self.size_px)
        return _as_mask(image.transform(image.size, Image.Transform.AFFINE, shift, Image.Resampling.BILINEAR))

    def halftone(self, density: Mask, pitch: float, angle_deg: float = 30.0) -> Mask:
        """Dots on a turned lattice, as large as the density asks for."""
        y, x = self.grid()
        turn = np.radians(angle_deg)
        u = (x * np.cos(turn) + y * np.sin(turn)) / pitch
        v = (y * np.cos(turn) - x * np.sin(turn)) / pitch
        distance = np.hypot(u - np.round(u), v - np.round(v))
        radius = np.sqrt(np.clip(density, 0.0, 1.0)) * 0.62
        dots: Mask = np.clip((radius - distance) * pitch * self.size_px + 0.5, 0.0, 1.0).astype(np.float32)
        return dots * (density > 0.02)

    def grid(self) -> tuple[Mask, Mask]:
        """y and x of every pixel, in sides of the wall."""
        y, x = np.mgrid[: self.size_px, : self.size_px].astype(np.float32) / np.float32(self.size_px)
        return y, x

    # --- paint ---

    def fill(self, mask: Mask, *colours: Colour, towards: tuple[float, float] = (0.0, 1.0)) -> None:
        """Lays paint on where the mask is; several colours fade into each other across the mask's box."""
        box = _box(mask)
        if box is None:
            return
        self._blend(box, mask[box][..., None], self._fade(box, colours, towards))

    def spray(self, mask: Mask, *colours: Colour, edge: float = 0.012, cover: float = 0.9) -> None:
        """Paint from a can: the mask with a soft edge, and single droplets beyond it."""
        soft = self.soft(mask, edge)
        droplets = self.random.random(soft.shape, dtype=np.float32) < self.soft(mask, edge * 3.0) * 0.16
        self.fill(np.maximum(soft * np.float32(cover), droplets.astype(np.float32) * 0.8), *colours)

    def outline(self, mask: Mask, width: float, colour: Colour) -> None:
        """A line around the mask."""
        self.fill(self.grown(mask, width) * (1.0 - mask), colour)

    def drips(self, mask: Mask, colour: Colour, count: int, longest: float, width: float = 0.006) -> None:
        """Paint that ran down from the mask's lower edge."""
        columns = np.flatnonzero(mask.max(0) > 0.5)
        if not len(columns):
            return
        for column in self.random.choice(columns, count):
            x, top = column / self.size_px, np.flatnonzero(mask[:, column] > 0.5)[-1] / self.size_px
            length = longest * (0.25 + 0.75 * self.random.random())
            thick = width * (0.6 + 0.8 * self.random.random())
            path = np.array([[x, top - 0.004], [x, top + length]])
            bead = np.array([[x, top + length - thick], [x, top + length]])
            self.fill(np.maximum(self.line(path, thick), self.line(bead, thick * 1.7)), colour)

    def splashes(self, colour: Colour, count: int, largest: float) -> None:
        """Blots anywhere, many small and a few large."""
        for _ in range(count):
            x, y = self.random.random(2)
            radius = largest * self.random.random() ** 3 + 0.0015
            y0, x0 = self.grid()
            blot: Mask = np.clip((radius - np.hypot(x0 - x, y0 - y)) * self.size_px + 0.5, 0.0, 1.0)
            self.fill(blot, colour)

    def age(self, grain: float = 2.0) -> None:
        """The wall shows through: fine plaster and the unevenness of hand-laid paint; grain in levels of 255."""
        fine = self.random.normal(0.0, 1.0, (self.size_px, self.size_px)).astype(np.float32)
        coarse = self.random.random((self.size_px // 8 + 2,) * 2, dtype=np.float32)
        cloud = Image.fromarray((coarse * 255).astype(np.uint8)).resize((self.size_px,) * 2, Image.Resampling.BICUBIC)
        shade = fine * grain + (_as_mask(cloud) - 0.5) * 4 * grain
        self._pixels += shade[..., None]

    def picture(self) -> Image.Image:
        """What is on the wall now."""
        return Image.fromarray(np.clip(self._pixels + 0.5, 0, 255).astype(np.uint8))

    def _fade(
        self, box: tuple[slice, slice], colours: Sequence[Colour], towards: tuple[float, float]
    ) -> npt.NDArray[np.float32]:
        stops = np.array(colours, np.float32)
        if len(stops) == 1:
            return stops[:1]
        height, width = box[0].stop - box[0].start, box[1].stop - box[1].start
        down, right = np.linspace(0, 1, height)[:, None], np.linspace(0, 1, width)[None, :]
        along = down * towards[1] + right * towards[0]
        along = (along - along.min()) / max(float(np.ptp(along)), 1e-6) * (len(stops) - 1)
        at = np.arange(len(stops))
        return np.stack([np.interp(along, at, stops[:, channel]) for channel in range(3)], -1).astype(np.float32)

    def _blend(self, box: tuple[slice, slice], share: Mask, paint: npt.NDArray[np.float32]) -> None:
        self._pixels[box] += share * (paint - self._pixels[box])

    def _shrunk(self, drawn: Image.Image) -> Mask:
        return _as_mask(drawn.reduce(_FINER))


def _as_mask(image: Image.Image) -> Mask:
    return np.asarray(image, np.float32) / np.float32(255.0)


def _box(mask: Mask) -> tuple[slice, slice] | None:
    """The rows and columns outside which the mask is empty."""
    rows, columns = np.flatnonzero(mask.max(1) > 0.0), np.flatnonzero(mask.max(0) > 0.0)
    if not len(rows):
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
