"""The pictures that flow from the decoder to the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture with its facts.

    rgb: (3, H, W) uint8, full range, on one device. Any strides: on the CPU it is usually a view of
        interleaved memory (H, W, 3 or 4), which both the decoder and OpenGL like best. Never written to
        after the frame was handed on.
    captured_s: monotonic clock, seconds, as near to the sensor as the driver allows.
    seq: counts up by one for each frame that the decoder gave.
    ready: on CUDA, recorded after the last kernel that writes `rgb`; None in host memory. Whoever reads `rgb` on
        another stream lets that wait for it, and tells `rgb.record_stream`: the memory is given to a newer frame as
        soon as nobody holds this one.
    """

    rgb: torch.Tensor
    captured_s: float
    seq: int
    ready: torch.cuda.Event | None = None

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return int(self.rgb.shape[2]), int(self.rgb.shape[1])


@dataclass(frozen=True, slots=True)
class Painted:
    """A painting and the camera's picture that it was painted from, of the same size.

    painting: has the camera frame's `captured_s` and `seq`.
    style: name of the style, or of the nearer one while two are mixed.
    """

    painting: Frame
    camera: Frame
    style: str
