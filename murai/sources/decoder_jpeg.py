"""JPEG pictures decoded on an NVIDIA GPU, by torchvision or nvImageCodec, which both use nvJPEG."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.utils.dlpack import from_dlpack

from murai.core.frame import Frame
from murai.core.media import Packet, StreamInfo
from murai.errors import DecoderError
from murai.sources.gpu_frames import FrameMaker
from murai.sources.lanes import Lane

# A whole JPEG file to (H, W, 3) uint8 RGB on the lane's device, in the lane; RuntimeError where it is damaged.
DecodeJpeg: TypeAlias = Callable[[bytes], Tensor]
_TRIES = 10


def open_jpeg(lane: Lane) -> DecodeJpeg:
    """What decodes JPEG on this GPU.

    Raises:
        DecoderError: neither torchvision nor nvImageCodec can be used.
    """
    reasons = []
    for name, open_one in (("torchvision.io", _by_torchvision), ("nvidia.nvimgcodec", _by_nvimgcodec)):
        try:
            return open_one(importlib.import_module(name), lane)
        except (ImportError, RuntimeError, OSError) as fault:
            reasons.append(f"{name}: {str(fault).partition(chr(10))[0]}")
    raise DecoderError(f"JPEG can't be decoded on the GPU ({'; '.join(reasons)})", "install torchvision for this torch")


def _by_torchvision(module: Any, lane: Lane) -> DecodeJpeg:
    decode = partial(module.decode_jpeg, mode=module.ImageReadMode.RGB, device=lane.device)

    def in_lane(data: bytes) -> Tensor:
        coded = torch.frombuffer(bytearray(data), dtype=torch.uint8)
        # Its own stream doesn't wait for the one that is current, only the other way round.
        return lane.made_beside(lambda: decode(coded)).permute(1, 2, 0)

    return in_lane


def _by_nvimgcodec(module: Any, lane: Lane) -> DecodeJpeg:
    decoder = module.Decoder(device_id=lane.device.index or 0)
    params = module.DecodeParams(apply_exif_orientation=False)

    def decode(data: bytes) -> Tensor:
        image = decoder.decode(data, params=params, cuda_stream=lane.handle)
        if image is None:
            raise RuntimeError("not a whole JPEG")
        return from_dlpack(image)

    return decode


class JpegDecoder:
    """Frames of a camera's JPEGs. Owned by the capture thread.

    Raises:
        DecoderError: in `decode`: of the first ten pictures, none could be decoded.
    """

    def __init__(self, info: StreamInfo, decode: DecodeJpeg, frames: FrameMaker) -> None:
        self._info = info
        self._decode = decode
        self._frames = frames
        self._given = False
        self.damaged = 0

    def decode(self, packet: Packet) -> list[Frame]:
        with self._frames.lane.entered():
            try:
                rgb = self._decode(packet.data)
            except RuntimeError as fault:
                self._count_damaged(fault)
                return []
            self._given = True
            turns = self._info.quarter_turns
            upright = torch.rot90(rgb, -turns, (0, 1)) if turns else rgb  # no turn would be a copy too
            rgbx = torch.full((*upright.shape[:2], 4), 255, dtype=torch.uint8, device=rgb.device)
            rgbx[..., :3].copy_(upright)
            return [self._frames.of_rgbx(rgbx, packet.captured_s)]

    def flush(self) -> list[Frame]:
        return []

    def close(self) -> None:
        """Nothing to give back: nvJPEG goes with the decoder."""

    def _count_damaged(self, fault: RuntimeError) -> None:
        self.damaged += 1
        if not self._given and self.damaged >= _TRIES:
            what = f"nvJPEG decodes nothing of {self._info.title} ({str(fault).partition(chr(10))[0]})"
            raise DecoderError(what, "starting again") from fault
