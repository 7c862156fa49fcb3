"""Outlines as points: arrays (N, 2) of x and y, in sides of the wall, y downwards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """Where a shape drawn around (0, 0) goes: moved to x, y, made `size` large, turned clockwise by `turn_deg`."""

    x: float
    y: float
    size: float = 1.0
    turn_deg: float = 0.0
    mirrored: bool = False

    def put(self, points: Points | Sequence[tuple[float, float]]) -> Points:
        """The points there."""
        at = np.array(points, dtype=np.float64) * self.size
        if self.mirrored:
            at[:, 0] *= -1.0
        turn = math.radians(self.turn_deg)
        turned = at @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
        moved: Points = turned + np.array([self.x, self.y])
        return moved


def smooth(points: Points | Sequence[tuple[float, float]], *, closed: bool = True, steps: int = 12) -> Points:
    """A curve through all points (Catmull and Rom 1974)."""
    knots = np.array(points, dtype=np.float64)
    around = (knots[-1:], knots, knots[:2]) if closed else (knots[:1], knots, knots[-1:])
    p = np.concatenate(around)
    t = np.linspace(0.0, 1.0, steps, endpoint=False)[None, :, None]
    a, b, c, d = (p[offset : len(p) - 3 + offset, None] for offset in range(4))
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    found: Points = curve.reshape(-1, 2)
    return found if closed else np.concatenate([found, knots[-1:]])


def arc(middle: tuple[float, float], radius: float, from_deg: float, to_deg: float, count: int = 40) -> Points:
    """Points along a circle; 0 degrees is to the right, 90 below."""
    angles = np.radians(np.linspace(from_deg, to_deg, count))
    return np.stack([middle[0] + radius * np.cos(angles), middle[1] + radius * np.sin(angles)], 1)


def blade(length: float, breadth: float, bend: float = 0.0, count: int = 32) -> tuple[Points, Points]:
    """A leaf or feather from (0, 0) upwards: its outline and its spine, bent sideways by `bend`."""
    along = np.linspace(0.0, 1.0, count)
    spine = np.stack([bend * along**2, -length * along], 1)
    half = breadth / 2 * np.sin(math.pi * along**0.8) ** 0.75
    tangent = np.gradient(spine, axis=0)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], 1) / np.linalg.norm(tangent, axis=1, keepdims=True)
    left, right = spine - normal * half[:, None], spine + normal * half[:, None]
    return np.concatenate([left, right[::-1]]), spine


def star(rays: int, outer: float, inner: float) -> Points:
    """A star around (0, 0), one ray upwards."""
    angles = np.arange(2 * rays) * math.pi / rays - math.pi / 2
    radii = np.where(np.arange(2 * rays) % 2 == 0, outer, inner)
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], 1)
