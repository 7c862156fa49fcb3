"""JPEG on a GPU, with decoders in the place of torchvision's and nvImageCodec's."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from murai.core.media import Packet, StreamInfo
from murai.errors import DecoderError
from murai.sources.decoder_jpeg import JpegDecoder, open_jpeg
from murai.sources.gpu_frames import FrameMaker
from tests.fakes.lanes import HostLane
from tests.sources.clips import moving

INFO = StreamInfo("mjpeg", 160, 96, 25.0, "test")
# The two libraries with the very signatures that are used of them; Pillow decodes.
TORCHVISION = """
import io, enum, numpy, torch
from PIL import Image
class ImageReadMode(enum.Enum):
    UNCHANGED = 0
    RGB = 3
def decode_jpeg(input, mode=ImageReadMode.UNCHANGED, device="cpu", apply_exif_orientation=False):
    assert input.dtype == torch.uint8 and input.ndim == 1 and input.device.type == "cpu"
    assert mode is ImageReadMode.RGB and device == torch.device("cpu")
    try:
        return torch.from_numpy(numpy.array(Image.open(io.BytesIO(input.numpy().tobytes())))).permute(2, 0, 1)
    except OSError as fault:
        raise RuntimeError(str(fault))
"""
NVIMGCODEC = """
import io, numpy
from PIL import Image
class DecodeParams:
    def __init__(self, apply_exif_orientation=True, allow_any_depth=False):
        assert not apply_exif_orientation
class Decoder:
    def __init__(self, device_id=-1):
        assert device_id == 0
    def decode(self, src, params=None, cuda_stream=0):
        assert cuda_stream == 0x51A4E
        try:
            return numpy.array(Image.open(io.BytesIO(src)))
        except OSError:
            return None
"""


def jpeg(n: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(moving(5)[n]).save(file, "JPEG", quality=90)
    return file.getvalue()


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, source: str) -> None:
    package, _, module = name.partition(".")
    for loaded in (package, name):
        monkeypatch.delitem(sys.modules, loaded, raising=False)
    (folder / package).mkdir()
    (folder / package / "__init__.py").touch()
    (folder / package / f"{module}.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)


@pytest.mark.parametrize(("name", "source"), [("torchvision.io", TORCHVISION), ("nvidia.nvimgcodec", NVIMGCODEC)])
def test_pictures_are_decoded_and_turned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, source: str
) -> None:
    if name != "torchvision.io":
        monkeypatch.setitem(sys.modules, "torchvision.io", None)  # type: ignore[arg-type]
    install(tmp_path, monkeypatch, name, source)
    lane = HostLane()
    decoder = JpegDecoder(replace(INFO, quarter_turns=1), open_jpeg(lane), FrameMaker(lane))
    (frame,) = decoder.decode(Packet(jpeg(2), 7.5, 3))
    expected = np.rot90(np.array(Image.open(io.BytesIO(jpeg(2)))), -1)
    assert np.array_equal(frame.rgb.permute(1, 2, 0).numpy(), expected)
    assert (frame.captured_s, frame.seq, frame.rgb.stride()) == (7.5, 0, (1, 4 * 96, 4))
    assert (decoder.decode(Packet(b"\xff\xd8no", 8.5, 4)), decoder.damaged) == ([], 1)
    assert decoder.flush() == []
    # nvImageCodec works on the stream that it is given.
    assert lane.log == (["beside", "mark", "beside"] if name == "torchvision.io" else ["mark"])


def test_upright_pictures_are_not_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "rot90", None)  # it copies whatever it is asked
    rgb = torch.from_numpy(moving(5)[0])
    (frame,) = JpegDecoder(INFO, lambda data: rgb, FrameMaker(HostLane())).decode(Packet(b"", 0.0, 0))
    assert torch.equal(frame.rgb.permute(1, 2, 0), rgb)


def test_one_that_decodes_nothing_gives_up() -> None:
    def broken(data: bytes) -> torch.Tensor:
        raise RuntimeError("nvjpegCreate failed: 6\nand more")

    decoder = JpegDecoder(INFO, broken, FrameMaker(HostLane()))
    for n in range(9):
        assert decoder.decode(Packet(jpeg(0), 0.0, n)) == []
    with pytest.raises(DecoderError, match=r"\(nvjpegCreate failed: 6\)"):
        decoder.decode(Packet(jpeg(0), 0.0, 9))


def test_without_any_library_both_reasons_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torchvision.io", "nvidia.nvimgcodec"):
        monkeypatch.setitem(sys.modules, name, None)  # type: ignore[arg-type]
    with pytest.raises(DecoderError, match=r"torchvision.io: .*nvidia.nvimgcodec: "):
        open_jpeg(HostLane())
