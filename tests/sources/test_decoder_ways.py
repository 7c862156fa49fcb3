"""Going over from one way of decoding to the next."""

from __future__ import annotations

import logging

import pytest

from murai.core.frame import Frame
from murai.core.media import Decoder, Packet, StreamInfo
from murai.errors import DecoderError
from murai.imaging.nv12 import rgbx_of_nv12
from murai.sources.decoder_cpu import CpuDecoder
from murai.sources.decoder_nvdec import NvdecDecoder
from murai.sources.decoder_ways import Way, WayfindingDecoder
from murai.sources.gpu_frames import Nv12FrameMaker
from tests.fakes.lanes import HostLane
from tests.fakes.nvdec import Library
from tests.sources.clips import moving, units

INFO = StreamInfo("h264", 64, 32, 25.0, "test")


def packets(count: int) -> list[Packet]:
    return [Packet(unit, 100.0 + n, n) for n, unit in enumerate(units(moving(count, (64, 32))))]


def nvdec(library: Library) -> Decoder:
    return NvdecDecoder(INFO, library, Nv12FrameMaker(library.lane, rgbx_of_nv12, 0))


def missing() -> Decoder:
    raise DecoderError("it isn't here", "install it")


def way_to(library: Library) -> WayfindingDecoder:
    return WayfindingDecoder("test", [Way("one", missing), Way("two", lambda: nvdec(library)), CPU])


CPU = Way("the CPU", lambda: CpuDecoder(INFO))


def seen(frames: list[Frame]) -> list[tuple[int, float]]:
    return [(frame.seq, frame.captured_s) for frame in frames]


@pytest.fixture
def library() -> Library:
    return Library(HostLane())


def test_what_cannot_be_opened_is_passed_over(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        decoder = way_to(library)
    assert [record.getMessage() for record in caplog.records] == [
        "test isn't decoded by one: it isn't here: install it",
        "test is decoded by two",
    ]
    assert len(decoder.decode(packets(1)[0])) == 1
    assert len(library.sessions) == 1


def test_what_fails_with_its_first_packet_is_passed_over(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    library.unsupported = True
    decoder = way_to(library)
    with caplog.at_level(logging.INFO):
        frames = [frame for packet in packets(3) for frame in decoder.decode(packet)]
    assert seen(frames) == [(0, 100.0), (1, 101.0), (2, 102.0)]
    assert "Codec not supported on this GPU" in caplog.text
    assert "test is decoded by the CPU" in caplog.text


def test_what_never_gives_a_picture_is_passed_over_and_nothing_is_lost(library: Library) -> None:
    library.lost = range(100)
    decoder, stream = way_to(library), packets(70)
    frames = [frame for packet in stream for frame in decoder.decode(packet)]
    assert seen(frames) == [(n, 100.0 + n) for n in range(70)]
    assert decoder.damaged == 0


def test_a_stream_that_ends_before_its_first_picture_is_decoded_by_the_next(library: Library) -> None:
    library.fails_at = 1
    library.lost = range(100)
    decoder, stream = way_to(library), packets(1)
    assert decoder.decode(stream[0]) == []
    assert seen(decoder.flush()) == [(0, 100.0)]


def test_once_it_worked_a_failure_is_an_error(library: Library) -> None:
    library.fails_at = 2
    decoder, stream = way_to(library), packets(3)
    assert [len(decoder.decode(packet)) for packet in stream[:2]] == [1, 1]
    with pytest.raises(DecoderError, match="CUDA_ERROR_UNKNOWN"):
        decoder.decode(stream[2])


def test_the_last_way_is_not_passed_over(library: Library) -> None:
    with pytest.raises(DecoderError, match="it isn't here"):
        WayfindingDecoder("test", [Way("one", missing), Way("two", missing)])
