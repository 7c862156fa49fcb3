from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from torch import Tensor

from murai.apps import finder as finder_module
from murai.apps import supervisor as supervisor_module
from murai.apps.supervisor import Supervisor
from murai.core.frame import Painted
from murai.core.statistics import FrameCounts
from murai.errors import CameraMissing, MediaError
from murai.hardware import choose_compute
from murai.sources.open import OpenedSource
from murai.stylize.engine import Engine
from murai.stylize.mix import StyleMix
from murai.stylize.pack import read_pack
from murai.stylize.stylist import Stylist
from tests.fakes.packs import write_tiny_pack
from tests.fakes.sources import MortalSource, opened

UNPLUGGED = CameraMissing("the camera /dev/video0 is gone", "plug it in again")


@pytest.fixture
def counts() -> FrameCounts:
    return FrameCounts()


@pytest.fixture
def stylist(tmp_path: Path, counts: FrameCounts) -> Stylist:
    engine = Engine(read_pack(write_tiny_pack(tmp_path / "tiny")), choose_compute("cpu"))
    return Stylist(engine, StyleMix(3, 0.1), counts)


def supervise(opened_source: OpenedSource, stylist: Stylist, device: str, counts: FrameCounts) -> Supervisor:
    return Supervisor("auto", opened_source, stylist, device, counts)


def wait_for(supervisor: Supervisor, done: Callable[[Painted | None], bool], most_s: float = 20.0) -> None:
    end_s = time.monotonic() + most_s
    while not done(supervisor.newest(0.05)):
        assert time.monotonic() < end_s, f"it never came; lost: {supervisor.lost}"


def test_paintings_come_and_the_end_of_the_source_is_seen(stylist: Stylist, counts: FrameCounts) -> None:
    source = MortalSource(12)
    shown = []
    with supervise(opened(source), stylist, "cpu", counts) as supervisor:
        wait_for(supervisor, lambda painted: shown.append(painted) or supervisor.ended)
        assert supervisor.lost is None
    pictures = [painted for painted in shown if painted is not None]
    assert pictures
    assert pictures[-1].painting.size_px == (64, 48)
    assert pictures[-1].painting.seq == pictures[-1].camera.seq == 11
    assert counts.captured == counts.decoded == 12
    assert counts.stylized + counts.dropped >= 12
    assert source.closed


def test_a_lost_camera_is_told_and_opened_again_until_it_is_back(
    stylist: Stylist, counts: FrameCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    back = MortalSource(10_000)

    def open_again(uri: str) -> OpenedSource:
        asked.append(uri)
        if len(asked) < 3:
            raise CameraMissing("the camera is still away", "plug it in again")
        return opened(back)

    monkeypatch.setattr(finder_module, "open_source", open_again)
    first = MortalSource(5, UNPLUGGED)
    with supervise(opened(first), stylist, "cpu", counts) as supervisor:
        wait_for(supervisor, lambda _: supervisor.lost == str(UNPLUGGED))
        assert first.closed
        wait_for(supervisor, lambda _: supervisor.lost == "the camera is still away: plug it in again")
        wait_for(supervisor, lambda painted: painted is not None)
        assert supervisor.lost is None
        assert not supervisor.ended
    assert asked == ["mortal:"] * 3
    assert back.closed


def test_leaving_while_the_camera_is_away(
    stylist: Stylist, counts: FrameCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(uri: str) -> OpenedSource:
        raise UNPLUGGED

    monkeypatch.setattr(finder_module, "open_source", never)
    with supervise(opened(MortalSource(1, UNPLUGGED)), stylist, "cpu", counts) as supervisor:
        wait_for(supervisor, lambda _: supervisor.lost is not None)


def test_a_source_that_was_just_opened_again_is_closed_on_leaving(
    stylist: Stylist, counts: FrameCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = MortalSource(10_000)
    monkeypatch.setattr(finder_module, "open_source", lambda uri: opened(back))
    with supervise(opened(MortalSource(1, UNPLUGGED)), stylist, "cpu", counts) as supervisor:
        wait_for(supervisor, lambda _: supervisor.lost is not None)
        time.sleep(0.8)  # it is open by now, and nobody has taken it
    assert back.closed


def test_a_stylist_that_fails_is_started_again(
    stylist: Stylist, counts: FrameCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finder_module, "open_source", lambda uri: opened(MortalSource(10_000)))
    paint, faults = Engine.paint, [RuntimeError("out of memory")]

    def fail_once(engine: Engine, rgb: Tensor, shares: list[float]) -> Tensor:
        if faults:
            raise faults.pop()
        return paint(engine, rgb, shares)

    monkeypatch.setattr(Engine, "paint", fail_once)
    with supervise(opened(MortalSource(10_000)), stylist, "cpu", counts) as supervisor:
        wait_for(supervisor, lambda _: supervisor.lost is not None)
        assert "out of memory" in str(supervisor.lost)
        wait_for(supervisor, lambda painted: painted is not None)
        assert supervisor.lost is None


def test_what_cannot_be_decoded_any_more_is_lost_too(
    stylist: Stylist, counts: FrameCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from murai.apps import pipeline

    monkeypatch.setattr(finder_module, "open_source", lambda uri: opened(MortalSource(10_000)))
    with supervise(opened(MortalSource(3, UNPLUGGED)), stylist, "cpu", counts) as supervisor:

        def refuse(info: object, device: str) -> object:
            raise MediaError("no decoder for this", "convert it")

        monkeypatch.setattr(pipeline, "open_decoder", refuse)
        wait_for(supervisor, lambda _: supervisor.lost == "no decoder for this: convert it")
        monkeypatch.undo()
        monkeypatch.setattr(finder_module, "open_source", lambda uri: opened(MortalSource(10_000)))
        wait_for(supervisor, lambda painted: painted is not None)


def test_packets_that_give_no_picture_are_told_and_then_all_starts_again(
    stylist: Stylist, counts: FrameCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "_SILENCE_S", 0.5)
    monkeypatch.setattr(supervisor_module, "_NEW_START_S", 1.5)
    monkeypatch.setattr(finder_module, "open_source", lambda uri: opened(MortalSource(10_000)))
    asked: list[bool] = []
    monkeypatch.setattr(supervisor_module, "check_gpu", lambda cause, *, silent: asked.append(silent))
    rubbish = MortalSource(10_000, spoilt=True)
    with supervise(opened(rubbish), stylist, "cpu", counts) as supervisor:
        wait_for(supervisor, lambda _: supervisor.lost is not None)
        assert "gives no picture: look whether" in str(supervisor.lost)
        assert not rubbish.closed
        wait_for(supervisor, lambda painted: painted is not None)
        assert rubbish.closed
        assert supervisor.lost is None
    assert asked == [True]


def test_what_fails_at_every_start_is_tried_more_and_more_slowly(
    stylist: Stylist, counts: FrameCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts: list[float] = []

    def fail(engine: Engine, rgb: Tensor, shares: list[float]) -> Tensor:
        starts.append(time.monotonic())
        raise RuntimeError("out of memory")

    monkeypatch.setattr(finder_module, "open_source", lambda uri: opened(MortalSource(10_000)))
    monkeypatch.setattr(Engine, "paint", fail)
    with supervise(opened(MortalSource(10_000)), stylist, "cpu", counts) as supervisor:
        wait_for(supervisor, lambda _: len(starts) == 4)
    assert starts[3] - starts[2] > 1.5 * (starts[1] - starts[0])


def test_the_drawn_scene_gives_way_to_the_first_camera_that_is_plugged_in(
    stylist: Stylist, counts: FrameCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugged: list[str] = []
    asked: list[str] = []
    camera = MortalSource(10_000)

    def open_camera_for(uri: str) -> OpenedSource | None:
        if not plugged:
            return None
        asked.append(uri)
        return opened(camera)

    monkeypatch.setattr(supervisor_module, "_SCOUT_EVERY_S", 0.1)
    monkeypatch.setattr(finder_module, "open_camera_for", open_camera_for)
    scene = MortalSource(10_000)
    with supervise(OpenedSource(scene, "synthetic:", "no camera is plugged in"), stylist, "cpu", counts) as supervisor:
        wait_for(supervisor, lambda painted: painted is not None)
        time.sleep(0.3)
        assert asked == []
        plugged.append("/dev/video0")
        wait_for(supervisor, lambda _: scene.closed)
        wait_for(supervisor, lambda painted: painted is not None)
        assert asked == ["auto"]
    assert camera.closed
