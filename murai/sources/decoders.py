"""Which decoder a stream gets on which device, and why."""

from __future__ import annotations

import importlib.util
import logging

from murai.core.media import Decoder, StreamInfo

_log = logging.getLogger(__name__)
_NVDEC_CODECS = ("h264", "hevc", "mjpeg", "vp8", "vp9", "av1", "mpeg4", "mpeg2video")


def open_decoder(info: StreamInfo, device: str) -> Decoder:
    """A decoder whose frames lie on `device` ("cpu", "cuda" or "cuda:N").

    On CUDA that is NVDEC where it can be used. Where it can't, the reason is logged, the CPU
    decodes, and the pictures are sent up beside the painting.

    Raises:
        MediaError: the codec can't be decoded here.
    """
    from murai.sources.decoder_cpu import CpuDecoder

    if not device.startswith("cuda"):
        return CpuDecoder(info)
    from murai.sources.decoder_upload import UploadingDecoder

    _log.info("decoding %s on the CPU: %s", info.title, nvdec_obstacle(info))
    return UploadingDecoder(CpuDecoder(info), device)


def nvdec_obstacle(info: StreamInfo) -> str:
    """Why NVDEC isn't used."""
    codec = info.codec.removeprefix("lib").split("-")[-1]
    if codec not in _NVDEC_CODECS:
        return f"NVDEC doesn't decode {info.codec}"
    if importlib.util.find_spec("PyNvVideoCodec") is None:
        return "PyNvVideoCodec is not installed (the extras cuda12 and cuda13 have it)"
    return "this version of Murai has no NVDEC decoder yet"
