"""Portraits: heads in three stencils each, one above the other, on torn fields of colour."""

from __future__ import annotations

import numpy as np

from murals.shapes import Place, Points, arc, smooth, star
from murals.wall import Colour, Mask, Wall, rgb

INK, PAPER = rgb("11131a"), rgb("f6ecd6")
RED, DARK_RED, TEAL, DARK_TEAL = rgb("e4002b"), rgb("a3001f"), rgb("3fb8af"), rgb("1f6f6b")
PALETTES: tuple[tuple[Colour, Colour, Colour, Colour], ...] = (  # field, second field, skin, shade
    (RED, DARK_RED, PAPER, INK),
    (TEAL, DARK_TEAL, PAPER, RED),
    (PAPER, rgb("d9c9a3"), PAPER, RED),
    (INK, rgb("3a3d4a"), PAPER, TEAL),
)
# A face seen a little from the side, in a box of -0.5 to 0.5, y downwards.
FACE = ((-0.26, -0.2), (-0.12, -0.4), (0.12, -0.41), (0.27, -0.22), (0.28, 0.05), (0.2, 0.3), (0.04, 0.42),
        (-0.14, 0.32), (-0.25, 0.08))  # fmt: skip
SHADE = ((0.03, -0.39), (0.12, -0.41), (0.27, -0.22), (0.28, 0.05), (0.2, 0.3), (0.04, 0.42), (0.1, 0.26), (0.05, 0.19),
         (0.12, 0.1), (0.13, 0.03), (0.05, -0.05), (0.11, -0.2))  # fmt: skip
NOSE = ((0.0, -0.13), (-0.055, 0.06), (-0.02, 0.095), (0.05, 0.085), (0.0, 0.06))
LIPS = ((-0.1, 0.2), (-0.03, 0.17), (0.0, 0.185), (0.04, 0.17), (0.12, 0.2), (0.05, 0.25), (-0.04, 0.25))
NECK = (
    (-0.14, 0.26),
    (-0.16, 0.46),
    (-0.4, 0.56),
    (-0.45, 0.75),
    (0.46, 0.75),
    (0.4, 0.55),
    (0.18, 0.44),
    (0.19, 0.24),
)


def paint_portraits(size_px: int, seed: int) -> Wall:
    """The whole mural: nine heads in three rows."""
    wall = Wall(size_px, seed, PAPER)
    order = wall.random.permutation(9)
    for number in range(9):
        row, column = divmod(number, 3)
        palette = PALETTES[(row + column + int(order[0])) % len(PALETTES)]
        _field(wall, column / 3, row / 3, palette, int(order[number]))
    for number in range(9):
        row, column = divmod(number, 3)
        palette = PALETTES[(row + column + int(order[0])) % len(PALETTES)]
        turn, mirrored = wall.random.uniform(-12, 12), bool(wall.random.random() < 0.5)
        _head(wall, Place(column / 3 + 1 / 6, row / 3 + 0.165, 0.33, turn, mirrored), palette, int(order[number]))
    wall.splashes(INK, 60, 0.007)
    wall.splashes(PAPER, 40, 0.006)
    wall.age()
    return wall


def _field(wall: Wall, left: float, top: float, palette: tuple[Colour, ...], number: int) -> None:
    """A torn poster: rays, stripes or dots of the second colour."""
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) / 3 + (left, top)
    torn = np.concatenate([np.linspace(corners[n], corners[(n + 1) % 4], 14, endpoint=False) for n in range(4)])
    paper = wall.shape(torn + wall.random.normal(0, 0.004, torn.shape))
    wall.fill(paper, palette[0])
    y, x = wall.grid()
    if number % 3 == 0:
        middle = (left + 1 / 6, top + 1 / 6)
        rays = [np.concatenate([[middle], arc(middle, 0.3, turn, turn + 11, 4)]) for turn in range(0, 360, 24)]
        wall.fill(wall.shape(*rays) * paper, palette[1])
    elif number % 3 == 1:
        stripes: Mask = (((x - y) % 0.045) < 0.02).astype(np.float32)
        wall.fill(stripes * paper, palette[1])
    else:
        density: Mask = np.clip((y - top) * 2.6, 0.05, 0.9)
        wall.fill(wall.halftone(density, 0.022) * paper, palette[1])


def _head(wall: Wall, place: Place, palette: tuple[Colour, ...], number: int) -> None:
    """Dark stencil behind, skin, shade; then what is darkest."""
    _, second, skin, shade = palette
    hair = wall.shape(place.put(_hair(wall, number)))
    neck = wall.shape(place.put(smooth(NECK)))
    wall.spray(wall.grown(np.maximum(hair, neck), 0.012), INK, edge=0.005, cover=1.0)
    wall.fill(neck, second, INK)
    wall.fill(wall.halftone(neck * 0.35, 0.014) * neck, skin)
    face = wall.shape(place.put(smooth(FACE)))
    wall.fill(hair * (1 - face), shade if number % 2 else INK)
    wall.fill(_locks(wall, place, hair) * (1 - face), skin)
    wall.outline(face, 0.007, INK)
    wall.fill(face, skin)
    wall.fill(wall.shape(place.put(smooth(SHADE))) * face, shade)
    wall.fill(
        wall.halftone(face * np.float32(0.3), 0.011) * wall.shape(place.put(arc((-0.14, 0.12), 0.1, 0, 360))), shade
    )
    _features(wall, place, palette, number)
    wall.drips(neck, INK, 4, 0.06)


def _features(wall: Wall, place: Place, palette: tuple[Colour, ...], number: int) -> None:
    for side, x in ((-1, -0.125), (1, 0.13)):
        if number % 3 == 2:  # sunglasses
            glass = wall.shape(place.put(arc((x, -0.06), 0.105, 0, 360)))
            wall.outline(glass, 0.006, INK)
            wall.fill(glass, INK, palette[3])
            wall.fill(wall.line(place.put([(x - 0.05, -0.02), (x + 0.03, -0.11)]), 0.007), PAPER)
            continue
        lid = smooth([(x - 0.085, -0.05), (x, -0.105), (x + 0.085, -0.05), (x, -0.015)])
        wall.fill(wall.grown(wall.shape(place.put(lid)), 0.005), INK)
        wall.fill(wall.shape(place.put(lid)), PAPER)
        wall.fill(wall.shape(place.put(arc((x + 0.01, -0.06), 0.036, 0, 360))), INK)
        brow = smooth([(x - 0.1, -0.14), (x, -0.19 - 0.02 * side), (x + 0.1, -0.15)], closed=False)
        wall.fill(wall.line(place.put(brow), 0.010), INK)
    wall.fill(wall.shape(place.put(smooth(NOSE))), INK)
    lips = wall.shape(place.put(smooth(LIPS)))
    wall.outline(lips, 0.003, INK)
    wall.fill(lips, RED)
    wall.fill(wall.line(place.put([(-0.1, 0.203), (0.0, 0.207), (0.12, 0.203)]), 0.004), INK)
    if number % 4 == 1:
        wall.fill(wall.shape(place.put(Place(-0.16, 0.14, 1.0, 12).put(star(5, 0.08, 0.035)))), palette[0])


def _hair(wall: Wall, number: int) -> Points:
    """Curls, spikes, or a long cut."""
    if number % 3 == 0:
        angles = np.linspace(150, 390, 16)
        reach = 0.4 + 0.05 * (np.arange(16) % 2) + wall.random.uniform(-0.02, 0.02, 16)
        return smooth([(r * np.cos(a), -0.1 + r * np.sin(a)) for a, r in zip(np.radians(angles), reach, strict=True)])
    if number % 3 == 1:
        angles = np.radians(np.linspace(165, 375, 23))
        reach = np.where(np.arange(23) % 2, 0.5, 0.3) + wall.random.uniform(-0.03, 0.03, 23)
        return np.stack([reach * np.cos(angles), -0.08 + reach * np.sin(angles)], 1)
    return smooth([(-0.3, 0.42), (-0.38, 0), (-0.33, -0.34), (0, -0.5), (0.34, -0.34), (0.4, 0), (0.36, 0.44),
                   (0.2, 0.3), (-0.16, 0.3)])  # fmt: skip


def _locks(wall: Wall, place: Place, hair: Mask) -> Mask:
    """Strands of light in the hair."""
    strands = [
        arc((0.0, -0.02), radius, turn, turn + 26, 8) for radius in (0.33, 0.4, 0.46) for turn in range(190, 360, 44)
    ]
    return wall.lines([place.put(strand) for strand in strands], 0.007) * wall.grown(hair, -0.006)
