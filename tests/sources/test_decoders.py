"""Which decoder a stream gets, and on a GPU whether all of them show the same."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
import torch

from murai.core.frame import Frame
from murai.core.media import Decoder, Packet, StreamInfo
from murai.errors import DecoderError
from murai.sources import open_decoder
from murai.sources.decoder_cpu import CpuDecoder
from murai.sources.gpu_ways import ways_on_gpu
from tests.sources.clips import Recipe, moving, units

INFO = StreamInfo("h264", 160, 96, 25.0, "test")
NVDEC, FFMPEG, NVJPEG, CPU = "NVDEC", "FFmpeg on the GPU", "nvJPEG", "the CPU, and sent to the GPU"


def test_the_cpu_decodes_for_the_cpu() -> None:
    assert isinstance(open_decoder(INFO, "cpu"), CpuDecoder)


@pytest.mark.parametrize(
    ("codec", "names"),
    [
        ("h264", [NVDEC, FFMPEG, CPU]),
        ("libdav1d", [NVDEC, FFMPEG, CPU]),
        ("mpeg4", [FFMPEG, CPU]),
        ("mjpeg", [NVJPEG, CPU]),
        ("rawvideo", [CPU]),
        ("png", [CPU]),
    ],
)
def test_the_ways_on_a_gpu_begin_with_the_best(codec: str, names: list[str]) -> None:
    assert [way.name for way in ways_on_gpu(replace(INFO, codec=codec), "cuda")] == names


def decoded(decoder: Decoder, data: list[bytes]) -> list[Frame]:
    stream = [Packet(unit, float(n), n) for n, unit in enumerate(data)]
    return [frame for packet in stream for frame in decoder.decode(packet)] + decoder.flush()


def same(found: list[Frame], expected: list[Frame]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.rgb.device.type == "cuda"
        assert one.ready is not None
        one.ready.synchronize()
        assert (one.seq, one.captured_s, one.size_px) == (other.seq, other.captured_s, other.size_px)
        assert float((one.rgb.cpu().float() - other.rgb.float()).abs().mean()) <= 2.0


@pytest.mark.gpu
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", [1, 5])
@pytest.mark.parametrize("way", [NVDEC, FFMPEG, CPU])
def test_on_a_gpu_each_way_shows_what_the_cpu_does(way: str, matrix: int, full_range: bool) -> None:
    size_px = (640, 368)  # NVDEC has a least size
    info = replace(INFO, width_px=size_px[0], height_px=size_px[1])
    data = units(moving(20, size_px), Recipe(colour={"colorspace": matrix, "color_range": 1 + full_range}))
    chosen = next(each for each in ways_on_gpu(info, "cuda") if each.name == way)
    try:
        decoder = chosen.open()
    except DecoderError as fault:
        pytest.skip(str(fault))
    same(decoded(decoder, data), decoded(CpuDecoder(info), data))
    decoder.close()


@pytest.mark.gpu
def test_on_a_gpu_some_way_is_found_and_told(caplog: pytest.LogCaptureFixture) -> None:
    size_px = (640, 368)
    info = replace(INFO, width_px=size_px[0], height_px=size_px[1])
    data = units(moving(20, size_px))
    with caplog.at_level(logging.INFO):
        decoder = open_decoder(info, "cuda")
        same(decoded(decoder, data), decoded(CpuDecoder(info), data))
    assert "test is decoded by" in caplog.text
    assert torch.cuda.is_available()
