"""How frames come into textures: from host memory, within the GPU, or from the GPU through host memory."""

from __future__ import annotations

import logging
from typing import Protocol

import torch

from murai.core.frame import Frame
from murai.display.interop_cuda import CudaGraphics, InteropFailed, load_cuda_graphics
from murai.display.interop_host import HostPath
from murai.display.interop_pinned import PinnedPath
from murai.display.interop_registered import RegisteredPath
from murai.display.interop_stream import DisplayStream
from murai.display.opengl import renderer_name, vendor_name
from murai.display.texture import Texture

_LOG = logging.getLogger(__name__)


class PixelPath(Protocol):
    """One way of frames into one texture. Owned by the main thread."""

    def write(self, frame: Frame) -> None:
        """Puts the whole frame into the texture, which was bound just before.

        Raises:
            DisplayError: the driver takes no picture as large.
            InteropFailed: this way has broken down; frames and texture are to be taken on another one.
        """
        ...

    def close(self) -> None:
        """Before the texture is deleted or taken over by another path."""
        ...


class PixelPaths:
    """The paths of all textures of one renderer. Owned by the main thread.

    Which way frames in GPU memory take is found out once, when the first of them is drawn, and logged with
    the reason: until then nothing of CUDA is loaded. It changes once at the most, when interop breaks down.
    """

    def __init__(self) -> None:
        self._stream: DisplayStream | None = None
        self._graphics: CudaGraphics | None = None

    def open(self, texture: Texture, device: torch.device) -> PixelPath:
        """The way into a texture for frames on this device."""
        if device.type == "cpu":
            return HostPath(texture)
        if self._stream is None:
            self._stream = DisplayStream(device)
            with self._stream.current():
                self._graphics = _choose(device)
        if self._graphics is None:
            return PinnedPath(texture, self._stream)
        return RegisteredPath(texture, self._graphics, self._stream)

    def give_up(self, reason: InteropFailed) -> None:
        """From now on `open` gives the way through host memory."""
        if self._graphics is not None:
            self._graphics = None
            _LOG.warning("from now on pictures come from the GPU through host memory: %s", reason)


def _choose(device: torch.device) -> CudaGraphics | None:
    """Interop, or None where it can't be had; the OpenGL context must be current."""
    try:
        graphics = _probe(device)
    except InteropFailed as reason:
        _LOG.warning("pictures come from the GPU through host memory: %s", reason)
        return None
    _LOG.info("pictures stay on the GPU: CUDA writes into the textures of %s", renderer_name())
    return graphics


def _probe(device: torch.device) -> CudaGraphics:
    # Nobody else's OpenGL is asked about CUDA: it has no answer, and need not survive the question.
    if "NVIDIA" not in vendor_name():
        raise InteropFailed(f"OpenGL is drawn by {renderer_name()}, which CUDA can't write into")
    graphics = load_cuda_graphics()
    shared, painting = graphics.devices(), device.index or 0
    if painting not in shared:
        raise InteropFailed(f"OpenGL is drawn by CUDA's devices {shared}, and painting runs on device {painting}")
    return graphics
