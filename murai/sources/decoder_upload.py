"""Pictures that the CPU decoded, on their way to a GPU."""

from __future__ import annotations

from dataclasses import replace

import torch

from murai.core.frame import Frame
from murai.core.media import Decoder, Packet


class UploadingDecoder:
    """Sends another decoder's frames to a GPU without waiting for it. Owned by the capture thread.

    The copies go from page-locked memory through a CUDA stream of their own, and each frame's
    `ready` is recorded behind its copy: who reads the frame lets its own stream wait for that and
    calls `rgb.record_stream` with it. PyTorch keeps the page-locked memory until the copy is done.
    """

    def __init__(self, decoder: Decoder, device: str) -> None:
        self._decoder = decoder
        self._device = torch.device(device)
        self._stream = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]

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
        interleaved = frame.rgb.permute(1, 2, 0).contiguous().pin_memory()
        with torch.cuda.stream(self._stream):
            rgb = interleaved.to(self._device, non_blocking=True).permute(2, 0, 1)
            ready = torch.cuda.Event()  # type: ignore[no-untyped-call]
            ready.record(self._stream)
        return replace(frame, rgb=rgb, ready=ready)
