"""A texture for frames."""

from __future__ import annotations

import torch

from murai.core.frame import Frame
from murai.display.interop import PixelPath, PixelPaths
from murai.display.interop_cuda import InteropFailed
from murai.display.texture import Texture


class FrameTexture:
    """A texture that holds the last frame it was given; the same frame again costs nothing.

    Frames may lie in host or in GPU memory; see `murai.display.interop` for how they come here.
    Owned by the main thread.
    """

    def __init__(self, paths: PixelPaths) -> None:
        self._paths = paths
        self._texture = Texture()
        self._path: PixelPath | None = None
        self._device: torch.device | None = None
        self._held: Frame | None = None

    def show(self, frame: Frame, unit: int, smooth: bool) -> None:
        """Takes the frame over unless it is the one held, and binds the texture to a unit.

        Raises:
            DisplayError: the driver takes no picture as large, or the GPU has failed.
        """
        self._texture.bind(unit, smooth)
        if frame is self._held:
            return
        try:
            self._path_of(frame).write(frame)
        except InteropFailed as reason:
            self._paths.give_up(reason)
            self._start_anew()
            self._texture.bind(unit, smooth)
            self._path_of(frame).write(frame)
        self._held = frame

    def close(self) -> None:
        if self._path is not None:
            self._path.close()
        self._path = self._held = None
        self._texture.close()

    def _path_of(self, frame: Frame) -> PixelPath:
        device = frame.rgb.device
        if self._path is None or device != self._device:
            if self._path is not None:
                self._path.close()
            self._path, self._device = self._paths.open(self._texture, device), device
        return self._path

    def _start_anew(self) -> None:
        """A texture that CUDA has failed on may still be mapped: OpenGL gets another one."""
        self.close()
        self._texture = Texture()
