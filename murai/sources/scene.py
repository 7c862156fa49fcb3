"""The drawn scene: three places with a figure each that sways, blinks and waves, and cuts between them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from murai.sources.scene_backdrops import brick_wall, garden, sea_at_dusk
from murai.sources.scene_figure import Figure, Look, draw_figure

CUTS_S = (0.0, 3.0, 5.5)
LENGTH_S = 8.0
_MARGIN = 1.12  # backdrops are that much larger than the picture, for the slow pan

_Backdrop = Callable[[int, int, np.random.Generator], Image.Image]
_PLACES: tuple[tuple[_Backdrop, Look], ...] = (
    (brick_wall, Look((226, 172, 140), (52, 34, 30), (36, 92, 140), (222, 214, 196), long_hair=True)),
    (garden, Look((148, 98, 70), (28, 24, 30), (206, 62, 52), (246, 200, 84), long_hair=False)),
    (sea_at_dusk, Look((236, 190, 160), (172, 84, 36), (62, 110, 86), (30, 60, 62), long_hair=True)),
)


@dataclass(frozen=True, slots=True)
class _Shot:
    backdrop: Image.Image
    figure: Figure
    phase: float


class Scene:
    """Draws any moment of the scene; the same size and seed always give the same pictures.

    Places are drawn when they first come into view, which takes some tens of milliseconds;
    a picture of 640x360 takes about two.
    """

    def __init__(self, size_px: tuple[int, int], seed: int) -> None:
        self._size_px = size_px
        self._seed = seed
        self._shots: dict[int, _Shot] = {}

    def prepare(self) -> None:
        """Draws all places now."""
        for index in range(len(_PLACES)):
            self._shot(index)

    def draw(self, moment_s: float) -> Image.Image:
        """The RGB picture at `moment_s` of the scene, which lasts LENGTH_S and then starts again."""
        at_s = moment_s % LENGTH_S
        index = max(n for n, cut_s in enumerate(CUTS_S) if cut_s <= at_s)
        shot = self._shot(index)
        picture = self._pan(shot, (at_s - CUTS_S[index]) / 3.0)
        self._place(picture, shot, at_s)
        return picture

    def _shot(self, index: int) -> _Shot:
        if index not in self._shots:
            rng = np.random.default_rng((self._seed, index))
            width, height = self._size_px
            backdrop, look = _PLACES[(index + self._seed - 1) % len(_PLACES)]
            self._shots[index] = _Shot(
                backdrop(math.ceil(width * _MARGIN), math.ceil(height * _MARGIN), rng),
                draw_figure(height, look, rng),
                float(rng.uniform(0, 2 * math.pi)),
            )
        return self._shots[index]

    def _pan(self, shot: _Shot, share: float) -> Image.Image:
        width, height = self._size_px
        left = round((shot.backdrop.width - width) * min(share, 1.0))
        top = round((shot.backdrop.height - height) * (0.5 + 0.3 * math.sin(share * 2 + shot.phase)))
        return shot.backdrop.crop((left, top, left + width, top + height))

    def _place(self, picture: Image.Image, shot: _Shot, at_s: float) -> None:
        figure, unit = shot.figure, shot.figure.unit
        sway = math.sin(at_s * 1.9 + shot.phase)
        nod = math.sin(at_s * 2.7 + shot.phase)
        x = picture.width / 2 + (5 * sway - 4) * unit
        y = (62 + 0.8 * nod) * unit
        _paste(picture, figure.torso, x - 50 * unit, y)
        head = figure.blinking if (at_s + shot.phase) % 2.3 < 0.14 else figure.head
        turned = head.rotate(4 * sway, Image.Resampling.BILINEAR, center=(24 * unit, 54 * unit))
        _paste(picture, turned, x - 24 * unit, y - 50 * unit + 0.6 * nod * unit)
        wave = 11 * math.sin(at_s * 6.5 + shot.phase) - 15
        arm = figure.arm.rotate(wave, Image.Resampling.BILINEAR)
        _paste(picture, arm, x + 3 * unit, y - 21 * unit)


def _paste(picture: Image.Image, part: Image.Image, x: float, y: float) -> None:
    picture.paste(part, (round(x), round(y)), part)
