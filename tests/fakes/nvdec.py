"""PyNvVideoCodec without a GPU: PyAV decodes, and everything that may go wrong in its use is looked after.

It takes what PyNvVideoCodec 2.2 takes (names, types and defaults are those that its own module shows), gives NV12 or
P016 by DLPack in memory that the next `Decode` uses again, squeezes pictures of another size into the session's
first, and complains of a packet that is not exactly one access unit in Annex B, or whose bytes go away meanwhile.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import av
import numpy as np
import torch
from av.codec.context import Flags

from tests.fakes.lanes import HostLane

SCRIBBLE = 0x55


class OutputColorType(IntEnum):
    NATIVE = 0
    RGB = 1
    RGBP = 2


class DisplayDecodeLatencyType(IntEnum):
    NATIVE = 0
    LOW = 1
    ZERO = 2


class VideoPacketFlag(IntEnum):
    ENDOFSTREAM = 1
    TIMESTAMP = 2
    DISCONTINUITY = 4
    ENDOFPICTURE = 8
    NOTIFY_EOS = 16


class cudaVideoCodec(IntEnum):  # noqa: N801 - its name there
    H264 = 4
    HEVC = 8
    VP8 = 9
    VP9 = 10
    AV1 = 11


class PyNvVCException(Exception):
    """Neither of these is a RuntimeError there either."""


class PyNvVCExceptionUnsupported(Exception):
    pass


class PacketData:
    """As there: a change of any other attribute is an error."""

    __slots__ = ("bDiscontinuity", "bsl", "bsl_data", "decode_flag", "dts", "pts")

    def __init__(self) -> None:
        self.bsl = self.bsl_data = self.pts = self.dts = self.decode_flag = self.bDiscontinuity = 0


class Library:
    """The module. `sessions`: those that were opened.

    unsupported: `CreateDecoder` refuses. lost: time-stamps of pictures that never come. fails_at: the number of the
    `Decode`, from 0, that raises what a dead driver raises; None for never.
    """

    OutputColorType = OutputColorType
    DisplayDecodeLatencyType = DisplayDecodeLatencyType
    VideoPacketFlag = VideoPacketFlag
    cudaVideoCodec = cudaVideoCodec  # noqa: N815
    PyNvVCException = PyNvVCException
    PyNvVCExceptionUnsupported = PyNvVCExceptionUnsupported
    PacketData = PacketData

    def __init__(self, lane: HostLane) -> None:
        self.lane = lane
        self.sessions: list[Session] = []
        self.unsupported = False
        self.lost: frozenset[int] | range = frozenset()
        self.fails_at: int | None = None

    def CreateDecoder(  # noqa: N802
        self,
        gpuid: int = 0,
        codec: cudaVideoCodec = cudaVideoCodec.H264,
        cudacontext: int = 0,
        cudastream: int = 0,
        usedevicememory: bool = False,
        outputColorType: OutputColorType = OutputColorType.NATIVE,  # noqa: N803
        latency: DisplayDecodeLatencyType = DisplayDecodeLatencyType.NATIVE,
    ) -> Session:
        assert self.lane.depth > 0, "the device isn't current"
        assert (gpuid, cudacontext, cudastream, usedevicememory) == (0, 0, self.lane.handle, True)
        assert (outputColorType, latency) == (OutputColorType.NATIVE, DisplayDecodeLatencyType.LOW)
        if self.unsupported:
            raise PyNvVCExceptionUnsupported("Codec not supported on this GPU\nCUDA_ERROR_NOT_SUPPORTED")
        self.sessions.append(Session(self, codec))
        return self.sessions[-1]


class Session:
    """PyNvDecoder. `units`: what was sent; `surfaces`: the memory of its pictures."""

    def __init__(self, library: Library, codec: cudaVideoCodec) -> None:
        self._library = library
        self._codec = codec.name.lower()
        self._decoder = _decoder(self._codec)
        self._size_px: tuple[int, int] | None = None
        self.units: list[bytes] = []
        self.surfaces: list[torch.Tensor] = []

    def Decode(self, packet: PacketData) -> list[DecodedFrame]:  # noqa: N802
        assert self._library.lane.depth > 0, "the decoder's stream isn't current"
        for surface in self.surfaces:
            surface.fill_(SCRIBBLE)
        if self._library.fails_at == len(self.units):
            raise PyNvVCException("cuvidParseVideoData : CUDA_ERROR_UNKNOWN\nat NvDecoder.cpp")
        if packet.bsl == 0:
            assert (packet.bsl_data, packet.decode_flag) == (0, VideoPacketFlag.ENDOFSTREAM)
            return self._ended()
        assert type(packet.decode_flag) is int and packet.decode_flag == VideoPacketFlag.ENDOFPICTURE
        unit = ctypes.string_at(packet.bsl_data, packet.bsl)
        self._check(unit)
        self.units.append(unit)
        frames = self._decoded(unit, packet.pts)
        rubbish = [bytearray(packet.bsl) for _ in range(8)]
        assert ctypes.string_at(packet.bsl_data, packet.bsl) == unit, f"the bytes went away: {len(rubbish)}"
        return [frame for frame in frames if frame.pts not in self._library.lost]

    def _check(self, unit: bytes) -> None:
        if self._codec not in ("h264", "hevc"):
            return
        assert unit.startswith((b"\0\0\0\1", b"\0\0\1")), "not Annex B"
        parser = av.CodecContext.create(self._codec, "r")
        assert len(parser.parse(unit) + parser.parse(None)) == 1, "not one access unit"

    def _decoded(self, unit: bytes, pts: int) -> list[DecodedFrame]:
        sent: av.Packet[Any] = av.Packet(unit)
        sent.pts = pts
        try:
            return self._surfaces_of(self._decoder.decode(sent))
        except av.FFmpegError:  # concealed, or nothing
            return []

    def _ended(self) -> list[DecodedFrame]:
        last = self._surfaces_of(self._decoder.decode(None))
        self._decoder.flush_buffers()
        return last

    def _surfaces_of(self, frames: list[av.VideoFrame]) -> list[DecodedFrame]:
        return [self._surface(number, frame) for number, frame in enumerate(frames)]

    def _surface(self, number: int, frame: av.VideoFrame) -> DecodedFrame:
        self._size_px = self._size_px or (frame.width, frame.height)
        if (frame.width, frame.height) != self._size_px:
            pts = frame.pts
            frame = frame.reformat(*self._size_px)
            frame.pts = pts
        pixels = surface_of(frame)
        if number == len(self.surfaces):
            self.surfaces.append(pixels)
        self.surfaces[number].copy_(pixels)
        assert frame.pts is not None
        return DecodedFrame(self.surfaces[number], frame.pts)


@dataclass(frozen=True)
class DecodedFrame:
    surface: torch.Tensor
    pts: int

    def getPTS(self) -> int:  # noqa: N802
        return self.pts

    def __dlpack__(self, stream: object = 0) -> object:
        return self.surface.__dlpack__()

    def __dlpack_device__(self) -> tuple[IntEnum, int]:
        return self.surface.__dlpack_device__()


def surface_of(frame: av.VideoFrame) -> torch.Tensor:
    """(1.5 H, W): a frame in 4:2:0 as NV12, or as P016 with the samples in the high bits."""
    deep = frame.format.components[0].bits
    luma, cb, cr = (_plane(frame, number, deep) for number in range(3))
    chroma = np.stack([cb, cr], -1).reshape(cb.shape[0], -1)
    return torch.from_numpy(np.concatenate([luma, chroma]))


def _plane(frame: av.VideoFrame, number: int, bits: int) -> np.ndarray:
    plane: Any = frame.planes[number]
    kind = np.uint8 if bits == 8 else np.uint16
    lines = np.frombuffer(plane, kind).reshape(plane.height, -1)[:, : plane.width]
    return lines.copy() if bits == 8 else (lines << (16 - bits)).astype(kind)


def _decoder(codec: str) -> av.VideoCodecContext:
    decoder = av.CodecContext.create(codec, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_count = 1
    decoder.flags |= Flags.low_delay
    return decoder
