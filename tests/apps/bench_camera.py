"""A camera that looks at a canvas from the side, and a canvas that it can look at."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from threading import Event
from types import TracebackType

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from murai.core.media import Packet, StreamInfo
from murai.display.canvas import Canvas, KeyEvent
from murai.display.opengl import GL
from murai.display.read_back import read_pixels
from murai.sources.pacing import Pacer

FRAME_PX = (320, 180)
CORNERS = ((40.0, 20.0), (290.0, 35.0), (275.0, 165.0), (55.0, 150.0))
"""Of the screen in the camera's picture: upper left, upper right, lower right, lower left."""


def seen_from_the_side(shown: NDArray[np.uint8], seed: int = 1) -> NDArray[np.uint8]:
    """What a camera in a dim room sees of a screen that shows this: dimmed, blurred, noisy, in perspective."""
    height, width = shown.shape[:2]
    edges = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(edges, np.array(CORNERS, np.float32))
    seen = cv2.warpPerspective(shown, matrix, FRAME_PX, flags=cv2.INTER_AREA).astype(np.float64) * 0.7
    seen = cv2.GaussianBlur(seen, (0, 0), 1.0) + 25.0 + np.random.default_rng(seed).normal(0.0, 4.0, seen.shape)
    return np.clip(seen, 0, 255).astype(np.uint8)


class WatchedCanvas:
    """An offscreen canvas that keeps what it has shown, with the moments of the swaps."""

    def __init__(self, inner: Canvas) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self._shown: deque[tuple[float, NDArray[np.uint8]]] = deque(maxlen=200)

    def shown_until(self, moment_s: float) -> NDArray[np.uint8]:
        """What was on the screen then; black before anything was."""
        with self._lock:
            until = [picture for swapped_s, picture in self._shown if swapped_s <= moment_s]
        return until[-1] if until else np.zeros((self.size_px[1], self.size_px[0], 3), np.uint8)

    @property
    def title(self) -> str:
        return self._inner.title

    @property
    def size_px(self) -> tuple[int, int]:
        return self._inner.size_px

    @property
    def framebuffer(self) -> int:
        return self._inner.framebuffer

    @property
    def should_close(self) -> bool:
        return False

    def stay_open(self) -> None: ...

    @property
    def fullscreen(self) -> bool:
        return False

    def set_fullscreen(self, wanted: bool) -> None: ...

    def poll(self) -> list[KeyEvent]:
        return []

    def swap(self) -> None:
        self._inner.swap()
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self.framebuffer)
        picture = read_pixels(self.size_px)
        with self._lock:
            self._shown.append((time.monotonic(), picture))

    def close(self) -> None:
        self._inner.close()

    def __enter__(self) -> WatchedCanvas:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class DelayedCamera:
    """Sends what the canvas showed `delay_s` ago, and says that it was taken just now.

    blind: it looks elsewhere.
    """

    def __init__(self, canvas: WatchedCanvas, delay_s: float, *, blind: bool = False) -> None:
        self._canvas = canvas
        self._delay_s = delay_s
        self._blind = blind
        self.info = StreamInfo("rawvideo", *FRAME_PX, 15.0, "delayed camera", pixel_format="nv12")
        self.damaged = 0

    def packets(self, stop: Event) -> Iterator[Packet]:
        pacer, number = Pacer(), 0
        while pacer.wait(number / self.info.fps, stop):
            now_s = time.monotonic()
            shown = self._canvas.shown_until(now_s - self._delay_s)
            seen = seen_from_the_side(shown * (not self._blind), number)
            nv12 = av.VideoFrame.from_ndarray(seen, format="rgb24").reformat(format="nv12").to_ndarray()
            yield Packet(nv12.tobytes(), now_s, number)
            number += 1

    def close(self) -> None: ...
