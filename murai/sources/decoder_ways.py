"""A decoder that goes over to the next way of decoding while no picture has come yet."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from murai.core.frame import Frame
from murai.core.media import Decoder, Packet
from murai.errors import DecoderError

_log = logging.getLogger(__name__)
_KEPT = 128  # packets; more than any decoder here takes before it gives up


@dataclass(frozen=True, slots=True)
class Way:
    """One way of decoding. `name` for the log; `open` raises DecoderError with the reason why it can't be used."""

    name: str
    open: Callable[[], Decoder]


class WayfindingDecoder:
    """Decodes in the first of several ways that works; owned by the capture thread.

    A way works once it has given a picture: what is kept of the stream until then is decoded again in the next one.
    Each way that is passed over is logged with its reason. The last one has nothing to go over to.

    Raises:
        DecoderError: the last way can't be opened; in `decode` and `flush`: the way that worked has failed.
    """

    def __init__(self, title: str, ways: Sequence[Way]) -> None:
        self._title = title
        self._ways = deque(ways)
        self._kept: deque[Packet] = deque(maxlen=_KEPT)
        self._works = False
        self._decoder = self._open_next()

    @property
    def damaged(self) -> int:
        return self._decoder.damaged

    def decode(self, packet: Packet) -> list[Frame]:
        if self._works:
            return self._decoder.decode(packet)
        self._kept.append(packet)
        return self._settle([packet], flushed=False)

    def flush(self) -> list[Frame]:
        return self._decoder.flush() if self._works else self._settle([], flushed=True)

    def close(self) -> None:
        self._decoder.close()

    def _settle(self, packets: Sequence[Packet], *, flushed: bool) -> list[Frame]:
        """Frames of `packets` and, where `flushed`, of what is held back; in the next way, those of all packets."""
        while True:
            try:
                frames = [frame for packet in packets for frame in self._decoder.decode(packet)]
                frames += self._decoder.flush() if flushed else []
                break
            except DecoderError as fault:
                if not self._ways:
                    raise
                _log.warning("%s: going on without it", fault.what)
                self._decoder.close()
                self._decoder = self._open_next()
                packets = list(self._kept)
        if frames or flushed:
            self._works = bool(frames)
            self._kept.clear()
        return frames

    def _open_next(self) -> Decoder:
        while True:
            way = self._ways.popleft()
            try:
                decoder = way.open()
            except DecoderError as fault:
                if not self._ways:
                    raise
                _log.info("%s isn't decoded by %s: %s", self._title, way.name, fault)
            else:
                _log.info("%s is decoded by %s", self._title, way.name)
                return decoder
