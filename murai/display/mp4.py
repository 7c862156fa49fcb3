"""An H.264 file that is whole even when nobody gets to close it."""

from __future__ import annotations

import logging
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from murai.errors import DisplayError

_LOG = logging.getLogger(__name__)

_TICKS_HZ = 90_000
_BT709 = 1
_LIMITED_RANGE = 1
# Fragments of a second each, written out at once: a killed program loses a second, not the film. Closing
# turns them into a plain MP4, which every player can seek in.
_CONTAINER = {"movflags": "hybrid_fragmented", "flush_packets": "1"}
_ENCODER = {"preset": "superfast", "crf": "20"}


class Mp4Writer:
    """Encodes pictures as H.264 4:2:0 (BT.709, limited range) into an MP4 file, which it replaces.

    file: its folder is made where it is missing.
    size_px: width and height of the film; an odd last column or row is left out, which is logged. A picture of another
        size is scaled into it, with black bars where its aspect ratio is another one.
    fps: nominal; each picture has its own time.
    Owned by one thread at a time.

    Raises:
        DisplayError: the file can't be written, or pictures of that size can't be encoded.
    """

    def __init__(self, file: Path, size_px: tuple[int, int], fps: float) -> None:
        self._file = file
        self._size_px = size_px
        self._even_px = (size_px[0] // 2 * 2, size_px[1] // 2 * 2)
        self._last_tick = -1
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._container = av.open(str(file), "w", format="mp4", container_options=_CONTAINER)
            self._stream = self._add_stream(fps)
            self._container.start_encoding()
        except OSError as fault:
            raise _unwritable(file, fault) from fault
        except av.FFmpegError as fault:  # what libx264 says of a size that it can't encode
            raise DisplayError(
                f"can't film {size_px[0]}x{size_px[1]} px: {fault.strerror}", "choose another --size"
            ) from fault
        if self._even_px != size_px:
            (width, height), (even_w, even_h) = size_px, self._even_px
            _LOG.warning("%s has %dx%d px of %dx%d: films have even sides", file, even_w, even_h, width, height)

    def write(self, rgba: NDArray[np.uint8], at_s: float) -> None:
        """Adds a picture, (H, W, 4) uint8 R'G'B'x, top row first, `at_s` seconds after the first one.

        Raises:
            DisplayError: the disk is full, or gone.
        """
        width, height = self._even_px
        if (rgba.shape[1], rgba.shape[0]) != self._size_px:
            rgba = _fitted(rgba, self._even_px)
        pixels = np.ascontiguousarray(rgba[:height, :width])
        picture = av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        self._last_tick = max(round(at_s * _TICKS_HZ), self._last_tick + 1)
        picture.pts, picture.time_base = self._last_tick, Fraction(1, _TICKS_HZ)
        try:
            self._container.mux(self._stream.encode(picture))
        except OSError as fault:
            raise _unwritable(self._file, fault) from fault

    def close(self) -> None:
        """Ends the file. Raises: DisplayError, as `write`."""
        if self._last_tick < 0:
            # FFmpeg's hybrid MP4 crashes when it is ended without a single picture.
            self.write(np.zeros((self._size_px[1], self._size_px[0], 4), np.uint8), 0.0)
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
        except OSError as fault:
            raise _unwritable(self._file, fault) from fault

    def __enter__(self) -> Mp4Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if fault is None:
            self.close()

    def _add_stream(self, fps: float) -> av.VideoStream:
        stream = self._container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001), options=_ENCODER)
        stream.width, stream.height = self._even_px
        stream.pix_fmt = "yuv420p"
        codec = stream.codec_context
        codec.time_base = Fraction(1, _TICKS_HZ)
        codec.gop_size, codec.max_b_frames = max(1, round(fps)), 0
        # The painter needs the other cores more.
        codec.thread_count = 1
        codec.color_range = _LIMITED_RANGE
        codec.colorspace = codec.color_primaries = codec.color_trc = _BT709
        return stream


def _fitted(rgba: NDArray[np.uint8], size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """The whole picture, (H, W, 4) uint8, scaled into the middle of a black one of `size_px`."""
    width, height = size_px
    scale = min(width / rgba.shape[1], height / rgba.shape[0])
    inner_w, inner_h = max(1, round(rgba.shape[1] * scale)), max(1, round(rgba.shape[0] * scale))
    picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgba), format="rgba")
    scaled = picture.reformat(width=inner_w, height=inner_h).to_ndarray()
    left, top = (width - inner_w) // 2, (height - inner_h) // 2
    fitted = np.zeros((height, width, 4), np.uint8)
    fitted[top : top + inner_h, left : left + inner_w] = scaled
    return fitted


def _unwritable(file: Path, fault: OSError) -> DisplayError:
    return DisplayError(
        f"can't write the recording {file}: {fault.strerror}", "choose a folder that can be written to and has room"
    )
