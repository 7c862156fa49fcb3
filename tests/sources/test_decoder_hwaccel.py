"""FFmpeg's decoder on a GPU, with a codec context on the CPU whose frames are NV12."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import av
import numpy as np
import pytest
import torch
from av.codec.context import Flags

from murai.core.media import Packet, StreamInfo
from murai.errors import DecoderError
from murai.imaging.nv12 import rgbx_of_nv12
from murai.sources.decoder_cpu import CpuDecoder
from murai.sources.decoder_hwaccel import HwaccelDecoder, open_context
from murai.sources.gpu_frames import Nv12FrameMaker
from tests.fakes.lanes import HostLane
from tests.sources.clips import Recipe, moving, units

INFO = StreamInfo("h264", 160, 96, 25.0, "test")


class Nv12Context:
    """What is used of a codec context on a GPU; its frames' planes are given by DLPack, as there.

    fault: raised in place of decoding.
    """

    def __init__(self) -> None:
        self._context = av.CodecContext.create("h264", "r")
        self._context.thread_count = 1
        self._context.flags |= Flags.low_delay
        self.fault: av.FFmpegError | None = None

    def decode(self, packet: av.Packet[Any] | None) -> list[av.VideoFrame]:
        if self.fault is not None:
            raise self.fault
        return [in_nv12(frame) for frame in self._context.decode(packet)]

    def flush_buffers(self) -> None:
        self._context.flush_buffers()


def in_nv12(frame: av.VideoFrame) -> av.VideoFrame:
    if frame.format.name not in ("yuv420p", "yuvj420p"):
        return frame
    lines = [np.frombuffer(plane, np.uint8).reshape(plane.height, -1)[:, : plane.width] for plane in frame.planes]
    chroma = np.stack(lines[1:], -1).reshape(lines[1].shape[0], -1)
    nv12 = av.VideoFrame.from_ndarray(np.ascontiguousarray(np.concatenate([lines[0], chroma])), format="nv12")
    nv12.pts, nv12.colorspace, nv12.color_range = frame.pts, frame.colorspace, frame.color_range
    return nv12


@pytest.fixture
def lane() -> HostLane:
    return HostLane()


@pytest.fixture
def context() -> Nv12Context:
    return Nv12Context()


def decoder_for(context: Any, lane: HostLane) -> HwaccelDecoder:
    return HwaccelDecoder(INFO, context, Nv12FrameMaker(lane, rgbx_of_nv12, 0))


def packets(data: list[bytes]) -> list[Packet]:
    return [Packet(unit, 100.0 + n, n) for n, unit in enumerate(data)]


def test_pictures_are_those_of_the_cpu_and_the_lanes_take_turns(context: Nv12Context, lane: HostLane) -> None:
    decoder, cpu = decoder_for(context, lane), CpuDecoder(INFO)
    for packet in packets(units(moving(5), Recipe(colour={"colorspace": 1, "color_range": 2}))):
        (found,), (expected,) = decoder.decode(packet), cpu.decode(packet)
        assert (found.seq, found.captured_s) == (expected.seq, expected.captured_s)
        assert float((found.rgb.float() - expected.rgb.float()).abs().mean()) <= 1.0
        assert lane.log == ["after default", "mark", "before default"]
        lane.log.clear()
    assert (decoder.flush(), decoder.flush()) == ([], [])


def test_a_stream_again_after_a_flush(context: Nv12Context, lane: HostLane) -> None:
    decoder, stream = decoder_for(context, lane), packets(units(moving(3)))
    for _ in range(2):
        frames = [frame for packet in stream for frame in decoder.decode(packet)] + decoder.flush()
        assert [frame.captured_s for frame in frames] == [100.0, 101.0, 102.0]


def test_a_gpu_that_refuses_the_first_picture_is_told(context: Nv12Context, lane: HostLane) -> None:
    context.fault = av.InvalidDataError(-1094995529, "no format that the GPU has")
    with pytest.raises(DecoderError, match="no format that the GPU has"):
        decoder_for(context, lane).decode(packets(units(moving(1)))[0])


def test_what_no_decoder_could_start_with_is_damaged(context: Nv12Context, lane: HostLane) -> None:
    decoder = decoder_for(context, lane)
    assert decoder.decode(Packet(b"\0\0\0\1\x41", 1.0, 1)) == []
    assert decoder.damaged == 1


def test_later_on_damage_is_counted_and_a_dead_driver_is_told(context: Nv12Context, lane: HostLane) -> None:
    decoder, stream = decoder_for(context, lane), packets(units(moving(3)))
    assert len(decoder.decode(stream[0])) == 1
    context.fault = av.InvalidDataError(-1094995529, "damaged")
    assert (decoder.decode(stream[1]), decoder.damaged) == ([], 1)
    context.fault = av.ExternalError(-542398533, "CUDA_ERROR_ECC_UNCORRECTABLE")
    with pytest.raises(DecoderError, match="ECC"):
        decoder.decode(stream[2])


def test_what_refers_to_damage_is_held_up_until_a_start_anew(context: Nv12Context, lane: HostLane) -> None:
    decoder, stream = decoder_for(context, lane), packets(units(moving(4)))
    assert len(decoder.decode(stream[0])) == 1
    context.fault = av.InvalidDataError(-1094995529, "damaged")
    decoder.decode(stream[1])
    context.fault = None
    assert [decoder.decode(packet) for packet in stream[2:]] == [[], []]
    assert decoder.damaged == 3
    decoder.flush()
    assert len(decoder.decode(stream[0])) == 1


def test_other_forms_than_nv12_are_told(context: Nv12Context, lane: HostLane) -> None:
    stream = packets(units(moving(1), Recipe(pixel_format="yuv444p")))
    with pytest.raises(DecoderError, match="4:2:0"):
        decoder_for(context, lane).decode(stream[0])


def test_what_was_read_is_waited_for_though_a_later_picture_is_refused(lane: HostLane) -> None:
    good, bad = (av.CodecContext.create("h264", "r") for _ in range(2))
    (first,) = (
        in_nv12(frame) for unit in units(moving(1)) for frame in [*good.decode(av.Packet(unit)), *good.decode()]
    )
    clip = units(moving(1), Recipe(pixel_format="yuv444p"))
    (second,) = (frame for unit in clip for frame in [*bad.decode(av.Packet(unit)), *bad.decode()])

    class Both:
        def decode(self, packet: object) -> list[av.VideoFrame]:
            return [first, second]

    with pytest.raises(DecoderError, match="4:2:0"):
        decoder_for(Both(), lane).decode(packets(units(moving(1)))[0])
    assert lane.log == ["after default", "mark", "before default"]


def test_ffmpeg_is_given_the_context_that_torch_has_made_current(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    @contextmanager
    def on(device: torch.device) -> Iterator[None]:
        told.append(f"on {device}")
        yield
        told.append("back")

    def accelerated(kind: str, *, device: str, options: dict[str, str], is_hw_owned: bool, **more: object) -> str:
        assert (kind, is_hw_owned) == ("cuda", True)
        return f"{device} {sorted(options.items())}"

    def create(codec: str, mode: str, hwaccel: str) -> object:
        told.append(f"{codec} {hwaccel}")
        raise av.ArgumentError(22, "no driver")

    monkeypatch.setattr(torch.cuda, "device", on)
    monkeypatch.setattr(torch, "zeros", lambda *size, device: told.append(f"a call on {device}"))
    monkeypatch.setattr("murai.sources.decoder_hwaccel.HWAccel", accelerated)
    monkeypatch.setattr(av.CodecContext, "create", create)
    with pytest.raises(DecoderError, match="no driver"):
        open_context(INFO, torch.device("cuda", 1))
    assert told == ["on cuda:1", "a call on cuda:1", "h264 1 [('current_ctx', '1'), ('primary_ctx', '0')]"]


def test_without_a_gpu_there_is_a_reason() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(DecoderError, match="h264"):
        open_context(INFO, torch.device("cuda", 0))
