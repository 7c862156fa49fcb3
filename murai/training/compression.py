"""What cameras' compression does to pictures: JPEG by Pillow, H.264 by x264.

Pictures are (N, 3, H, W) float RGB in [0, 1], and so are the answers, on the same device; the work is the CPU's.
"""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import av
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

_FRAMES_A_SECOND = Fraction(30)


def through_jpeg(pictures: Tensor, quality: int) -> Tensor:
    """Each picture written as JPEG and read again. quality: 1 to 95, as Pillow counts."""
    return _as_pictures([_jpeg(picture, quality) for picture in _as_arrays(pictures)], pictures)


def _jpeg(picture: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    written = io.BytesIO()
    Image.fromarray(picture).save(written, "JPEG", quality=quality)
    return np.asarray(Image.open(written))


def through_h264(pictures: Tensor, qp: int) -> Tensor:
    """All pictures as the key frames of one film, written and read again: one encoder is opened for all.

    qp: 0 (only colours lose their fineness) to 51; cameras work at 25 to 40.
    """
    height, width = pictures.shape[2:]
    # Its colours have half the size, so sides must be even.
    even = F.pad(pictures, [0, width % 2, 0, height % 2], mode="replicate")
    packets = _encoded(_as_arrays(even), qp)
    return _as_pictures(_decoded(packets), pictures)[..., :height, :width]


def _encoded(pictures: NDArray[np.uint8], qp: int) -> list[Any]:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.height, encoder.width = pictures.shape[1:3]
    encoder.pix_fmt = "yuv420p"
    encoder.framerate = _FRAMES_A_SECOND
    encoder.thread_count = 1
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "qp": str(qp), "g": "1"}
    packets: list[Any] = []
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = number
        packets += encoder.encode(frame)
    return packets + encoder.encode(None)


def _decoded(packets: list[Any]) -> list[NDArray[np.uint8]]:
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_count = 1
    frames = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in frames]


def _as_arrays(pictures: Tensor) -> NDArray[np.uint8]:
    """(N, H, W, 3), contiguous."""
    rounded = (pictures.detach().float() * 255.0).round().clamp(0.0, 255.0).to(torch.uint8)
    return rounded.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def _as_pictures(arrays: list[NDArray[np.uint8]], like: Tensor) -> Tensor:
    pictures = torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2)
    return pictures.to(like.device).to(like.dtype) / 255.0
