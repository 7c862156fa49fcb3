"""NVDEC's decoder with a stand-in for PyNvVideoCodec that decodes on the CPU."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from murai.core.frame import Frame
from murai.core.media import Packet, StreamInfo
from murai.errors import DecoderError
from murai.imaging.nv12 import rgbx_of_nv12
from murai.sources.decoder_cpu import CpuDecoder
from murai.sources.decoder_nvdec import NvdecDecoder, load_library
from murai.sources.gpu_frames import Nv12FrameMaker
from murai.sources.media_file import MediaRequest, open_media
from tests.fakes.lanes import HostLane
from tests.fakes.nvdec import Library
from tests.sources.clips import Recipe, moving, units, write_clip

INFO = StreamInfo("h264", 160, 96, 25.0, "test")
REORDERED = Recipe(options={"preset": "fast", "bf": "2", "b-adapt": "0"})


@pytest.fixture
def lane() -> HostLane:
    return HostLane()


@pytest.fixture
def library(lane: HostLane) -> Library:
    return Library(lane)


def decoder_for(library: Library, info: StreamInfo = INFO) -> NvdecDecoder:
    return NvdecDecoder(info, library, Nv12FrameMaker(library.lane, rgbx_of_nv12, info.quarter_turns))


def packets(data: list[bytes]) -> list[Packet]:
    return [Packet(unit, 100.0 + n, n) for n, unit in enumerate(data)]


def decoded(decoder: NvdecDecoder | CpuDecoder, stream: list[Packet]) -> list[Frame]:
    return [frame for packet in stream for frame in decoder.decode(packet)] + decoder.flush()


def same(found: list[Frame], expected: list[Frame], within: float = 1.0) -> None:
    facts = [[(frame.seq, frame.captured_s, frame.size_px) for frame in frames] for frames in (found, expected)]
    assert facts[0] == facts[1]
    for one, other in zip(found, expected, strict=True):
        assert float((one.rgb.float() - other.rgb.float()).abs().mean()) <= within


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", [1, 5])
def test_pictures_are_those_of_the_cpu(library: Library, matrix: int, full_range: bool) -> None:
    colour = {"colorspace": matrix, "color_range": 2 if full_range else 1}
    stream = packets(units(moving(12), Recipe(colour=colour)))
    found = decoded(decoder_for(library), stream)
    assert len(found) == 12
    same(found, decoded(CpuDecoder(INFO), stream))
    assert library.lane.log == ["mark"] * 12


def test_a_frame_is_there_at_once_and_outlives_the_memory_it_was_decoded_to(library: Library) -> None:
    decoder, cpu = decoder_for(library), CpuDecoder(INFO)
    for packet in packets(units(moving(6))):
        (frame,), (expected,) = decoder.decode(packet), cpu.decode(packet)
        library.sessions[0].surfaces[0].fill_(0)
        same([frame], [expected])
        assert frame.rgb.stride() == (1, 4 * 160, 4)


def test_reordered_pictures_come_in_order_with_their_own_times(library: Library) -> None:
    stream = packets(units(moving(12), REORDERED))
    found = decoded(decoder_for(library), stream)
    assert [frame.captured_s for frame in found] != sorted(frame.captured_s for frame in found)
    same(found, decoded(CpuDecoder(INFO), stream))


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_files_with_headers_apart_become_annex_b(library: Library, tmp_path: Path, codec: str, suffix: str) -> None:
    options = {"preset": "ultrafast", "tune": "zerolatency", "x265-params": "log-level=none"}
    recipe = Recipe(codec, options=options if codec == "libx265" else Recipe().options)
    clip = write_clip(tmp_path / f"clip.{suffix}", moving(8), recipe)
    media = open_media(MediaRequest(f"file:{clip}", "clip", {}))
    data = [bytes(packet) for packet in media.packets if packet.size]
    media.container.close()
    assert media.info.extradata[:1] == b"\1"
    found = decoded(decoder_for(library, media.info), packets(data))
    assert len(found) == 8
    same(found, decoded(CpuDecoder(media.info), packets(data)))


def test_ten_bits_are_decoded(library: Library) -> None:
    recipe = Recipe(pixel_format="yuv420p10le")
    across, down = np.meshgrid(np.arange(160), np.arange(96))
    soft = np.stack([across, down * 2, 200 - across], -1).astype(np.uint8)  # the CPU blurs the edges of 10-bit chroma
    stream = packets(units([soft] * 4, recipe))
    found, expected = decoded(decoder_for(library), stream), decoded(CpuDecoder(INFO), stream)
    assert len(found) == 4
    assert library.sessions[0].surfaces[0].dtype == torch.uint16
    same(found, expected, within=2.0)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_pictures_are_upright(library: Library, turns: int) -> None:
    info = replace(INFO, quarter_turns=turns)
    stream = packets(units(moving(2)))
    same(decoded(decoder_for(library, info), stream), decoded(CpuDecoder(info), stream))


def test_another_size_gets_another_session_and_nothing_is_lost(library: Library) -> None:
    stream = packets(units(moving(3)) + units(moving(3, (96, 64))) + units(moving(3)))
    decoder = decoder_for(library)
    found = decoded(decoder, stream)
    assert [frame.size_px for frame in found] == [(160, 96)] * 3 + [(96, 64)] * 3 + [(160, 96)] * 3
    same(found, decoded(CpuDecoder(INFO), stream))
    assert (len(library.sessions), decoder.damaged) == (3, 0)


def test_the_same_stream_again_keeps_the_session(library: Library) -> None:
    decoder, stream = decoder_for(library), packets(units(moving(4)))
    first, again = decoded(decoder, stream), decoded(decoder, stream)
    assert [frame.seq for frame in first + again] == list(range(8))
    assert all(torch.equal(one.rgb, other.rgb) for one, other in zip(first, again, strict=True))
    assert len(library.sessions) == 1


def test_a_stream_that_was_joined_late_starts_with_its_first_keyframe(library: Library) -> None:
    stream = packets(units(moving(12), Recipe(options={**Recipe().options, "g": "5"})))[2:]
    decoder = decoder_for(library)
    found = decoded(decoder, stream)
    assert [frame.captured_s for frame in found] == [100.0 + n for n in range(5, 12)]
    assert decoder.damaged == 3


def test_packets_without_a_picture_are_damaged(library: Library) -> None:
    library.lost = frozenset({5, 6})
    decoder = decoder_for(library)
    stream = packets(units(moving(45, (64, 32))))
    found = [frame for packet in stream for frame in decoder.decode(packet)]
    assert [frame.captured_s for frame in found] == [
        packet.captured_s for packet in stream if packet.order not in (5, 6)
    ]
    assert decoder.damaged == 2


def test_a_stream_that_is_none_for_nvdec_is_told(library: Library) -> None:
    stream = packets(units(moving(2), Recipe(pixel_format="yuv444p")))
    with pytest.raises(DecoderError, match="yuv444p"):
        decoder_for(library).decode(stream[0])
    assert not library.sessions


def test_what_the_gpu_cannot_decode_is_told(library: Library) -> None:
    library.unsupported = True
    with pytest.raises(DecoderError, match=r"Codec not supported on this GPU\)"):
        decoder_for(library).decode(packets(units(moving(1)))[0])


def test_a_dying_driver_is_told(library: Library) -> None:
    library.fails_at = 3
    decoder, stream = decoder_for(library), packets(units(moving(5)))
    assert all(len(decoder.decode(packet)) == 1 for packet in stream[:3])
    with pytest.raises(DecoderError, match="CUDA_ERROR_UNKNOWN"):
        decoder.decode(stream[3])


def test_silence_from_the_beginning_is_told(library: Library) -> None:
    library.lost = range(100)
    decoder = decoder_for(library)
    with pytest.raises(DecoderError, match="no picture"):
        decoded(decoder, packets(units(moving(70, (64, 32)))))


def test_sent_bytes_stay_until_the_next_packet(library: Library) -> None:
    decoder, stream = decoder_for(library), packets(units(moving(4)))
    decoded(decoder, stream)
    assert library.sessions[0].units == [packet.data for packet in stream]
    assert all(one != other for one, other in pairwise(library.sessions[0].units))


def test_a_library_that_finds_no_driver_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = "raise RuntimeError('libnvidia-encode.so.1: cannot open\\n\\n=== TROUBLESHOOTING STEPS ===')"
    (tmp_path / "PyNvVideoCodec.py").write_text(broken, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "PyNvVideoCodec", raising=False)
    with pytest.raises(DecoderError, match=r"\(libnvidia-encode.so.1: cannot open\)") as caught:
        load_library()
    assert "TROUBLESHOOTING" not in str(caught.value)


def test_a_library_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    missing: dict[str, ModuleType | None] = {"PyNvVideoCodec": None}
    for name, module in missing.items():
        monkeypatch.setitem(sys.modules, name, module)
    with pytest.raises(DecoderError, match="can't be loaded"):
        load_library()
