"""What decoders on a GPU have in common: which packet a picture came from, and its RGB as a frame."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from torch import Tensor

from murai.core.frame import Frame
from murai.core.media import Packet
from murai.imaging.nv12 import Nv12, Nv12Converter, YuvColours, whole
from murai.sources.lanes import Lane

_HELD_BACK = 32  # packets; twice of what H.264 and H.265 reorder at most


@dataclass(frozen=True, slots=True)
class _Sent:
    number: int
    captured_s: float


class SentPackets:
    """The packets whose pictures haven't come yet.

    lost: packets so far whose picture can't come any more.
    """

    def __init__(self) -> None:
        self._sent: OrderedDict[int, _Sent] = OrderedDict()
        self._number = 0
        self._newest_s = 0.0
        self.lost = 0

    def add(self, packet: Packet) -> None:
        self._number += 1
        self._newest_s = packet.captured_s
        self._sent[packet.order] = _Sent(self._number, packet.captured_s)
        while next(iter(self._sent.values())).number <= self._number - _HELD_BACK:
            self._sent.popitem(last=False)
            self.lost += 1

    def captured_s(self, order: int | None) -> float:
        """When the picture that has come was captured; the newest packet's time where the decoder lost its own."""
        sent = self._sent.pop(order, None) if order is not None else None
        return self._newest_s if sent is None else sent.captured_s

    def end(self) -> None:
        """No picture of what was sent comes any more."""
        self.lost += len(self._sent)
        self._sent.clear()


class FrameMaker:
    """Makes frames of pictures in a decoder's lane; `ready` is marked behind what writes them."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self._seq = 0

    def of_rgbx(self, rgbx: Tensor, captured_s: float) -> Frame:
        """Within the lane. rgbx: (H, W, 4) uint8, upright, of which the frame's `rgb` is a view."""
        frame = Frame(rgbx[..., :3].permute(2, 0, 1), captured_s, self._seq, self.lane.mark())
        self._seq += 1
        return frame


class Nv12FrameMaker:
    """Makes upright frames of NV12."""

    def __init__(self, lane: Lane, convert: Nv12Converter, quarter_turns: int) -> None:
        self.lane = lane
        self._frames = FrameMaker(lane)
        self._convert = convert
        self._quarter_turns = quarter_turns

    def of_nv12(self, picture: Nv12, colours: YuvColours, captured_s: float) -> Frame:
        """Within the lane. What comes later in the lane may use the picture's memory again."""
        return self._frames.of_rgbx(self._convert(picture, colours, whole(picture, self._quarter_turns)), captured_s)
