"""Wildstyle: interlocking shapes that look like letters and say nothing."""

from __future__ import annotations

import math

import numpy as np

from murals.shapes import Place, Points, arc, smooth, star
from murals.wall import Colour, Mask, Wall, rgb

INK, WHITE, CHROME = rgb("0d0221"), rgb("f8f7ff"), rgb("b8f2ff")
FIELDS = (rgb("261447"), rgb("541388"), rgb("2e4cc9"), rgb("1b8ef2"), rgb("8f1fc4"))
FADES: tuple[tuple[Colour, ...], ...] = (
    (rgb("fff95b"), rgb("ff9bd2"), rgb("ff2ea6")),
    (rgb("7bffea"), rgb("16c3f0"), rgb("3a3df0")),
    (rgb("f8f7ff"), rgb("b8f2ff"), rgb("16a0f0")),
    (rgb("ffd1ff"), rgb("ff4fd8"), rgb("8b16d8")),
)
# Bars of letter-like figures in a box of -0.5 to 0.5; each bar is a path.
FIGURES: tuple[tuple[tuple[tuple[float, float], ...], ...], ...] = (
    (((-0.4, 0.5), (-0.3, -0.45), (0.35, -0.5), (0.25, -0.05), (-0.3, 0.05)), ((-0.05, 0.05), (0.45, 0.5))),
    (((0.4, -0.4), (-0.1, -0.5), (-0.42, -0.1), (-0.3, 0.4), (0.15, 0.5), (0.45, 0.2), (0.05, 0.08)),),
    (((-0.42, -0.5), (-0.25, 0.45), (0.3, 0.48), (0.42, -0.45)), ((-0.1, -0.1), (0.1, -0.5))),
    (((-0.4, 0.5), (-0.4, -0.45), (0.38, 0.45), (0.42, -0.5)),),
    (((0.42, -0.45), (-0.4, -0.35), (0.4, 0.15), (-0.42, 0.5)), ((-0.2, 0.0), (-0.5, 0.15))),
    (((-0.4, -0.5), (-0.35, 0.5)), ((0.42, -0.5), (-0.3, 0.02), (0.45, 0.5))),
    (((-0.45, 0.5), (0.0, -0.5), (0.42, 0.5)), ((-0.35, 0.15), (0.5, 0.1))),
    (((-0.45, -0.42), (0.45, -0.5)), ((0.0, -0.45), (-0.08, 0.3), (0.2, 0.52))),
)


def paint_wildstyle(size_px: int, seed: int) -> Wall:
    """The whole mural."""
    wall = Wall(size_px, seed, FIELDS[0])
    _fields(wall)
    for row, y in enumerate((0.17, 0.5, 0.83)):
        order = wall.random.permutation(len(FIGURES))[:4]
        for column in wall.random.permutation(4).tolist():
            x = 0.13 + 0.247 * column + (0.05 if row % 2 else -0.02)
            place = Place(x, y + wall.random.uniform(-0.03, 0.03), 0.27, wall.random.uniform(-16, 16))
            _letter(wall, place, int(order[column]), FADES[(row + column) % len(FADES)])
    _arrows(wall)
    _shine(wall)
    wall.splashes(WHITE, 40, 0.005)
    wall.splashes(FADES[0][0], 40, 0.006)
    wall.age()
    return wall


def _fields(wall: Wall) -> None:
    """Clouds of colour, bricks under them, bubbles upon them."""
    y, x = wall.grid()
    wall.fill(np.ones_like(x), FIELDS[0], FIELDS[1], FIELDS[2], towards=(0.6, 1.0))
    for number in range(18):
        cx, cy = wall.random.random(2)
        cloud = wall.shape(arc((cx, cy), wall.random.uniform(0.05, 0.14), 0, 360))
        wall.spray(cloud, FIELDS[1 + number % 4], edge=0.02, cover=0.85)
    course = np.floor(y / 0.04)
    joints: Mask = ((y % 0.04 < 0.003) | ((x + 0.045 * (course % 2)) % 0.09 < 0.003)).astype(np.float32)
    wall.fill(joints * 0.45, INK)
    for _ in range(26):
        at, radius = wall.random.random(2), wall.random.uniform(0.012, 0.04)
        bubble = wall.shape(arc((at[0], at[1]), radius, 0, 360))
        wall.outline(bubble, 0.006, INK)
        wall.fill(bubble, FADES[1][0], FADES[1][2])
        wall.fill(wall.line(arc((at[0], at[1]), radius * 0.65, 190, 260, 8), 0.006), WHITE)


def _letter(wall: Wall, place: Place, figure: int, fade: tuple[Colour, ...]) -> None:
    """Shadow block, outlines from the outside in, fade, pattern, light from above left."""
    bars = [place.put(_bent(wall, bar)) for bar in FIGURES[figure]]
    body = np.maximum(wall.lines(bars, 0.062), wall.shape(*[_head(bar) for bar in bars]))
    block = body
    for step in range(1, 9):
        block = np.maximum(block, wall.moved(body, 0.0035 * step, 0.0045 * step))
    wall.outline(block, 0.016, CHROME)
    wall.outline(block, 0.009, INK)
    wall.fill(block, FIELDS[4], FIELDS[1])
    wall.fill(wall.halftone(block * (1 - body) * 0.4, 0.012, 45), INK)
    wall.outline(body, 0.007, INK)
    wall.fill(body, *fade)
    _pattern(wall, body, fade, figure)
    inner = wall.grown(body, -0.010)
    light = np.clip(inner - wall.moved(inner, 0.005, 0.006), 0, 1)
    wall.fill(light, WHITE)
    shade = np.clip(inner - wall.moved(inner, -0.006, -0.007), 0, 1)
    wall.fill(shade * 0.55, FIELDS[1])
    wall.drips(block, FIELDS[1], 2, 0.07)


def _bent(wall: Wall, bar: tuple[tuple[float, float], ...]) -> Points:
    """A bar with its corners moved a little, and one in three bars without corners."""
    moved = np.array(bar) + wall.random.uniform(-0.05, 0.05, (len(bar), 2))
    return smooth(moved, closed=False) if wall.random.random() < 0.35 else moved


def _head(bar: Points) -> Points:
    """An arrow's head on the bar's last point."""
    along = bar[-1] - bar[-2]
    turn = math.degrees(math.atan2(along[1], along[0])) + 90.0
    tip = [(-0.062, 0.022), (0.0, -0.075), (0.062, 0.022), (0.0, 0.006)]
    return Place(float(bar[-1, 0]), float(bar[-1, 1]), 1.0, turn).put(tip)


def _pattern(wall: Wall, body: Mask, fade: tuple[Colour, ...], number: int) -> None:
    y, x = wall.grid()
    if number % 3 == 0:
        wall.fill(wall.halftone(body * np.clip((y * 7) % 1.0, 0.05, 0.6), 0.013) * body, fade[0])
    elif number % 3 == 1:
        stripes: Mask = (((x + y) % 0.036) < 0.010).astype(np.float32)
        wall.fill(wall.soft(stripes, 0.001) * body * (y % 0.3 > 0.12), fade[2])
    else:
        for _ in range(40):
            at, radius = wall.random.random(2), wall.random.uniform(0.006, 0.016)
            ring = wall.line(arc((at[0], at[1]), radius, 0, 360, 20), 0.004)
            wall.fill(ring * body, fade[0])


def _arrows(wall: Wall) -> None:
    """Long curves that bind the rows together."""
    for number in range(5):
        x, y = wall.random.uniform(0.1, 0.8), wall.random.choice((0.32, 0.66)) + wall.random.uniform(-0.05, 0.05)
        reach = wall.random.uniform(0.15, 0.3) * wall.random.choice((-1, 1))
        path = smooth([(x, y), (x + reach * 0.4, y - 0.08), (x + reach, y + 0.06)], closed=False)
        arrow = np.maximum(wall.line(path, 0.02), wall.shape((_head(path) - path[-1]) * 0.8 + path[-1]))
        fade = FADES[number % len(FADES)]
        wall.outline(arrow, 0.009, INK)
        wall.fill(arrow, fade[0], fade[1], towards=(1.0, 0.3))
        wall.fill(wall.line(path + np.array([-0.002, -0.005]), 0.004), WHITE)


def _shine(wall: Wall) -> None:
    """Stars of light on corners, each in its own glow."""
    for _ in range(16):
        x, y = wall.random.uniform(0.04, 0.96, 2)
        size = wall.random.uniform(0.02, 0.045)
        shape = wall.shape(Place(x, y, size, wall.random.uniform(-10, 10)).put(star(4, 1.0, 0.16)))
        wall.fill(wall.soft(wall.grown(shape, 0.01), 0.01) * 0.7, CHROME)
        wall.fill(shape, WHITE)
