"""The text over the picture, in OpenGL."""

from __future__ import annotations

import numpy as np
from PIL import Image

from murai.display.hud import HudState
from murai.display.hud_painter import HudPainter, Sprite
from murai.display.opengl import GL
from murai.display.program import Program
from murai.display.shaders import SPRITE_FRAGMENT, VERTEX
from murai.display.texture import Texture

_WHOLE = (0.0, 0.0, 1.0, 1.0)


class SpriteLayer:
    """Blends the text over what was drawn; keeps one texture for each piece that is on the screen.

    Owned by the main thread.
    """

    def __init__(self) -> None:
        self._painter = HudPainter()
        self._program = Program(VERTEX, SPRITE_FRAGMENT)
        self._program.use()
        self._program.set_unit("sprite", 0)
        self._textures: dict[int, tuple[Image.Image, Texture]] = {}

    def draw(self, hud: HudState, upright_px: tuple[int, int], quarter_turns: int) -> None:
        sprites = self._painter.arrange(hud, upright_px)
        self._forget_all_but(sprites)
        if not sprites:
            return
        GL.glEnable(GL.GL_BLEND)
        GL.glBlendFunc(GL.GL_ONE, GL.GL_ONE_MINUS_SRC_ALPHA)
        self._program.use()
        for sprite in sprites:
            self._bind(sprite.image)
            self._program.set("alpha", sprite.alpha)
            self._program.draw(_shares(sprite, upright_px), _WHOLE, quarter_turns)

    def close(self) -> None:
        self._forget_all_but([])
        self._program.close()

    def _bind(self, image: Image.Image) -> None:
        # The image is kept beside its texture: while it lives, no other one can have its id.
        _, texture = self._textures.get(id(image), (None, None))
        if texture is not None:
            texture.bind(0, smooth=False)
            return
        texture = Texture()
        texture.bind(0, smooth=False)
        texture.fill_rgba(np.ascontiguousarray(image))
        self._textures[id(image)] = (image, texture)

    def _forget_all_but(self, sprites: list[Sprite]) -> None:
        wanted = {id(sprite.image) for sprite in sprites}
        for gone in self._textures.keys() - wanted:
            self._textures.pop(gone)[1].close()


def _shares(sprite: Sprite, upright_px: tuple[int, int]) -> tuple[float, float, float, float]:
    width, height = upright_px
    right, bottom = sprite.left_px + sprite.image.width, sprite.top_px + sprite.image.height
    return sprite.left_px / width, sprite.top_px / height, right / width, bottom / height
