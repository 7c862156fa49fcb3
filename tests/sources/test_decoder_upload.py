"""Frames on their way up: here from host memory to host memory."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch

from murai.core.media import Packet, StreamInfo
from murai.sources.decoder_cpu import CpuDecoder
from murai.sources.decoder_upload import UploadingDecoder
from murai.sources.gpu_frames import FrameMaker
from tests.fakes.lanes import HostLane
from tests.sources.clips import moving, units

INFO = StreamInfo("h264", 160, 96, 25.0, "test")


def test_frames_keep_what_they_show_while_buffers_are_used_again() -> None:
    above, below = UploadingDecoder(CpuDecoder(INFO), FrameMaker(HostLane())), CpuDecoder(INFO)
    data = units(moving(12)) + units(moving(3, (96, 64)))
    stream = [Packet(unit, float(n), n) for n, unit in enumerate(data)]
    sent = [frame for packet in stream for frame in above.decode(packet)] + above.flush()
    kept = [frame for packet in stream for frame in below.decode(packet)] + below.flush()
    assert len(sent) == 15
    for one, other in zip(sent, kept, strict=True):
        assert torch.equal(one.rgb, other.rgb)
        assert (one.seq, one.captured_s) == (other.seq, other.captured_s)
        assert one.rgb.stride() == (1, 4 * one.size_px[0], 4)


class LaggingLane(HostLane):
    """Nothing in it is ever done before somebody waits for it. `waited`: the numbers of the marks waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[int] = []

    def mark(self) -> Any:
        number = len(self.log)
        self.log.append("mark")
        return SimpleNamespace(synchronize=lambda: self.waited.append(number))


def test_a_buffer_is_written_again_only_when_its_copy_is_done() -> None:
    lane = LaggingLane()
    decoder = UploadingDecoder(CpuDecoder(INFO), FrameMaker(lane))
    for n, unit in enumerate(units(moving(6))):
        decoder.decode(Packet(unit, float(n), n))
    # Two marks each frame: the buffer's, then the frame's own. The fifth picture is the first to wait.
    assert lane.waited == [0, 2]


def test_damage_is_counted() -> None:
    decoder = UploadingDecoder(CpuDecoder(INFO), FrameMaker(HostLane()))
    assert decoder.decode(Packet(b"\0\0\0\1\x41", 0.0, 0)) == []
    assert decoder.damaged == 1
    decoder.close()
