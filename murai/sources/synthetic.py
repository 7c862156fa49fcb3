"""The drawn scene as a source: encoded as H.264 in memory, so it goes the way that a camera's pictures go."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from threading import Event

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from murai.core.media import Packet, StreamInfo
from murai.sources.pacing import Pacer
from murai.sources.scene import CUTS_S, LENGTH_S, Scene
from murai.sources.uri import SyntheticSpec


class SyntheticSource:
    """The drawn scene, in a loop of eight seconds, for ever.

    Each picture is drawn and encoded when it is first needed, just before it is due, and the loop
    is kept: later rounds cost nothing. `captured_s` is the moment when the picture is due.
    """

    def __init__(self, spec: SyntheticSpec) -> None:
        self._spec = spec
        self._scene = Scene(spec.size_px, spec.seed)
        self._scene.prepare()
        self._loop: list[bytes] = []
        self._length = round(LENGTH_S * spec.fps)
        self._keyframes = {round(cut_s * spec.fps) for cut_s in CUTS_S}
        self._encoder = open_encoder(spec)
        self._info = StreamInfo(
            codec="h264", width_px=spec.size_px[0], height_px=spec.size_px[1], fps=spec.fps, title="drawn scene"
        )
        self.damaged = 0

    @property
    def info(self) -> StreamInfo:
        return self._info

    def packets(self, stop: Event) -> Iterator[Packet]:
        pacer = Pacer()
        count = 0
        while not stop.is_set():
            index = count % self._length
            data = self._unit(index)
            moment_s = count / self._spec.fps
            if not pacer.wait(moment_s, stop):
                return
            yield Packet(data, pacer.due_s(moment_s), count, restart=count > 0 and index == 0)
            count += 1

    def close(self) -> None:
        self._loop.clear()

    def _unit(self, index: int) -> bytes:
        """The access unit of picture `index` of the loop; asked for in order."""
        if index == len(self._loop):
            self._loop.append(self._encode(index))
        return self._loop[index]

    def _encode(self, index: int) -> bytes:
        frame = frame_of(np.asarray(self._scene.draw(index / self._spec.fps)))
        frame.pts = index
        if index in self._keyframes:
            frame.pict_type = PictureType.I
        return b"".join(bytes(packet) for packet in self._encoder.encode(frame))


def frame_of(drawn: NDArray[np.uint8]) -> av.VideoFrame:
    """What the encoder takes, of a drawn picture (H, W, 3) uint8, full range."""
    return av.VideoFrame.from_ndarray(drawn, format="rgb24").reformat(
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
    )


def open_encoder(spec: SyntheticSpec) -> av.VideoCodecContext:
    """An encoder as cameras have it: H.264 without a frame of delay, BT.709, limited range."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height = spec.size_px
    encoder.pix_fmt = "yuv420p"
    encoder.framerate = Fraction(spec.fps).limit_denominator(1001)
    encoder.time_base = 1 / encoder.framerate
    encoder.color_range, encoder.colorspace = ColorRange.MPEG, Colorspace.ITU709
    encoder.thread_count = 1  # the other cores are the painter's
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "20"}
    return encoder
