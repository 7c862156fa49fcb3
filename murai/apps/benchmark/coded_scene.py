"""The drawn scene with a number on its left half, another one on every picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event

import numpy as np
from numpy.typing import NDArray

from murai.apps.benchmark.code import draw_squares, squares_of
from murai.core.media import Packet, StreamInfo
from murai.sources.pacing import Pacer
from murai.sources.scene import Scene
from murai.sources.synthetic import frame_of, open_encoder
from murai.sources.uri import SyntheticSpec


class CodedScene:
    """A source whose pictures say which they are; they go the way of a camera's, as H.264.

    sent: told the number of each picture, and the moment when it is due, in the capture thread.
    """

    def __init__(self, spec: SyntheticSpec, sent: Callable[[int, float], None]) -> None:
        self._spec = spec
        self._sent = sent
        self._scene = Scene(spec.size_px, spec.seed)
        self._scene.prepare()
        self._encoder = open_encoder(spec)
        width_px, height_px = spec.size_px
        self.info = StreamInfo("h264", width_px, height_px, spec.fps, "drawn scene with numbers")
        self.damaged = 0

    def packets(self, stop: Event) -> Iterator[Packet]:
        pacer = Pacer()
        number = 0
        while not stop.is_set():
            moment_s = number / self._spec.fps
            data = self._encode(number, moment_s)
            if not pacer.wait(moment_s, stop):
                return
            due_s = pacer.due_s(moment_s)
            self._sent(number, due_s)
            yield Packet(data, due_s, number)
            number += 1

    def close(self) -> None:
        """The encoder goes with the source."""

    def _encode(self, number: int, moment_s: float) -> bytes:
        picture: NDArray[np.uint8] = np.array(self._scene.draw(moment_s))
        draw_squares(picture[:, : picture.shape[1] // 2], squares_of(number))
        frame = frame_of(picture)
        frame.pts = number
        return b"".join(bytes(packet) for packet in self._encoder.encode(frame))
