"""Frames in GPU memory, copied there into a texture."""

from __future__ import annotations

import logging
from typing import Any

import torch

from murai.core.frame import Frame
from murai.display.interop_cuda import CudaGraphics, InteropFailed
from murai.display.interop_layout import rgbx_of
from murai.display.interop_stream import DisplayStream
from murai.display.texture import Texture

_LOG = logging.getLogger(__name__)


class RegisteredPath:
    """Registers the texture with CUDA, once for each size, and copies each frame into it without leaving the GPU.

    The host waits for nothing: the copy waits on the display's stream for the frame, mapping for what OpenGL
    still draws from the texture, and OpenGL from unmapping on for the copy. Owned by the main thread.
    """

    def __init__(self, texture: Texture, graphics: CudaGraphics, stream: DisplayStream) -> None:
        self._texture = texture
        self._graphics = graphics
        self._stream = stream
        self._resource: Any = None

    def write(self, frame: Frame) -> None:
        """Queues the copy of a frame; right after the texture was bound.

        Raises:
            DisplayError: the driver takes no picture as large.
            InteropFailed: CUDA refused a call. The texture is then good for nothing but deleting.
        """
        with self._stream.working_on(frame):
            if self._resource is None or self._texture.size_px != frame.size_px:
                self._register(frame.size_px)
            self._copy(rgbx_of(frame.rgb))

    def close(self) -> None:
        """Takes CUDA's hand off the texture, before it is deleted. What fails here is only logged."""
        try:
            with self._stream.current():
                self._unregister()
        except InteropFailed as reason:
            _LOG.debug("a texture stays registered with CUDA: %s", reason)

    def _register(self, size_px: tuple[int, int]) -> None:
        # Storage must not change while CUDA knows it.
        self._unregister()
        self._texture.allocate(size_px)
        self._resource = self._graphics.register(self._texture.name)

    def _unregister(self) -> None:
        resource, self._resource = self._resource, None
        if resource is not None:
            self._graphics.unregister(resource)

    def _copy(self, rgbx: torch.Tensor) -> None:
        height, width, _ = rgbx.shape
        stream = self._stream.handle
        self._graphics.map(self._resource, stream)
        try:
            array = self._graphics.mapped_array(self._resource)
            self._graphics.copy(array, rgbx.data_ptr(), rgbx.stride(0), (width * 4, height), stream)
        finally:
            self._graphics.unmap(self._resource, stream)
