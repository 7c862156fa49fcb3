"""Which decoder a stream gets on which device, and why."""

from __future__ import annotations

from murai.core.media import Decoder, StreamInfo


def open_decoder(info: StreamInfo, device: str) -> Decoder:
    """A decoder whose frames lie on `device` ("cpu", "cuda" or "cuda:N").

    On CUDA that is the first of these that can decode the stream: NVDEC (for JPEG nvJPEG), FFmpeg's decoder on the
    GPU, the CPU with an upload beside the painting. Why one is passed over is logged, also where that shows only
    with the first packets.

    Raises:
        MediaError: the codec can't be decoded here.
    """
    # What loads torch waits until it is needed: cameras and packets do without.
    if not device.startswith("cuda"):
        from murai.sources.decoder_cpu import CpuDecoder

        return CpuDecoder(info)
    from murai.sources.decoder_ways import WayfindingDecoder
    from murai.sources.gpu_ways import ways_on_gpu

    return WayfindingDecoder(info.title, ways_on_gpu(info, device))
