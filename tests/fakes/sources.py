"""Sources that fail when a test wants them to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from threading import Event

from murai.core.media import Packet, StreamInfo
from murai.errors import SourceError
from murai.sources.open import OpenedSource, open_source

SCENE = "synthetic:?size=64x48&fps=30"


class MortalSource:
    """The drawn scene, real H.264, up to `packets` packets; then it fails, or without a fault it ends.

    spoilt: its packets hold nothing that can be decoded.
    """

    def __init__(self, packets: int, fault: SourceError | None = None, *, spoilt: bool = False) -> None:
        self._spoilt = spoilt
        self._inner = open_source(SCENE).source
        self._left = packets
        self._fault = fault
        self.closed = False

    @property
    def info(self) -> StreamInfo:
        return self._inner.info

    @property
    def damaged(self) -> int:
        return self._inner.damaged

    def packets(self, stop: Event) -> Iterator[Packet]:
        for packet in self._inner.packets(stop):
            if self._left == 0:
                break
            self._left -= 1
            yield replace(packet, data=bytes(len(packet.data))) if self._spoilt else packet
        if self._fault and not stop.is_set():
            raise self._fault

    def close(self) -> None:
        self.closed = True
        self._inner.close()


def opened(source: MortalSource) -> OpenedSource:
    return OpenedSource(source, "mortal:")
