"""What is painted: the drawn scene and the drawn murals, masks, and films of both."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import av
import numpy as np
from murals.__main__ import MURALS
from murals.wall import Wall
from PIL import Image, ImageDraw

from murai.sources.scene import Scene

SCENE_PX = (640, 448)
MOMENT_S = 4.0
FILM_PX = (240, 168)
FILM_FPS = 8
FILM_FRAMES = 12
STYLE_FRAMES = 6


def draw_inputs() -> None:
    """Draws what isn't there yet into the current folder."""
    scene = Scene(SCENE_PX, seed=1)
    _keep("scene.png", lambda: Image.fromarray(np.array(scene.draw(MOMENT_S))))
    for name, draw in MURALS.items():
        _keep(f"{name}.png", partial(_mural, draw))
    _keep("person.png", person_mask)
    _keep("behind.png", lambda: person_mask().point(lambda value: 255 - value))
    _keep("left.png", lambda: _half(SCENE_PX, right=False))
    _keep("right.png", lambda: _half(SCENE_PX, right=True))
    _keep("corner.png", _corner)
    if not Path("scene.mp4").exists():
        moving = Scene(FILM_PX, seed=1)
        at_s = [MOMENT_S + number / FILM_FPS for number in range(FILM_FRAMES)]
        write_film("scene.mp4", [Image.fromarray(np.array(moving.draw(each))) for each in at_s])
    if not Path("murals.mp4").exists():
        write_film("murals.mp4", _walk())


def _mural(draw: Callable[[int, int], Wall]) -> Image.Image:
    return draw(512, 1).picture()


def person_mask() -> Image.Image:
    """White where the person of the scene is, about."""
    mask = Image.new("L", SCENE_PX)
    pen = ImageDraw.Draw(mask)
    pen.ellipse((219, 54, 379, 284), fill=255)
    pen.ellipse((450, 214, 524, 308), fill=255)
    pen.rectangle((256, 260, 334, 300), fill=255)
    pen.polygon(
        [(108, 448), (146, 338), (248, 288), (342, 288), (438, 328), (446, 300), (494, 300), (478, 448)], fill=255
    )
    return mask


def write_film(file: str, frames: list[Image.Image]) -> None:
    """H.264 at `FILM_FPS`."""
    with av.open(file, "w") as container:
        stream = container.add_stream("libx264", FILM_FPS, options={"crf": "10"})
        stream.width, stream.height = frames[0].size
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(frame), format="rgb24")))
        container.mux(stream.encode(None))


def _keep(file: str, draw: Callable[[], Image.Image]) -> None:
    if not Path(file).exists():
        draw().save(file)


def _half(size_px: tuple[int, int], *, right: bool) -> Image.Image:
    mask = Image.new("L", size_px, 0 if right else 255)
    mask.paste(255 if right else 0, (size_px[0] // 2, 0, size_px[0], size_px[1]))
    return mask


def _corner() -> Image.Image:
    """Of a mural: its upper left quarter."""
    mask = Image.new("L", (512, 512))
    mask.paste(255, (0, 0, 256, 256))
    return mask


def _walk() -> list[Image.Image]:
    """A walk along the murals, from the first to the last."""
    wall = Image.new("RGB", (3 * 512, 512))
    for number, name in enumerate(("tropical", "portraits", "wildstyle")):
        wall.paste(Image.open(f"{name}.png"), (number * 512, 0))
    lefts = [round(number * (wall.width - 512) / (STYLE_FRAMES - 1)) for number in range(STYLE_FRAMES)]
    return [wall.crop((left, 0, left + 512, 512)).resize((256, 256)) for left in lefts]
