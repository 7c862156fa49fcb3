"""The ways of decoding a stream for a GPU, the best one first."""

from __future__ import annotations

from functools import partial

from murai.core.media import Decoder, StreamInfo
from murai.imaging.nv12_kernel import open_converter
from murai.sources.decoder_cpu import CpuDecoder
from murai.sources.decoder_hwaccel import HWACCEL_CODECS, HwaccelDecoder, open_context
from murai.sources.decoder_jpeg import JpegDecoder, open_jpeg
from murai.sources.decoder_nvdec import NVDEC_CODECS, NvdecDecoder, load_library
from murai.sources.decoder_upload import UploadingDecoder
from murai.sources.decoder_ways import Way
from murai.sources.first_look import codec_of
from murai.sources.gpu_frames import FrameMaker, Nv12FrameMaker
from murai.sources.lanes import CudaLane


def ways_on_gpu(info: StreamInfo, device: str) -> list[Way]:
    """How `info` may be decoded for `device`, "cuda" or "cuda:N". The last way is there for every codec."""
    codec, ways = codec_of(info), []
    if codec in NVDEC_CODECS:
        ways.append(Way("NVDEC", partial(_open_nvdec, info, device)))
    if codec in HWACCEL_CODECS:
        ways.append(Way("FFmpeg on the GPU", partial(_open_hwaccel, info, device)))
    if codec == "mjpeg":
        ways.append(Way("nvJPEG", partial(_open_jpeg, info, device)))
    return [*ways, Way("the CPU, and sent to the GPU", partial(_open_upload, info, device))]


def _open_nvdec(info: StreamInfo, device: str) -> Decoder:
    library = load_library()
    return NvdecDecoder(info, library, _nv12_frames(info, device))


def _open_hwaccel(info: StreamInfo, device: str) -> Decoder:
    frames = _nv12_frames(info, device)
    return HwaccelDecoder(info, open_context(info, frames.lane.device), frames)


def _open_jpeg(info: StreamInfo, device: str) -> Decoder:
    lane = CudaLane(device)
    return JpegDecoder(info, open_jpeg(lane), FrameMaker(lane))


def _open_upload(info: StreamInfo, device: str) -> Decoder:
    return UploadingDecoder(CpuDecoder(info), FrameMaker(CudaLane(device)))


def _nv12_frames(info: StreamInfo, device: str) -> Nv12FrameMaker:
    lane = CudaLane(device)
    return Nv12FrameMaker(lane, open_converter(lane.device), info.quarter_turns)
