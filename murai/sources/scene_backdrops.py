"""What stands behind the figure: a brick wall, a garden, the sea at dusk."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

Plane = npt.NDArray[np.float32]
Colour = tuple[int, int, int]


def brick_wall(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    """Bricks in warm light from the upper left."""
    y, x = _grid(width, height)
    brick_h, brick_w = height / 14, height / 5.2
    row = np.floor(y / brick_h).astype(np.int32)
    column = np.floor(x / brick_w + 0.5 * (row % 2)).astype(np.int32)
    edge_y = np.minimum(y % brick_h, brick_h - y % brick_h)
    along = (x + 0.5 * brick_w * (row % 2)) % brick_w
    mortar = _soft(np.minimum(edge_y, np.minimum(along, brick_w - along)), 0.006 * height, 0.004 * height)
    shades = rng.random((64, 64)).astype(np.float32)[row % 64, column % 64]
    base = _blend((120, 46, 38), (196, 104, 62), 0.75 * shades + 0.25 * _noise(width, height, rng, 24))
    base += (_noise(width, height, rng, 120)[..., None] - 0.5) * 40
    wall = base * mortar[..., None] + _rgb((150, 138, 126)) * (1 - mortar[..., None])
    light = 1.25 - 0.8 * np.hypot(x / width - 0.25, (y / height - 0.2) * 0.8)
    return _image(wall * np.clip(light, 0.35, 1.3)[..., None].astype(np.float32))


def garden(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    """Clouds over hills, leaves and flowers in front."""
    y, _x = _grid(width, height)
    picture = _blend((66, 128, 206), (206, 228, 240), np.clip(y / height * 1.7, 0, 1))
    clouds = np.clip((_noise(width, height, rng, 4, stretch=2.5) - 0.5) * 3.2, 0, 1) * np.clip(
        1.1 - y / height * 1.5, 0, 1
    )
    picture += (_rgb((252, 248, 240)) - picture) * clouds[..., None]
    hills: tuple[tuple[float, Colour, Colour], ...] = (
        (0.50, (84, 132, 128), (138, 176, 150)),
        (0.62, (52, 110, 52), (134, 168, 62)),
        (0.80, (22, 72, 34), (92, 140, 40)),
    )
    for level, dark, bright in hills:
        ridge = height * (level + 0.10 * (_noise(width, 1, rng, 3)[0] - 0.5))
        inside = _soft(y - ridge[None, :], 0, 0.006 * height)
        leaves = np.clip(_noise(width, height, rng, int(30 * level + 12)) * 1.5 - 0.25, 0, 1)
        picture += (_blend(dark, bright, leaves) - picture) * inside[..., None]
    return _image(_with_flowers(picture, rng))


def sea_at_dusk(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    """A low sun, red clouds, and its light on the water."""
    y, x = _grid(width, height)
    horizon, sun_x = 0.58 * height, 0.74 * width
    sky = np.clip(y / horizon, 0, 1)
    picture = _blend((40, 46, 104), (226, 96, 72), sky) + _rgb((20, 90, 20)) * (sky**5)[..., None]
    bands = np.clip((_noise(width, height, rng, 5, stretch=5.0) - 0.52) * 3.5, 0, 1) * np.sin(
        np.pi * np.clip(sky, 0, 1)
    )
    picture += (_rgb((246, 150, 92)) - picture) * (0.8 * bands)[..., None]
    away = np.hypot(x - sun_x, y - 0.44 * height) / height
    picture += _rgb((255, 210, 130)) * (0.55 * np.exp(-((away / 0.22) ** 2)))[..., None]
    picture += (_rgb((255, 238, 190)) - picture) * _soft(0.075 - away, 0, 0.006)[..., None]
    depth = np.clip((y - horizon) / (height - horizon), 0, 1)
    waves = _noise(width, height, rng, 60, stretch=7.0)
    water = _blend((196, 92, 84), (14, 30, 66), np.sqrt(depth)) + ((waves - 0.5) * 70)[..., None]
    glitter = np.exp(-(((x - sun_x) / width / (0.05 + 0.12 * depth)) ** 2)) * np.clip(waves * 3 - 1.2, 0, 1)
    water += _rgb((240, 180, 90)) * glitter[..., None]
    below = _soft(y - horizon, 0, 0.003 * height)[..., None]
    return _image(picture + (water - picture) * below)


def _with_flowers(picture: Plane, rng: np.random.Generator) -> Plane:
    height, width, _ = picture.shape
    petals = _rgb([(226, 58, 70), (244, 196, 60), (240, 236, 228), (150, 80, 190)])
    for _ in range(150):
        x, y = rng.integers(0, width), rng.integers(int(0.68 * height), height)
        radius = max(2, int(height * rng.uniform(0.006, 0.020) * (y / height) ** 2))
        box = picture[max(y - radius, 0) : y + radius, max(x - radius, 0) : x + radius]
        dy, dx = _grid(box.shape[1], box.shape[0])
        far = np.hypot(dx - box.shape[1] / 2, dy - box.shape[0] / 2)
        cover = _soft(radius - far, radius * 0.3, radius * 0.3)[..., None]
        box += (petals[rng.integers(len(petals))] * rng.uniform(0.8, 1.05) - box) * cover
    return picture


def _noise(width: int, height: int, rng: np.random.Generator, cells: int, stretch: float = 1.0) -> Plane:
    """Smooth noise (height, width) in [0, 1]: `cells` lumps over the height, and finer ones."""
    total = np.zeros((height, width), np.float32)
    weight = 0.0
    for octave in range(4):
        rows = min(cells * 2**octave, max(height, 2))
        columns = max(2, min(int(cells * 2**octave * width / max(height, width / 2) / stretch), width))
        coarse = Image.fromarray(rng.random((max(rows, 2), columns)).astype(np.float32))
        total += 0.5**octave * np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
        weight += 0.5**octave
    clipped: Plane = np.clip(total / np.float32(weight), 0, 1)
    return clipped


def _grid(width: int, height: int) -> tuple[Plane, Plane]:
    y, x = np.indices((height, width), np.float32)
    return y, x


def _rgb(colours: Colour | list[Colour]) -> Plane:
    return np.array(colours, np.float32)


def _soft(distance: Plane, at: float, width: float) -> Plane:
    """0 below `at` to 1 above it, over `width`."""
    clipped: Plane = np.clip((distance - at) / np.float32(width) + 0.5, 0, 1)
    return clipped


def _blend(start: Colour, end: Colour, share: Plane) -> Plane:
    """(H, W, 3) colours from `start` where `share` is 0 to `end` where it is 1."""
    first, last = _rgb(start), _rgb(end)
    return (first + (last - first) * share[..., None]).astype(np.float32)


def _image(picture: Plane) -> Image.Image:
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
