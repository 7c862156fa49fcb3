"""Pictures that the CPU decoded, on their way to a GPU."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import torch
from torch import Tensor

from murai.core.frame import Frame
from murai.core.media import Decoder, Packet
from murai.sources.gpu_frames import FrameMaker

_BUFFERS = 4


class UploadingDecoder:
    """Sends another decoder's frames to a GPU without waiting for it. Owned by the capture thread.

    The copies go from a few page-locked buffers, in turn, through a lane of their own. Only where the GPU is
    behind by as many pictures as there are buffers does the thread wait for it.
    """

    def __init__(self, decoder: Decoder, frames: FrameMaker) -> None:
        self._decoder = decoder
        self._frames = frames
        self._ring = _Ring(frames.lane.device.type == "cuda")

    @property
    def damaged(self) -> int:
        return self._decoder.damaged

    def decode(self, packet: Packet) -> list[Frame]:
        return [self._upload(frame) for frame in self._decoder.decode(packet)]

    def flush(self) -> list[Frame]:
        return [self._upload(frame) for frame in self._decoder.flush()]

    def close(self) -> None:
        self._decoder.close()

    def _upload(self, frame: Frame) -> Frame:
        lane = self._frames.lane
        height, width = frame.rgb.shape[1:]
        buffer = self._ring.take((height, width, 3))
        buffer.pixels.copy_(frame.rgb.permute(1, 2, 0))
        with lane.entered():
            rgbx = torch.full((height, width, 4), 255, dtype=torch.uint8, device=lane.device)
            rgbx[..., :3].copy_(buffer.pixels.to(lane.device, non_blocking=True))
            buffer.free = lane.mark()
            return self._frames.of_rgbx(rgbx, frame.captured_s)


@dataclass(slots=True)
class _Buffer:
    """pixels: (H, W, 3) uint8 in host memory. free: done when the copy from it is."""

    pixels: Tensor
    free: torch.cuda.Event | None = None


class _Ring:
    def __init__(self, page_locked: bool) -> None:
        self._page_locked = page_locked
        self._buffers: deque[_Buffer] = deque()

    def take(self, shape: tuple[int, int, int]) -> _Buffer:
        """The buffer that was used longest ago, once nothing is copied from it any more."""
        if self._buffers and self._buffers[0].pixels.shape != shape:
            self._buffers.clear()  # PyTorch keeps page-locked memory until copies from it are done
        if len(self._buffers) < _BUFFERS:
            buffer = _Buffer(torch.empty(shape, dtype=torch.uint8, pin_memory=self._page_locked))
        else:
            buffer = self._buffers.popleft()
            if buffer.free is not None:
                buffer.free.synchronize()
        self._buffers.append(buffer)
        return buffer
