"""NVIDIA's decoder straight into GPU memory, by PyNvVideoCodec.

Its `PyNvDecoder` is used without a demuxer: each call of `Decode` gets one access unit that is marked as a whole
picture, so that the parser waits for no further one. It gives NV12 (P016 where there are more than 8 bits), doesn't
say what colours they are (`first_look` does), and conceals damage in silence: a damaged picture is noticed here where
none comes. A failing driver call within PyNvVideoCodec may end the whole process; that is for the service to handle.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from torch.utils.dlpack import from_dlpack

from murai.core.frame import Frame
from murai.core.media import Packet, StreamInfo
from murai.errors import DecoderError
from murai.imaging.nv12 import Nv12
from murai.sources.access_units import AccessUnits, sequence_headers
from murai.sources.first_look import Look, codec_of, look_at
from murai.sources.gpu_frames import Nv12FrameMaker, SentPackets

# FFmpeg's names and those of PyNvVideoCodec.cudaVideoCodec.
NVDEC_CODECS = {"h264": "H264", "hevc": "HEVC", "av1": "AV1", "vp8": "VP8", "vp9": "VP9"}
_FORMATS = ("yuv420p", "yuvj420p", "nv12", "yuv420p10le", "yuv420p12le")
_PATIENCE = 64  # packets without any picture


def load_library() -> Any:
    """The module PyNvVideoCodec, which looks for the driver as it is loaded.

    Raises:
        DecoderError: it isn't installed, or finds no driver that it can use.
    """
    try:
        return importlib.import_module("PyNvVideoCodec")
    except (ImportError, RuntimeError, OSError) as fault:
        what = f"PyNvVideoCodec can't be loaded ({_first_line(fault)})"
        raise DecoderError(what, "install the extra cuda12 or cuda13, and NVIDIA's whole driver") from fault


class NvdecDecoder:
    """Decodes into GPU memory. Owned by the capture thread.

    library: the module PyNvVideoCodec. frames: makes RGB of the pictures in the lane that the decoder works in.

    The session begins with the first picture that can be decoded by itself, and another one with each change of the
    sequence's headers: PyNvVideoCodec would squeeze pictures of another size into the first one's.

    Raises:
        DecoderError: in `decode` and `flush`: the stream is none for NVDEC, or NVDEC or the driver failed.
    """

    def __init__(self, info: StreamInfo, library: Any, frames: Nv12FrameMaker) -> None:
        self._info = info
        self._library = library
        self._faults = (library.PyNvVCException, library.PyNvVCExceptionUnsupported, RuntimeError)
        self._frames = frames
        self._codec = codec_of(info)
        self._units = AccessUnits(self._codec, info.extradata)
        self._headers: tuple[bytes, ...] = ()
        self._look: Look | None = None
        self._session: Any = None
        self._sent = SentPackets()
        self._unit = b""
        self._unanswered = 0
        self._undecodable = 0

    @property
    def damaged(self) -> int:
        return self._undecodable + self._sent.lost

    def decode(self, packet: Packet) -> list[Frame]:
        unit = self._units.annex_b(packet.data)
        frames = self._follow(sequence_headers(self._codec, unit))
        if self._look is None:
            self._begin(packet)
        if self._look is None:
            self._undecodable += 1
        else:
            self._sent.add(packet)
            frames += self._run(unit, packet.order, self._library.VideoPacketFlag.ENDOFPICTURE, self._look)
        self._watch(frames)
        return frames

    def flush(self) -> list[Frame]:
        if self._session is None or self._look is None:
            return []
        frames = self._run(b"", 0, self._library.VideoPacketFlag.ENDOFSTREAM, self._look)
        self._sent.end()
        return frames

    def close(self) -> None:
        """Gives the decoder and its surfaces back."""
        self._session = None

    def _follow(self, headers: tuple[bytes, ...]) -> list[Frame]:
        """Ends the session where the sequence's headers are others than before; the frames still held back."""
        if not headers or headers == self._headers:
            return []
        frames = self.flush()
        self._headers, self._look, self._session = headers, None, None
        return frames

    def _begin(self, packet: Packet) -> None:
        """Opens a session, if `packet` can be decoded by itself and NVDEC can do it."""
        look = look_at(self._info, packet.data)
        if look is None:
            return
        if look.pixel_format not in _FORMATS or look.size_px[0] % 2 or look.size_px[1] % 2:
            kind = f"{look.size_px[0]}x{look.size_px[1]} in {look.pixel_format}"
            raise DecoderError(f"{self._info.title} is {kind}", "NVDEC is used for even sizes in 4:2:0 only")
        library, lane = self._library, self._frames.lane
        try:
            with lane.entered():
                self._session = library.CreateDecoder(
                    gpuid=lane.device.index or 0,
                    codec=getattr(library.cudaVideoCodec, NVDEC_CODECS[self._codec]),
                    cudacontext=0,  # the device's primary one, as PyTorch's
                    cudastream=lane.handle,
                    usedevicememory=True,
                    outputColorType=library.OutputColorType.NATIVE,
                    latency=library.DisplayDecodeLatencyType.LOW,
                )
        except self._faults as fault:
            raise self._failed("can't be opened", fault) from fault
        self._look = look

    def _run(self, unit: bytes, order: int, flag: Any, look: Look) -> list[Frame]:
        """Sends one access unit, or the end, and makes frames of what comes before its memory is used again."""
        sent = self._library.PacketData()
        data = np.frombuffer(unit, np.uint8)
        sent.bsl_data, sent.bsl = (data.ctypes.data, len(unit)) if unit else (0, 0)
        sent.pts, sent.decode_flag = order, int(flag)
        try:
            with self._frames.lane.entered():
                pictures = self._session.Decode(sent)
                self._unit = unit  # the parser had the one before until now
                return [self._frame(picture, look) for picture in pictures]
        except self._faults as fault:
            raise self._failed("failed", fault) from fault

    def _frame(self, picture: Any, look: Look) -> Frame:
        surface = from_dlpack(picture)
        width = surface.shape[1]
        # PyNvVideoCodec before 2.2.4 gives the strides of 16-bit surfaces in bytes; lines are never padded.
        surface = surface.as_strided(surface.shape, (width, 1))
        height = surface.shape[0] * 2 // 3
        nv12 = Nv12(surface[:height], surface[height:].view(height // 2, width // 2, 2))
        return self._frames.of_nv12(nv12, look.colours, self._sent.captured_s(int(picture.getPTS())))

    def _watch(self, frames: list[Frame]) -> None:
        """Gives up where no picture ever came; later on, silence is the supervisor's."""
        if frames:
            self._unanswered = -1
        elif self._unanswered >= 0:
            self._unanswered += 1
        if self._unanswered >= _PATIENCE:
            raise DecoderError(f"NVDEC made no picture of {_PATIENCE} packets of {self._info.title}", "starting again")

    def _failed(self, how: str, fault: Exception) -> DecoderError:
        return DecoderError(f"NVDEC {how} for {self._info.title} ({_first_line(fault)})", "starting again")


def _first_line(fault: Exception) -> str:
    return str(fault).strip().partition("\n")[0] or type(fault).__name__
