import importlib.util
import logging
import os
from dataclasses import replace

import pytest
import torch

from murai.core.media import Packet, StreamInfo
from murai.sources import open_decoder
from murai.sources.decoder_cpu import CpuDecoder
from murai.sources.decoders import nvdec_obstacle
from tests.sources.clips import moving, units

INFO = StreamInfo("h264", 160, 96, 25.0, "test")


def test_the_cpu_decodes_for_the_cpu() -> None:
    assert isinstance(open_decoder(INFO, "cpu"), CpuDecoder)


@pytest.mark.parametrize(
    ("codec", "reason"), [("h264", "PyNvVideoCodec is not installed"), ("png", "NVDEC doesn't decode png")]
)
def test_why_nvdec_is_passed_over(codec: str, reason: str) -> None:
    if importlib.util.find_spec("PyNvVideoCodec") is not None:
        pytest.skip("PyNvVideoCodec is installed here")
    assert reason in nvdec_obstacle(replace(INFO, codec=codec))


@pytest.mark.gpu
def test_on_cuda_frames_are_sent_up_and_the_reason_is_said(caplog: pytest.LogCaptureFixture) -> None:
    if not torch.cuda.is_available():
        assert os.environ.get("MURAI_REQUIRE_GPU") != "1", "a GPU is required"
        pytest.skip("no GPU")
    data = units(moving(20))
    with caplog.at_level(logging.INFO):
        above = open_decoder(INFO, "cuda")
    assert "on the CPU" in caplog.text
    below = open_decoder(INFO, "cpu")
    for n, unit in enumerate(data):
        (sent,), (kept,) = above.decode(Packet(unit, float(n), n)), below.decode(Packet(unit, float(n), n))
        assert sent.rgb.device.type == "cuda"
        assert sent.ready is not None
        torch.cuda.current_stream().wait_event(sent.ready)
        assert torch.equal(sent.rgb.cpu(), kept.rgb)
        assert (sent.seq, sent.captured_s, sent.rgb.stride()) == (n, float(n), (1, 480, 3))
