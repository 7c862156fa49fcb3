"""The stylist thread: the newest frame, the right engine, and how it ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from murai.core.frame import Frame, Painted
from murai.core.slot import LatestSlot, SlotClosed
from murai.core.statistics import FrameCounts
from murai.core.worker import Worker
from murai.errors import CameraMissing
from murai.hardware import Compute
from murai.stylize import stylist as stylist_module
from murai.stylize.engine import Engine
from murai.stylize.mix import StyleMix
from murai.stylize.pack import read_pack
from murai.stylize.stylist import Stylist
from tests.fakes.packs import write_tiny_pack

TIMEOUT_S = 20.0
STYLES = 3


def frame(seq: int) -> Frame:
    random = torch.Generator().manual_seed(seq)
    rgb = torch.randint(0, 256, (24, 32, 3), generator=random, dtype=torch.uint8).permute(2, 0, 1)
    return Frame(rgb, captured_s=100.0 + seq, seq=seq)


def tiny_engine(folder: Path) -> Engine:
    return engine_of(write_tiny_pack(folder, STYLES))


def engine_of(folder: Path) -> Engine:
    return Engine(read_pack(folder), Compute("cpu", "float32", 1, "for tests"))


def first_painting(engine: Engine, given: Frame, shares: list[float]) -> torch.Tensor:
    """What an engine of that pack paints that has seen no picture yet."""
    return engine_of(engine.pack.folder).paint(given.rgb, shares)


def mix_of(style: int) -> StyleMix:
    mix = StyleMix(STYLES, fade_s=1.0)
    mix.jump_to(style)
    return mix


class Room:
    """A stylist with its slots."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.counts = FrameCounts()
        self.stylist = Stylist(engine, mix_of(0), self.counts)
        self.frames: LatestSlot[Frame] = LatestSlot()
        self.paintings: LatestSlot[Painted] = LatestSlot()

    @contextmanager
    def at_work(self) -> Iterator[Worker]:
        body = lambda stop: self.stylist.run(self.frames, self.paintings, stop)  # noqa: E731
        with Worker("stylist", body, self.paintings.close) as worker:
            yield worker

    def next_painting(self) -> Painted:
        painted = self.paintings.take(TIMEOUT_S)
        assert painted is not None
        return painted


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tiny_engine(tmp_path / "tiny"))


def test_it_paints_the_newest_frame_and_keeps_its_facts(room: Room) -> None:
    old, new = frame(1), frame(2)
    room.frames.put(old)
    room.frames.put(new)
    with room.at_work():
        painted = room.next_painting()
    assert room.frames.dropped == 1
    assert room.counts.stylized == 1
    assert painted.camera is new
    assert (painted.painting.seq, painted.painting.captured_s) == (2, 102.0)
    assert painted.painting.ready is None
    assert torch.equal(painted.painting.rgb, first_painting(room.engine, new, [1.0, 0.0, 0.0]))
    assert painted.style == "style-1"


def test_the_camera_picture_is_left_as_it_came(room: Room) -> None:
    given = frame(3)
    before = given.rgb.clone()
    room.frames.put(given)
    with room.at_work():
        room.next_painting()
    assert torch.equal(given.rgb, before)


def test_the_second_painting_follows_the_first_picture(room: Room) -> None:
    dark = replace(frame(1), rgb=frame(1).rgb // 5)
    with room.at_work():
        room.frames.put(dark)
        assert torch.equal(room.next_painting().painting.rgb, first_painting(room.engine, dark, [1.0, 0.0, 0.0]))
        room.frames.put(dark)
        second = room.next_painting().painting.rgb
    still = engine_of(room.engine.pack.folder).paint_still(dark.rgb, [1.0, 0.0, 0.0])
    assert float((second.float() - still.float()).abs().max()) <= 1.0


def test_use_changes_engine_and_mix_at_the_next_frame(room: Room, tmp_path: Path) -> None:
    other = tiny_engine(tmp_path / "other")
    with room.at_work():
        room.frames.put(frame(1))
        assert room.next_painting().style == "style-1"
        room.stylist.use(other, mix_of(2))
        room.frames.put(frame(2))
        painted = room.next_painting()
    assert painted.style == "style-3"
    assert torch.equal(painted.painting.rgb, first_painting(other, frame(2), [0.0, 0.0, 1.0]))


def test_a_painting_in_the_middle_of_a_glide_is_named_after_the_nearer_style(room: Room) -> None:
    mix = StyleMix(STYLES, fade_s=0.0)
    mix.go_to({1: 0.4, 2: 0.6})
    room.stylist.use(room.engine, mix)
    room.frames.put(frame(4))
    with room.at_work():
        painted = room.next_painting()
    assert painted.style == "style-3"
    assert torch.equal(painted.painting.rgb, first_painting(room.engine, frame(4), [0.0, 0.4, 0.6]))


def test_why_the_frames_ended_goes_on_to_who_shows_the_paintings(room: Room) -> None:
    unplugged = CameraMissing("camera unplugged")
    room.frames.put(frame(5))
    room.frames.close(unplugged)
    with room.at_work():
        assert room.next_painting().painting.seq == 5  # what was captured before is still painted
        with pytest.raises(SlotClosed) as caught:
            room.paintings.take(TIMEOUT_S)
    assert isinstance(caught.value.cause, SlotClosed)
    assert caught.value.cause.cause is unplugged


def test_a_frame_that_cannot_be_painted_ends_the_thread_with_the_cause(room: Room) -> None:
    room.frames.put(Frame(torch.zeros((4, 8, 8), dtype=torch.uint8), captured_s=0.0, seq=0))
    with room.at_work(), pytest.raises(SlotClosed) as caught:
        room.paintings.take(TIMEOUT_S)
    assert isinstance(caught.value.cause, RuntimeError)
    assert room.counts.stylized == 0


def test_it_stops_when_told_to_though_no_frame_comes(room: Room) -> None:
    with room.at_work() as worker:
        worker.stop.set()
        with pytest.raises(SlotClosed) as caught:
            room.paintings.take(TIMEOUT_S)
    assert caught.value.cause is None


class PlayedGpu:
    """Finishes paintings when it is told to. asked: the event behind each that was asked for."""

    def __init__(self) -> None:
        self.asked: list[PlayedEvent] = []

    def record(self, frame: Frame) -> PlayedEvent:
        self.asked.append(PlayedEvent())
        return self.asked[-1]


class PlayedEvent:
    """torch.cuda.Event."""

    def __init__(self) -> None:
        self.awaited = threading.Event()
        self.done = threading.Event()

    def synchronize(self) -> None:
        self.awaited.set()
        assert self.done.wait(TIMEOUT_S)


def test_a_gpu_that_is_slower_than_the_camera_gets_the_newest_frame_and_no_queue(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = PlayedGpu()
    monkeypatch.setattr(stylist_module, "_ready_event", gpu.record)
    with room.at_work():
        for seq in (0, 1):  # the second is asked for while the first isn't finished
            room.frames.put(frame(seq))
            assert room.next_painting().painting.seq == seq
        assert gpu.asked[0].awaited.wait(TIMEOUT_S)
        for seq in (2, 3, 4):
            room.frames.put(frame(seq))
        assert len(gpu.asked) == 2
        gpu.asked[0].done.set()
        assert room.next_painting().painting.seq == 4
        gpu.asked[1].done.set()
    assert room.frames.dropped == 2
    assert not gpu.asked[2].awaited.is_set()  # the last one is nobody's to wait for


def noisy(seq: int) -> Frame:
    """One scene, with the noise of a camera."""
    random = torch.Generator().manual_seed(seq)
    rgb = (120.0 + 6.0 * torch.randn((24, 32, 3), generator=random)).to(torch.uint8).permute(2, 0, 1)
    return Frame(rgb, captured_s=100.0 + seq / 30, seq=seq)


@pytest.mark.parametrize("steady", [True, False])
def test_paintings_are_steadied_where_that_is_asked_for(room: Room, steady: bool) -> None:
    room.stylist.use(room.engine, mix_of(0), steady=steady)
    shown = []
    with room.at_work():
        for seq in range(6):
            room.frames.put(noisy(seq))
            shown.append(room.next_painting().painting.rgb.float())
    fresh = engine_of(room.engine.pack.folder)
    painted = []
    for seq in range(6):
        painted.append(fresh.paint(noisy(seq).rgb, [1.0, 0.0, 0.0]).float())
        fresh.follow(noisy(seq).rgb, [1.0, 0.0, 0.0], seq / 30)
    flicker = float((shown[5] - shown[4]).square().mean() / (painted[5] - painted[4]).square().mean())
    assert flicker < 0.3 if steady else flicker > 0.7
