"""The capture thread's work: packets in, the newest frame out."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

from murai.core.frame import Frame
from murai.core.media import Decoder, PacketSource
from murai.core.slot import LatestSlot
from murai.core.statistics import FrameCounts


def decoded_frames(source: PacketSource, decoder: Decoder, stop: Event, counts: FrameCounts) -> Iterator[Frame]:
    """Every frame of the source in presentation order, counted; ends when the source does.

    `captured`, `decoded` and `damaged` of `counts` grow from what they were, so one `counts` may
    outlive several sources. What a source throws away as damaged counts as captured too.

    Raises:
        SourceError: the source failed.
    """
    lost_before, damaged_before = source.damaged, counts.damaged - source.damaged - decoder.damaged
    for packet in source.packets(stop):
        counts.captured += 1 + source.damaged - lost_before
        lost_before = source.damaged
        frames = decoder.flush() if packet.restart else []
        frames += decoder.decode(packet)
        counts.damaged = damaged_before + source.damaged + decoder.damaged
        counts.decoded += len(frames)
        yield from frames
    if not stop.is_set():
        last = decoder.flush()
        counts.decoded += len(last)
        yield from last


def capture(source: PacketSource, decoder: Decoder, slot: LatestSlot[Frame], stop: Event, counts: FrameCounts) -> None:
    """Puts each frame of the source into `slot` until it ends or `stop` is set.

    The body of the capture thread: `Worker("capture", partial(...), slot.close)`. Closing source
    and decoder is for whoever opened them, after the thread has ended.

    Raises:
        SourceError: the source failed.
    """
    for frame in decoded_frames(source, decoder, stop, counts):
        slot.put(frame)
