from collections.abc import Iterator
from functools import partial
from threading import Event

import pytest

from murai.core.frame import Frame
from murai.core.media import Decoder, Packet, StreamInfo
from murai.core.slot import LatestSlot, SlotClosed
from murai.core.statistics import FrameCounts
from murai.core.worker import Worker
from murai.errors import CameraMissing
from murai.sources import capture, decoded_frames, open_decoder
from tests.sources.clips import Recipe, moving, units


class Prepared:
    """A source of given access units; None stands for a buffer that came damaged."""

    def __init__(self, data: list[bytes | None], fault: Exception | None = None, restart_at: int = -1) -> None:
        self.info = StreamInfo("h264", 160, 96, 25.0, "prepared")
        self.damaged = 0
        self._data, self._fault, self._restart_at = data, fault, restart_at

    def packets(self, stop: Event) -> Iterator[Packet]:
        for n, unit in enumerate(self._data):
            if unit is None:
                self.damaged += 1
            else:
                yield Packet(unit, float(n), n, restart=n == self._restart_at)
        if self._fault:
            raise self._fault

    def close(self) -> None: ...


class Flushes:
    """A decoder, and how many frames each flush of it gave."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self.decode, self.close = decoder.decode, decoder.close
        self.gave: list[int] = []

    @property
    def damaged(self) -> int:
        return self._decoder.damaged

    def flush(self) -> list[Frame]:
        frames = self._decoder.flush()
        self.gave.append(len(frames))
        return frames


def frames_of(source: Prepared, counts: FrameCounts) -> list[Frame]:
    return list(decoded_frames(source, open_decoder(source.info, "cpu"), Event(), counts))


def test_every_frame_is_given_and_counted() -> None:
    counts = FrameCounts()
    data: list[bytes | None] = list(units(moving(10)))
    assert len(frames_of(Prepared(data), counts)) == 10
    assert (counts.captured, counts.decoded, counts.damaged) == (10, 10, 0)


def test_damage_before_and_in_the_decoder_is_counted_over_several_sources() -> None:
    counts = FrameCounts()
    keyframes = Recipe(options={"preset": "ultrafast", "tune": "zerolatency", "g": "1"})  # nothing refers to damage
    for _ in range(2):
        data: list[bytes | None] = list(units(moving(10), keyframes))
        data[4], data[7] = b"rubbish", None
        frames_of(Prepared(data), counts)
    assert counts.captured == 20
    assert counts.damaged == 4
    assert counts.decoded == 16


def test_what_is_held_back_is_given_at_a_new_start_and_at_the_end() -> None:
    held = list(units(moving(10), Recipe(options={"preset": "veryfast", "x264-params": "bframes=3:b-adapt=0"})))
    source, counts = Prepared([*held, *held], restart_at=10), FrameCounts()
    decoder = Flushes(open_decoder(source.info, "cpu"))
    assert len(list(decoded_frames(source, decoder, Event(), counts))) == 20
    assert (counts.decoded, counts.damaged) == (20, 0)
    assert decoder.gave[0] > 0
    assert len(decoder.gave) == 2


def test_the_thread_hands_on_the_newest_frame_and_the_cause_of_its_end() -> None:
    source = Prepared(list(units(moving(5))), CameraMissing("the camera is gone", "plug it in"))
    slot, counts = LatestSlot[Frame](), FrameCounts()
    decoder = open_decoder(source.info, "cpu")
    body = partial(_body, source, decoder, slot, counts)
    newest = None
    with Worker("capture", body, slot.close), pytest.raises(SlotClosed) as caught:
        while True:
            newest = slot.take(5.0) or newest
    assert isinstance(caught.value.cause, CameraMissing)
    assert newest is not None
    assert newest.seq == 4


def _body(source: Prepared, decoder: Decoder, slot: LatestSlot[Frame], counts: FrameCounts, stop: Event) -> None:
    capture(source, decoder, slot, stop, counts)
