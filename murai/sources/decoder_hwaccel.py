"""FFmpeg's decoder on an NVIDIA GPU, by PyAV: where PyNvVideoCodec can't be used."""

from __future__ import annotations

from typing import Any

import av
import torch
from av.codec.context import Flags
from av.codec.hwaccel import HWAccel
from torch.utils.dlpack import from_dlpack

from murai.core.frame import Frame
from murai.core.media import Packet, StreamInfo
from murai.errors import DecoderError
from murai.imaging.nv12 import Nv12
from murai.sources.damage import DamageGate
from murai.sources.first_look import codec_of, colours_of, look_at
from murai.sources.gpu_frames import Nv12FrameMaker, SentPackets

HWACCEL_CODECS = ("h264", "hevc", "av1", "vp8", "vp9", "mpeg2video", "mpeg4", "vc1")


def open_context(info: StreamInfo, device: torch.device) -> av.VideoCodecContext:
    """A codec context whose frames stay on the GPU, in the CUDA context that PyTorch uses.

    FFmpeg finds that as the one that is current in this thread. By PyAV's usual option `primary_ctx` it would refuse
    the very same one, because PyTorch, which was there before, hasn't set the flags that FFmpeg wants in it.

    Raises:
        DecoderError: this PyAV has no decoder for the codec on NVIDIA's GPUs, or there is no driver.
    """
    accelerator = HWAccel(
        "cuda",
        device=str(device.index or 0),
        allow_software_fallback=False,
        options={"primary_ctx": "0", "current_ctx": "1"},
        is_hw_owned=True,
    )
    try:
        with torch.cuda.device(device):
            torch.zeros(1, device=device)  # some call of CUDA, for only that makes a context current
            context = av.CodecContext.create(codec_of(info), "r", hwaccel=accelerator)
    except (av.FFmpegError, ValueError, RuntimeError, AssertionError) as fault:  # the last: torch is built without CUDA
        raise DecoderError(f"FFmpeg can't decode {info.codec} on this GPU ({fault})", "see docs/hardware.md") from fault
    if not context.is_hwaccel:
        raise DecoderError(f"this FFmpeg can't decode {info.codec} on a GPU", "install PyAV from its own wheels")
    assert isinstance(context, av.VideoCodecContext)
    if info.extradata:
        context.extradata = info.extradata
    context.width, context.height = info.width_px, info.height_px
    context.thread_count = 1
    context.flags |= Flags.low_delay
    return context


class HwaccelDecoder:
    """FFmpeg's frames on the GPU as RGB. Owned by the capture thread.

    FFmpeg works on its context's default stream: `av_hwdevice_ctx_create` sets none, PyAV has no way to set one, and
    planes take none. In PyTorch's context that is `torch.cuda.default_stream`. NVDEC writes a picture there when it is
    mapped or copied, which is within `decode`; so the lane waits for that stream then. The picture's memory is used
    again by a later `decode`, on that stream too; so that waits for the lane, before the picture is let go. The host
    waits for neither. What it costs: painting is on the default stream as well, so that a picture is converted when
    the painting before it is done, and not beside it.

    Raises:
        DecoderError: in `decode` and `flush`: the GPU can't decode this stream, or the driver failed.
    """

    def __init__(self, info: StreamInfo, context: av.VideoCodecContext, frames: Nv12FrameMaker) -> None:
        self._info = info
        self._context = context
        self._frames = frames
        self._sent = SentPackets()
        self._gate = DamageGate(info)
        self._given = False
        self._refused = 0

    @property
    def damaged(self) -> int:
        return self._refused + self._gate.held

    def decode(self, packet: Packet) -> list[Frame]:
        self._sent.add(packet)
        self._gate.send(packet)
        unit: av.Packet[Any] = av.Packet(packet.data)
        unit.pts = packet.order
        try:
            pictures = self._context.decode(unit)
        except av.FFmpegError as fault:
            self._judge(packet, fault)
            return []
        return self._as_frames(pictures)

    def flush(self) -> list[Frame]:
        try:
            pictures = self._context.decode(None)
        except av.EOFError:  # flushed twice
            return []
        except av.FFmpegError as fault:
            raise self._failed(fault) from fault
        frames = self._as_frames(pictures)
        self._context.flush_buffers()
        self._gate.open()
        self._sent.end()
        return frames

    def close(self) -> None:
        """Nothing to give back: the codec goes with the decoder."""

    def _judge(self, packet: Packet, fault: av.FFmpegError) -> None:
        """Whether the packet is to blame, or the GPU: that is so if the CPU can decode a first picture."""
        started = self._given or look_at(self._info, packet.data) is None
        if not (started and isinstance(fault, av.InvalidDataError)):
            raise self._failed(fault) from fault
        self._refused += 1
        self._gate.refused(packet)

    def _as_frames(self, pictures: list[av.VideoFrame]) -> list[Frame]:
        whole = self._gate.passed(pictures)
        if not whole:
            return []
        self._given = True
        lane = self._frames.lane
        with lane.entered():
            lane.after_default()
            try:
                return [self._frame(picture) for picture in whole]
            finally:
                lane.before_default()

    def _frame(self, picture: av.VideoFrame) -> Frame:
        try:
            # By capsule, for these planes take no stream; the lane has waited already.
            luma, chroma = (from_dlpack(plane.__dlpack__()) for plane in picture.planes)
        except (NotImplementedError, ValueError) as fault:
            what = f"{self._info.title} is in another form than 4:2:0 ({fault})"
            raise DecoderError(what, "the GPU's decoder is used for 4:2:0 only") from fault
        captured_s = self._sent.captured_s(picture.pts)
        return self._frames.of_nv12(Nv12(luma, chroma), colours_of(picture, self._info), captured_s)

    def _failed(self, fault: Exception) -> DecoderError:
        return DecoderError(f"FFmpeg's decoder on the GPU failed for {self._info.title} ({fault})", "starting again")
