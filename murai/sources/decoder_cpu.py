"""The decoder whose frames lie in host memory."""

from __future__ import annotations

import torch

from murai.core.frame import Frame
from murai.core.media import Packet, StreamInfo
from murai.sources.pictures import Picture, PictureDecoder


class CpuDecoder:
    """FFmpeg's pictures as frames, without copying them. Owned by the capture thread.

    Raises:
        MediaError: this FFmpeg doesn't know the codec.
    """

    def __init__(self, info: StreamInfo) -> None:
        self._pictures = PictureDecoder(info)
        self._seq = 0

    @property
    def damaged(self) -> int:
        return self._pictures.damaged

    def decode(self, packet: Packet) -> list[Frame]:
        return [self._as_frame(picture) for picture in self._pictures.decode(packet)]

    def flush(self) -> list[Frame]:
        return [self._as_frame(picture) for picture in self._pictures.flush()]

    def close(self) -> None:
        """Nothing to give back: the codec goes with the decoder."""

    def _as_frame(self, picture: Picture) -> Frame:
        frame = Frame(torch.from_numpy(picture.rgb).permute(2, 0, 1), picture.captured_s, self._seq)
        self._seq += 1
        return frame
