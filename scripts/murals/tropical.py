"""Tropical: large leaves and birds before a low sun, in hot colours."""

from __future__ import annotations

import math

import numpy as np

from murals.shapes import Place, Points, arc, blade, smooth, star
from murals.wall import Colour, Mask, Wall, rgb

INK = rgb("0b2b26")
SKY = (rgb("b3122f"), rgb("e8352e"), rgb("ff6b35"), rgb("ffb627"))
SUN = (rgb("fff3b0"), rgb("ffd23f"), rgb("ff9f1c"))
GREENS = (
    (rgb("0b6e4f"), rgb("08a045"), rgb("8fd14f")),
    (rgb("00525e"), rgb("0a9396"), rgb("94d2bd")),
    (rgb("2b9348"), rgb("80b918"), rgb("eeef20")),
    (rgb("7a4a00"), rgb("ff8c1a"), rgb("ffd60a")),
)
PINK, RED, YELLOW, BLUE, WHITE = rgb("ff5a5f"), rgb("e5143c"), rgb("ffd60a"), rgb("0a9396"), rgb("fffaf0")


def paint_tropical(size_px: int, seed: int) -> Wall:
    """The whole mural."""
    wall = Wall(size_px, seed, SKY[0])
    _sky(wall)
    _far_palms(wall)
    for number, (x, y) in enumerate(_scattered(wall, 13, 0.18, 1.0)):
        size, turn = wall.random.uniform(0.26, 0.42), (x - 0.5) * 110 + wall.random.uniform(-35, 35)
        place = Place(x, y, size, turn)
        (_monstera if number % 3 == 1 else _banana_leaf if number % 3 else _frond)(wall, place, GREENS[number % 4])
    for x, y, size, mirrored in ((0.27, 0.36, 0.40, False), (0.76, 0.60, 0.36, True)):
        _parrot(wall, Place(x, y, size, wall.random.uniform(-14, 14), mirrored))
    for number, (x, y) in enumerate(_scattered(wall, 7, 0.5, 0.98)):
        _hibiscus(wall, Place(x, y, wall.random.uniform(0.06, 0.1), wall.random.uniform(0, 72)), number)
    wall.splashes(YELLOW, 40, 0.006)
    wall.splashes(WHITE, 30, 0.005)
    wall.age()
    return wall


def _scattered(wall: Wall, count: int, top: float, bottom: float) -> list[tuple[float, float]]:
    """Places all over, none near another: the best of some for each; from above to below."""
    found: list[tuple[float, float]] = []
    for _ in range(count):
        tried = wall.random.random((24, 2)) * (1.0, bottom - top) + (0.0, top)
        near = [min((math.dist(place, other) for other in found), default=1.0) for place in tried]
        x, y = tried[int(np.argmax(near))]
        found.append((float(x), float(y)))
    return sorted(found, key=lambda place: place[1])


def _sky(wall: Wall) -> None:
    everywhere = np.ones((wall.size_px, wall.size_px), np.float32)
    wall.fill(everywhere, *SKY)
    middle = (0.58, 0.34)
    for number in range(22):
        angle = number * 360 / 22 + wall.random.uniform(-3, 3)
        ray = np.concatenate([[middle], arc(middle, 1.3, angle, angle + 8.5, 4)])
        wall.spray(wall.shape(ray), SKY[3] if number % 2 else PINK, edge=0.006, cover=0.75)
    for radius, colour in ((0.27, SUN[2]), (0.225, SUN[1]), (0.17, SUN[0])):
        disc = wall.shape(arc(middle, radius, 0, 360, 90))
        wall.spray(disc, colour, edge=0.005, cover=1.0)
    y, x = wall.grid()
    density: Mask = np.clip(1.2 - np.hypot(x - middle[0], y - middle[1]) / 0.55, 0, 0.75) * (y > middle[1] - 0.02)
    wall.fill(wall.halftone(density, 0.022) * 0.85, RED)


def _far_palms(wall: Wall) -> None:
    for x in (0.06, 0.42, 0.93):
        trunk = smooth([(x, 0.75), (x + 0.03, 0.45), (x + 0.01, 0.2)], closed=False)
        crown = [
            Place(x + 0.01, 0.2, 0.24, turn).put(blade(1.0, 0.16, 0.35 * math.copysign(1, turn))[0])
            for turn in np.linspace(-130, 130, 8) + wall.random.uniform(-8, 8, 8)
        ]
        dark = np.maximum(wall.line(trunk, 0.022), wall.shape(*crown))
        wall.spray(dark, rgb("5c0a1e"), rgb("8f1226"), edge=0.003, cover=1.0)


def _leaf_paint(wall: Wall, leaf: Mask, half: Mask, greens: tuple[Colour, ...]) -> None:
    """Outline, two halves of different light, a sprayed glow in the middle of each."""
    wall.outline(leaf, 0.009, INK)
    wall.fill(leaf, greens[1], greens[0])
    wall.fill(leaf * half, greens[2], greens[1])
    glow = wall.soft(wall.grown(leaf, -0.02), 0.015) * leaf * (1 - half)
    wall.fill(glow * 0.5, greens[2])


def _half_of(outline: Points, spine: Points) -> Points:
    """One side of a blade."""
    return np.concatenate([outline[: len(outline) // 2], spine[::-1]])


def _banana_leaf(wall: Wall, place: Place, greens: tuple[Colour, ...]) -> None:
    outline, spine = blade(1.0, 0.36, wall.random.uniform(-0.3, 0.3))
    leaf, half = wall.shape(place.put(outline)), wall.shape(place.put(_half_of(outline, spine)))
    _leaf_paint(wall, leaf, half, greens)
    last = len(spine) - 1
    veins = [
        place.put(np.array([spine[i], outline[j]]))
        for i in range(2, last - 4, 3)
        for j in (i + 4, len(outline) - 1 - (i + 4))
    ]
    wall.fill(wall.lines(veins, 0.004) * leaf, greens[0])
    wall.fill(wall.line(place.put(spine), 0.009), greens[2])
    if wall.random.random() < 0.6:
        wall.drips(leaf, greens[0], 3, 0.1)


def _frond(wall: Wall, place: Place, greens: tuple[Colour, ...]) -> None:
    spine = blade(1.15, 0.1, wall.random.uniform(-0.4, 0.4))[1]
    parts, halves = [], []
    for i in range(3, len(spine) - 1, 2):
        reach = 0.52 * math.sin(math.pi * min(1.0, i / len(spine) * 0.85 + 0.15)) + 0.12
        for side in (-1, 1):
            at = Place(spine[i, 0], spine[i, 1], reach, side * 62)
            outline, leaflet_spine = blade(1.0, 0.2, 0.12 * side)
            parts.append(place.put(at.put(outline)))
            halves.append(place.put(at.put(_half_of(outline, leaflet_spine))))
    leaf = wall.shape(*parts)
    wall.outline(leaf, 0.006, INK)
    wall.fill(leaf, greens[2], greens[1], greens[0])
    wall.fill(wall.shape(*halves), greens[1], greens[0])
    wall.fill(wall.line(place.put(spine), 0.011), INK)
    wall.fill(wall.line(place.put(spine), 0.006), greens[2])


def _monstera(wall: Wall, place: Place, greens: tuple[Colour, ...]) -> None:
    heart = smooth([(0, 0.02), (0.3, 0.16), (0.47, -0.1), (0.42, -0.5), (0.2, -0.82), (0, -1.0)], closed=False)
    outline = np.concatenate([heart, heart[::-1] * (-1, 1)])
    cuts = [
        place.put(Place(side * 0.13, y, 0.42, side * turn).put(blade(1.0, 0.17)[0] * (1, 1)))
        for side in (-1, 1)
        for y, turn in ((-0.02, 118), (-0.2, 100), (-0.4, 82), (-0.6, 64))
    ]
    cut = wall.shape(*cuts)
    leaf = wall.shape(place.put(outline)) * (1 - cut)
    half = wall.shape(place.put(np.concatenate([heart, [(0.0, 0.0)]])))
    _leaf_paint(wall, leaf, half, greens)
    veins = [
        place.put([(0, y), (side * 0.4, y - 0.12)]) for side in (-1, 1) for y in (0.05, -0.14, -0.34, -0.54, -0.72)
    ]
    wall.fill(wall.lines([*veins, place.put([(0, 0.25), (0, -0.95)])], 0.006) * np.maximum(leaf, 0.0), greens[2])


def _parrot(wall: Wall, place: Place) -> None:
    body = smooth([(-0.02, -0.42), (0.17, -0.36), (0.2, -0.1), (0.14, 0.2), (0, 0.42), (-0.16, 0.12), (-0.17, -0.2)])
    _feathers(wall, place, [(0.02, 0.25, 0.62, 176), (-0.05, 0.25, 0.58, 190), (0.06, 0.22, 0.5, 165)], (RED, YELLOW))
    shape = wall.shape(place.put(body))
    wall.outline(shape, 0.012, INK)
    wall.fill(shape, RED, RED, rgb("ff7b00"))
    wall.fill(wall.halftone(wall.soft(wall.shape(place.put(body * 0.7)), 0.03) * 0.5, 0.014) * shape, YELLOW)
    rows = ((0.02, 0.62, BLUE), (-0.08, 0.5, YELLOW), (-0.16, 0.36, PINK))
    for y, length, colour in rows:
        fan = [(-0.12 + 0.055 * n, y, length * (1 - 0.09 * n), 196.0 - 13 * n) for n in range(5)]
        _feathers(wall, place, fan, (colour, rgb("00525e") if colour == BLUE else RED))
    _parrot_head(wall, place)
    wall.drips(shape, RED, 3, 0.12)


def _feathers(
    wall: Wall, place: Place, fan: list[tuple[float, float, float, float]], colours: tuple[Colour, ...]
) -> None:
    """Blades at x, y of a length and turn each, with a white edge of light."""
    for x, y, length, turn in fan:
        outline, spine = blade(1.0, 0.3, 0.05)
        at = Place(x, y, length, turn)
        feather = wall.shape(place.put(at.put(outline)))
        wall.outline(feather, 0.007, INK)
        wall.fill(feather, *colours)
        wall.fill(wall.line(place.put(at.put(spine * 0.9)), 0.004), WHITE)


def _parrot_head(wall: Wall, place: Place) -> None:
    head = wall.shape(place.put(smooth([(-0.02, -0.6), (0.15, -0.56), (0.2, -0.4), (0.1, -0.25), (-0.12, -0.32)])))
    beak = wall.shape(place.put(smooth([(0.15, -0.52), (0.3, -0.48), (0.31, -0.3), (0.25, -0.34), (0.17, -0.36)])))
    cheek = wall.shape(place.put(smooth([(0.06, -0.52), (0.16, -0.5), (0.16, -0.39), (0.06, -0.38)])))
    for mask, colours in ((head, (RED, rgb("b5002f"))), (beak, (rgb("3d3d4a"), INK)), (cheek, (WHITE, WHITE))):
        wall.outline(mask, 0.010, INK)
        wall.fill(mask, *colours)
    wall.fill(wall.shape(place.put(arc((0.1, -0.46), 0.03, 0, 360))), INK)
    wall.fill(wall.shape(place.put(arc((0.11, -0.47), 0.01, 0, 360))), WHITE)


def _hibiscus(wall: Wall, place: Place, number: int) -> None:
    colours = ((PINK, RED), (YELLOW, rgb("ff7b00")), (WHITE, PINK))[number % 3]
    petals = [Place(0, 0, 1.0, turn).put(blade(1.0, 0.85)[0]) for turn in range(0, 360, 72)]
    whole = wall.shape(*[place.put(petal) for petal in petals])
    wall.outline(whole, 0.009, INK)
    for petal in petals:
        shape = wall.shape(place.put(petal))
        wall.outline(shape, 0.003, colours[1])
        wall.fill(shape, colours[0])
        wall.spray(wall.shape(place.put(petal * 0.55)) * shape, colours[1], edge=0.006, cover=0.8)
    wall.fill(wall.line(place.put([(0, 0), (0.25, -0.75)]), 0.008), YELLOW)
    wall.fill(wall.shape(place.put(star(6, 0.25, 0.12))), INK)
