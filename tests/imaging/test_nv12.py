"""NV12 to RGB, held against FFmpeg's conversion."""

from __future__ import annotations

import av
import numpy as np
import numpy.typing as npt
import pytest
import torch
from av.video.reformatter import ColorRange, Colorspace

from murai.imaging.nv12 import Nv12, Placement, YuvColours, rgbx_of_nv12, whole

Pixels = npt.NDArray[np.uint8]
SHARES = {Colorspace.ITU709: (0.2126, 0.0722), Colorspace.ITU601: (0.299, 0.114), Colorspace.BT2020: (0.2627, 0.0593)}
BT601 = YuvColours(0.299, 0.114, full_range=False)


def blurred(width: int, height: int) -> Pixels:
    """Bright colours of all kinds, as wide as chroma can follow."""
    rng = np.random.default_rng(3)
    coarse = torch.from_numpy(rng.integers(0, 256, (1, 3, height // 8, width // 8)).astype(np.float32))
    fine = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic")
    return fine.clamp(0, 255).byte()[0].permute(1, 2, 0).contiguous().numpy()


def in_yuv(rgb: Pixels, matrix: Colorspace, full_range: bool) -> av.VideoFrame:
    picture = av.VideoFrame.from_ndarray(rgb, format="rgb24")
    return picture.reformat(format="yuv420p", dst_colorspace=matrix, src_color_range=2, dst_color_range=1 + full_range)


def ffmpegs_rgb(frame: av.VideoFrame, matrix: Colorspace, full_range: bool) -> npt.NDArray[np.int64]:
    source = ColorRange.JPEG if full_range else ColorRange.MPEG
    rgb = frame.reformat(format="rgb24", src_colorspace=matrix, src_color_range=source, dst_color_range=ColorRange.JPEG)
    return rgb.to_ndarray().astype(np.int64)


def nv12_of(frame: av.VideoFrame, pitch: int = 0) -> Nv12:
    """The frame's planes, with lines `pitch` bytes longer than they need to be."""
    luma, cb, cr = (torch.from_numpy(plane_of(frame, number)) for number in range(3))
    chroma = torch.stack([cb, cr], -1)
    wide_luma = torch.zeros(luma.shape[0], luma.shape[1] + pitch, dtype=torch.uint8)
    wide_chroma = torch.zeros(chroma.shape[0], luma.shape[1] + pitch, dtype=torch.uint8)
    wide_luma[:, : luma.shape[1]] = luma
    wide_chroma[:, : luma.shape[1]] = chroma.flatten(1)
    return Nv12(
        wide_luma[:, : luma.shape[1]],
        wide_chroma.as_strided(tuple(chroma.shape), (wide_chroma.stride(0), 2, 1)),
    )


def plane_of(frame: av.VideoFrame, number: int) -> Pixels:
    plane = frame.planes[number]
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width].copy()


def rgb_of(rgbx: torch.Tensor) -> npt.NDArray[np.int64]:
    assert rgbx.dtype == torch.uint8 and rgbx.is_contiguous()
    assert bool((rgbx[..., 3] == 255).all())
    return rgbx[..., :3].numpy().astype(np.int64)


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", list(SHARES))
def test_colours_are_ffmpegs(matrix: Colorspace, full_range: bool) -> None:
    frame = in_yuv(blurred(320, 176), matrix, full_range)
    picture = nv12_of(frame, pitch=32)
    found = rgb_of(rgbx_of_nv12(picture, YuvColours(*SHARES[matrix], full_range), whole(picture)))
    # Bit by bit on x86; elsewhere FFmpeg rounds in other ways.
    assert np.abs(found - ffmpegs_rgb(frame, matrix, full_range)).mean() < 1.0


def test_wrong_colours_would_be_noticed() -> None:
    frame = in_yuv(blurred(320, 176), Colorspace.ITU601, full_range=False)
    picture = nv12_of(frame)
    for wrong in (YuvColours(0.2126, 0.0722, False), YuvColours(0.299, 0.114, True)):
        found = rgb_of(rgbx_of_nv12(picture, wrong, whole(picture)))
        assert np.abs(found - ffmpegs_rgb(frame, Colorspace.ITU601, False)).mean() > 2.0


def test_sixteen_bits_give_what_eight_do() -> None:
    picture = nv12_of(in_yuv(blurred(64, 48), Colorspace.ITU601, full_range=False))
    deep = Nv12(*((plane.int() * 256).to(torch.uint16) for plane in (picture.luma, picture.chroma)))
    assert torch.equal(*(rgbx_of_nv12(each, BT601, whole(each)) for each in (picture, deep)))


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turned_clockwise(turns: int) -> None:
    picture = nv12_of(in_yuv(blurred(64, 48), Colorspace.ITU601, full_range=False))
    upright, turned = (rgbx_of_nv12(picture, BT601, whole(picture, each)) for each in (0, turns))
    assert torch.equal(turned, torch.rot90(upright, -turns, (0, 1)))
    width, height = whole(picture, turns).turned_size_px
    assert turned.shape == (height, width, 4)


def test_a_part_is_cut_out() -> None:
    picture = nv12_of(in_yuv(blurred(64, 48), Colorspace.ITU601, full_range=False))
    part = rgbx_of_nv12(picture, BT601, Placement(10.0, 7.0, 20.0, 30.0, (20, 30)))
    assert torch.equal(part, rgbx_of_nv12(picture, BT601, whole(picture))[7:37, 10:30])


@pytest.mark.parametrize("size_px", [(160, 88), (106, 58), (480, 264)])
def test_other_sizes_look_like_pytorchs(size_px: tuple[int, int]) -> None:
    picture = nv12_of(in_yuv(blurred(320, 176), Colorspace.ITU601, full_range=False))
    found = rgb_of(rgbx_of_nv12(picture, BT601, Placement(0, 0, 320, 176, size_px)))
    as_large = torch.from_numpy(rgb_of(rgbx_of_nv12(picture, BT601, whole(picture)))).permute(2, 0, 1)[None].float()
    expected = torch.nn.functional.interpolate(as_large, (size_px[1], size_px[0]), mode="bilinear", antialias=True)
    assert np.abs(found - expected[0].permute(1, 2, 0).numpy()).mean() < 2.0


def test_an_even_colour_stays_even_beyond_the_border() -> None:
    grey = Nv12(torch.full((16, 16), 126, dtype=torch.uint8), torch.full((8, 8, 2), 128, dtype=torch.uint8))
    found = rgbx_of_nv12(grey, BT601, Placement(-5.0, -5.0, 26.0, 26.0, (37, 11)))
    assert bool((found[..., :3] == 128).all())
