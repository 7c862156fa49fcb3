"""Compressed pictures kept in memory, and sources that give them back at any pace."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from threading import Event
from typing import Protocol

from murai.apps.benchmark.options import Size, size_name
from murai.core.frame import Frame
from murai.core.media import Packet, StreamInfo
from murai.sources.decoders import open_decoder
from murai.sources.open import OpenedSource, open_source
from murai.sources.pacing import Pacer

CAMERA_FPS = 30
_LOOK_AT_STOP_EVERY_S = 0.25


@dataclass(frozen=True)
class Clip:
    """Some pictures of the drawn scene, as a camera would send them; the first one is a keyframe."""

    info: StreamInfo
    packets: Sequence[Packet]

    def frames(self, device: str, count: int) -> list[Frame]:
        """The first so many, decoded."""
        decoder = open_decoder(self.info, device)
        try:
            decoded = [frame for packet in self.packets for frame in decoder.decode(packet)]
            return (decoded + decoder.flush())[:count]
        finally:
            decoder.close()


def record_clip(size: Size, frames: int) -> Clip:
    """Takes so many pictures from the drawn scene, at its own pace."""
    source = open_source(f"synthetic:?size={size_name(size)}&fps={CAMERA_FPS}").source
    stop = Event()
    try:
        return Clip(source.info, list(islice(source.packets(stop), frames)))
    finally:
        source.close()


class Gate(Protocol):
    """Decides when the next picture may come."""

    def wait(self, number: int, stop: Event) -> float | None:
        """Waits for picture `number`, from 0, to be due; its `captured_s`, or None where `stop` was set."""
        ...

    def left(self, pictures: int) -> None:
        """So many have left the flow, shown or dropped. Called by the main thread."""
        ...


class CameraPace:
    """A picture is due as often as a camera sends one, whether or not anybody is ready for it."""

    def __init__(self, fps: float = CAMERA_FPS) -> None:
        self._pacer = Pacer()
        self._fps = fps

    def wait(self, number: int, stop: Event) -> float | None:
        moment_s = number / self._fps
        return self._pacer.due_s(moment_s) if self._pacer.wait(moment_s, stop) else None

    def left(self, pictures: int) -> None:
        """A camera doesn't care."""


class AsFastAsItGoes:
    """A picture is due when one before it has reached the screen, so that no work is done for nothing.

    ahead: so many may be on their way: one that is painted, and the next one decoded meanwhile.
    """

    def __init__(self, ahead: int = 2) -> None:
        self._permits = threading.Semaphore(ahead)

    def wait(self, number: int, stop: Event) -> float | None:
        while not stop.is_set():
            if self._permits.acquire(timeout=_LOOK_AT_STOP_EVERY_S):
                return time.monotonic()
        return None

    def left(self, pictures: int) -> None:
        """As many may follow."""
        if pictures:
            self._permits.release(pictures)


class Replay:
    """A clip as a source, again and again, at the pace of a gate. Owned by the capture thread."""

    def __init__(self, clip: Clip, gate: Gate) -> None:
        self._clip = clip
        self._gate = gate
        self.info = clip.info
        self.damaged = 0

    def packets(self, stop: Event) -> Iterator[Packet]:
        number = 0
        while (captured_s := self._gate.wait(number, stop)) is not None:
            index = number % len(self._clip.packets)
            packet = self._clip.packets[index]
            yield replace(packet, captured_s=captured_s, order=number, restart=number > 0 and index == 0)
            number += 1

    def close(self) -> None:
        """There is nothing to give back."""


def opened(clip: Clip, gate: Gate) -> OpenedSource:
    """A clip as what a pipeline takes."""
    return OpenedSource(Replay(clip, gate), "clip:")
