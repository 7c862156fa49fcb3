"""Frames in GPU memory, fetched into host memory for an OpenGL that can't reach them."""

from __future__ import annotations

import torch

from murai.core.frame import Frame
from murai.display.interop_host import rows_of
from murai.display.interop_layout import is_interleaved, rgbx_of
from murai.display.interop_stream import DisplayStream
from murai.display.texture import Texture
from murai.errors import DisplayError


class PinnedPath:
    """Fetches each frame through page-locked memory, on the display's stream, and uploads it. Owned by the main thread.

    The host waits until the frame is painted and copied, and sleeps meanwhile: an OpenGL in host memory has
    nothing else to draw, and a picture that was shown one frame late instead would cost people more than that.
    OpenGL reads the page-locked memory itself; through a pixel buffer the bytes would be copied once more.
    """

    def __init__(self, texture: Texture, stream: DisplayStream) -> None:
        self._texture = texture
        self._stream = stream
        self._host = torch.empty(0, dtype=torch.uint8)

    def write(self, frame: Frame) -> None:
        """Fetches and uploads a frame; right after the texture was bound.

        Raises:
            DisplayError: the driver takes no picture as large, or the GPU has failed.
        """
        try:
            with self._stream.working_on(frame):
                pixels = _dense(frame.rgb)
                if self._host.shape != pixels.shape:
                    self._host = self._stream.host_memory(pixels)
                self._stream.fetch(pixels, self._host)
        except RuntimeError as fault:
            raise DisplayError(f"a picture can't be fetched from the GPU: {fault}", "look for Xid in dmesg") from fault
        self._texture.fill(frame.size_px, rows_of(self._host))

    def close(self) -> None:
        self._host = torch.empty(0, dtype=torch.uint8)


def _dense(rgb: torch.Tensor) -> torch.Tensor:
    """(H, W, 3) where the memory holds just that, else (H, W, 4)."""
    pixels = rgb.permute(1, 2, 0)
    return pixels if is_interleaved(pixels) and pixels.stride(1) == 3 else rgbx_of(rgb)
