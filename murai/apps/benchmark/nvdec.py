"""How many pictures NVDEC gives when nothing is done with them."""

from __future__ import annotations

from itertools import count

import numpy as np

from murai.apps.benchmark.footage import Clip
from murai.apps.benchmark.stopwatch import time_calls


def nvdec_alone_fps(clip: Clip, seconds: float) -> float:
    """Pictures a second of a clip in H.264, left in the decoder's own surfaces on the GPU.

    Raises:
        ImportError, RuntimeError, OSError: PyNvVideoCodec is not installed, or has no driver here.
    """
    import PyNvVideoCodec as nvc  # noqa: N813  # the name its makers use

    decoder = nvc.CreateDecoder(
        gpuid=0,
        codec=nvc.cudaVideoCodec.H264,
        cudacontext=0,
        cudastream=0,
        usedevicememory=True,
        outputColorType=nvc.OutputColorType.NATIVE,
        latency=nvc.DisplayDecodeLatencyType.LOW,
    )
    numbers = count()

    def decode() -> None:
        data = clip.packets[next(numbers) % len(clip.packets)].data
        packet = nvc.PacketData()
        packet.bsl_data, packet.bsl = _address(data), len(data)
        packet.decode_flag = nvc.VideoPacketFlag.ENDOFPICTURE
        decoder.Decode(packet)

    return time_calls(decode, seconds).fps


def _address(data: bytes) -> int:
    return int(np.frombuffer(data, np.uint8).ctypes.data)
