"""Which matrix and range a decoded picture's colours have, where the stream leaves it open."""

from __future__ import annotations

import av
from av.video.reformatter import ColorRange, Colorspace

# ITU-T H.273's numbers of matrix coefficients.
_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
}


def matrix_of(frame: av.VideoFrame, codec: str) -> Colorspace:
    """The matrix that the stream names; else BT.709 for HD, and BT.601 for smaller and for cameras' JPEG and raw."""
    named = _MATRICES.get(frame.colorspace)
    if named is not None and codec != "mjpeg":
        return named
    hd = frame.width >= 1280 or frame.height > 576
    # JFIF and the USB Video Class know BT.601 only, at every size.
    return Colorspace.ITU709 if hd and codec not in ("mjpeg", "rawvideo") else Colorspace.ITU601


def range_of(frame: av.VideoFrame, full_range: bool | None) -> ColorRange:
    """The range that the codec names, else the container's `full_range`, else limited, as the standards say."""
    if frame.format.name.startswith("yuvj"):
        return ColorRange.JPEG
    if frame.color_range in (ColorRange.MPEG, ColorRange.JPEG):
        return ColorRange(frame.color_range)
    return ColorRange.JPEG if full_range else ColorRange.MPEG
