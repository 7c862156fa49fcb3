"""The stylist: takes the newest frame, paints it, hands it on."""

from __future__ import annotations

import time
from dataclasses import replace
from threading import Event, Lock

import torch

from murai.core.frame import Frame, Painted
from murai.core.slot import LatestSlot
from murai.core.statistics import FrameCounts
from murai.stylize.engine import Engine
from murai.stylize.mix import StyleMix
from murai.stylize.steadying import Steadier

_LOOK_AT_STOP_EVERY_S = 0.25


class Stylist:
    """Paints with one engine and mix at a time, for one source after another.

    `use` may be called by any thread: the next frame is painted with the new engine and mix.
    steady: paintings are steadied, see `murai.stylize.steadying`.

    On a GPU a painting is handed on as soon as it is asked for. A GPU that is slower than the camera would be asked
    for more and more, and show what was long ago: so while two paintings are unfinished, the thread sleeps, and then
    takes the newest frame. A GPU that keeps up is never waited for.
    """

    def __init__(self, engine: Engine, mix: StyleMix, counts: FrameCounts, *, steady: bool = False) -> None:
        self._counts = counts
        self._lock = Lock()
        self._engine = engine
        self._mix = mix
        self._steady = steady
        self._steadier = Steadier()  # the stylist thread's

    def use(self, engine: Engine, mix: StyleMix, *, steady: bool = False) -> None:
        """Paints with another engine from the next frame on."""
        with self._lock:
            self._engine, self._mix, self._steady = engine, mix, steady

    def run(self, frames: LatestSlot[Frame], paintings: LatestSlot[Painted], stop: Event) -> None:
        """The stylist thread's body: paints until told to stop, or until the frames end.

        Raises:
            SlotClosed: the frames' slot was closed; its cause goes on to the paintings' reader.
        """
        before: torch.cuda.Event | None = None
        self._steadier.forget()
        while not stop.is_set():
            frame = frames.take(_LOOK_AT_STOP_EVERY_S)
            if frame is not None:
                with self._lock:
                    engine, mix, steady = self._engine, self._mix, self._steady
                now_s = time.monotonic()
                shares = mix.shares_at(now_s)
                painted = _paint(frame, engine, shares, self._steadier if steady else None)
                paintings.put(painted)
                self._counts.stylized += 1
                engine.follow(frame.rgb, shares, now_s)  # after the painting is on its way: it makes nobody wait
                if before is not None:
                    before.synchronize()  # while the GPU has this painting to go on with
                before = painted.painting.ready


def _paint(frame: Frame, engine: Engine, shares: list[float], steadier: Steadier | None) -> Painted:
    if frame.ready is not None:
        frame.ready.wait()  # on this thread's stream: the host goes on at once
        # Or its memory could be given to a newer frame while it is still read here.
        frame.rgb.record_stream(torch.cuda.current_stream())
    rgb = engine.paint(frame.rgb, shares)
    if steadier is not None:
        rgb = steadier.steady(rgb, frame.rgb, (engine, shares), frame.captured_s)
    painting = replace(frame, rgb=rgb, ready=_ready_event(frame))
    nearest = max(range(len(shares)), key=shares.__getitem__)
    return Painted(painting, frame, engine.pack.styles[nearest].name)


def _ready_event(frame: Frame) -> torch.cuda.Event | None:
    if not frame.rgb.is_cuda:
        return None
    event = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    event.record()
    return event
