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

_LOOK_AT_STOP_EVERY_S = 0.25


class Stylist:
    """Paints with one engine and mix at a time, for one source after another.

    `use` may be called by any thread: the next frame is painted with the new engine and mix.
    """

    def __init__(self, engine: Engine, mix: StyleMix, counts: FrameCounts) -> None:
        self._counts = counts
        self._lock = Lock()
        self._engine = engine
        self._mix = mix

    def use(self, engine: Engine, mix: StyleMix) -> None:
        """Paints with another engine from the next frame on."""
        with self._lock:
            self._engine, self._mix = engine, mix

    def run(self, frames: LatestSlot[Frame], paintings: LatestSlot[Painted], stop: Event) -> None:
        """The stylist thread's body: paints until told to stop, or until the frames end.

        Raises:
            SlotClosed: the frames' slot was closed; its cause goes on to the paintings' reader.
        """
        while not stop.is_set():
            frame = frames.take(_LOOK_AT_STOP_EVERY_S)
            if frame is not None:
                with self._lock:
                    engine, mix = self._engine, self._mix
                now_s = time.monotonic()
                shares = mix.shares_at(now_s)
                paintings.put(_paint(frame, engine, shares))
                self._counts.stylized += 1
                engine.follow(frame.rgb, shares, now_s)  # after the painting is on its way: it makes nobody wait


def _paint(frame: Frame, engine: Engine, shares: list[float]) -> Painted:
    if frame.ready is not None:
        frame.ready.wait()  # on this thread's stream: the host goes on at once
        # Or its memory could be given to a newer frame while it is still read here.
        frame.rgb.record_stream(torch.cuda.current_stream())
    painting = replace(frame, rgb=engine.paint(frame.rgb, shares), ready=_ready_event(frame))
    nearest = max(range(len(shares)), key=shares.__getitem__)
    return Painted(painting, frame, engine.pack.styles[nearest].name)


def _ready_event(frame: Frame) -> torch.cuda.Event | None:
    if not frame.rgb.is_cuda:
        return None
    event = torch.cuda.Event()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    event.record()
    return event
