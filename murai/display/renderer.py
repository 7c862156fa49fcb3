"""From a painting and the state of the show to the pixels of a canvas."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from murai.core.frame import Frame, Painted
from murai.display.canvas import Canvas
from murai.display.frame_texture import FrameTexture
from murai.display.framebuffer import Framebuffer
from murai.display.hud import HudState
from murai.display.interop import PixelPaths
from murai.display.opengl import GL
from murai.display.program import Program
from murai.display.read_back import read_pixels
from murai.display.shaders import VERTEX, Features, picture_fragment
from murai.display.sprites import SpriteLayer
from murai.display.view import Placement, ViewState, place_picture, upright_size_px

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PAINTING, _PREVIOUS, _CAMERA = 0, 1, 2
_DIVIDER_SHARE, _DIVIDER_OPACITY = 0.0025, 0.85


class Renderer:
    """Draws pictures and the text over them into a canvas, whose context must be current.

    Owned by the main thread. Only what changed is uploaded, and only what is shown: hand the same
    objects over again where nothing is new.

    Raises:
        DisplayError: the driver refuses the shaders.
    """

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        # Core profile draws nothing without one, even when no vertex has an attribute.
        self._vertices = int(GL.glGenVertexArrays(1))
        GL.glBindVertexArray(self._vertices)
        self._programs: dict[Features, Program] = {}
        paths = PixelPaths()
        self._textures = {unit: FrameTexture(paths) for unit in (_PAINTING, _PREVIOUS, _CAMERA)}
        self._sprites = SpriteLayer()
        self._for_pictures: Framebuffer | None = None
        self._prepare()

    def draw(self, painted: Painted | None, view: ViewState, hud: HudState) -> None:
        """Draws one picture, black where there is none yet, with the text over it; `swap` shows it."""
        size_px = self._canvas.size_px
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._canvas.framebuffer)
        self._draw_picture(painted, view, size_px)
        self._sprites.draw(hud, upright_size_px(size_px, view.quarter_turns), view.quarter_turns)

    def picture(self, painted: Painted, view: ViewState) -> NDArray[np.uint8]:
        """The picture alone, at the painting's own size, for keeping: (H, W, 3) uint8 R'G'B', top row first.

        Its colours are those on the screen, mirrored as there; without text, split, dimming and flash,
        uncut, and upright. Waits until it is drawn.
        """
        size_px = painted.painting.size_px
        alone = replace(view, fit="fill", quarter_turns=0, split=None, dim=0.0, flash=0.0)
        if self._for_pictures is None or self._for_pictures.size_px != size_px:
            self._drop_for_pictures()
            self._for_pictures = Framebuffer(size_px)
        self._for_pictures.bind()
        self._draw_picture(painted, alone, size_px)
        return read_pixels(size_px)

    def read_back(self) -> NDArray[np.uint8]:
        """What was drawn last, before it is swapped: (H, W, 3) uint8 R'G'B', top row first."""
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._canvas.framebuffer)
        return read_pixels(self._canvas.size_px)

    def close(self) -> None:
        for texture in self._textures.values():
            texture.close()
        for program in self._programs.values():
            program.close()
        self._sprites.close()
        self._drop_for_pictures()
        GL.glDeleteVertexArrays(1, [self._vertices])

    def _drop_for_pictures(self) -> None:
        if self._for_pictures is not None:
            self._for_pictures.close()
            self._for_pictures = None

    def _prepare(self) -> None:
        """Links every variant and draws with it once, with and without a filter.

        Drivers compile at the first draw; in the middle of the show that would make a frame late.
        """
        dot = Frame(torch.zeros(1, 1, 3, dtype=torch.uint8).permute(2, 0, 1), captured_s=0.0, seq=0)
        painted = Painted(painting=dot, camera=dot, style="")
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._canvas.framebuffer)
        for view in (ViewState(), ViewState(strength=0.5), ViewState(own_colours=0.5)):
            for previous in (None, painted):
                fading = replace(view, previous=previous, fade=0.5)
                features = _features(fading)
                self._programs[features] = Program(VERTEX, picture_fragment(features))
                self._programs[features].use()
                for sampler, unit in (("painting", _PAINTING), ("previous", _PREVIOUS), ("camera", _CAMERA)):
                    self._programs[features].set_unit(sampler, unit)
                for size_px in ((1, 1), (2, 2)):
                    self._draw_picture(painted, fading, size_px)

    def _draw_picture(self, painted: Painted | None, view: ViewState, size_px: tuple[int, int]) -> None:
        GL.glViewport(0, 0, *size_px)
        GL.glDisable(GL.GL_BLEND)
        placement = None
        if painted is not None:
            upright_px = upright_size_px(size_px, view.quarter_turns)
            placement = place_picture(painted.painting.size_px, upright_px, view)
        if placement is None or placement.leaves_bars:
            GL.glClearColor(0.0, 0.0, 0.0, 1.0)
            GL.glClear(GL.GL_COLOR_BUFFER_BIT)
        if painted is not None and placement is not None:
            self._choose(painted, view, placement).draw(placement.target, placement.crop, view.quarter_turns)

    def _choose(self, painted: Painted, view: ViewState, placement: Placement) -> Program:
        """The cheapest program that shows what is wanted, in use and with its textures and figures."""
        smooth = not placement.exact
        if not view.needs_painting:
            program = self._programs[Features()]
            self._textures[_CAMERA].show(painted.camera, _PAINTING, smooth)
        else:
            program = self._programs[_features(view)]
            self._textures[_PAINTING].show(painted.painting, _PAINTING, smooth)
            if view.needs_previous and view.previous is not None:
                self._textures[_PREVIOUS].show(view.previous.painting, _PREVIOUS, smooth=True)
            if view.needs_camera:
                self._textures[_CAMERA].show(painted.camera, _CAMERA, smooth)
        program.use()
        _set_figures(program, view)
        return program


def _features(view: ViewState) -> Features:
    return Features(view.needs_camera, view.own_colours > 0.0, view.needs_previous)


def _set_figures(program: Program, view: ViewState) -> None:
    program.set("light", (1.0 - view.dim) * (1.0 - view.flash), view.flash)
    program.set("fade", view.fade)
    program.set("strength", view.strength)
    program.set("own_colours", view.own_colours)
    if view.split is None:
        program.set("split", 0.0, 0.0, 0.0)
    else:
        half = _DIVIDER_SHARE / 2
        program.set("split", view.split - half, view.split + half, _DIVIDER_OPACITY)
