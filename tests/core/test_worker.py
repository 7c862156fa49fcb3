"""A thread that begins and ends with its `with` block and hands on why it failed."""

from __future__ import annotations

import threading

import pytest

from murai.core.slot import LatestSlot, SlotClosed
from murai.core.worker import Worker
from murai.errors import CameraMissing, MuraiError

PATIENCE_S = 10.0


def test_body_runs_in_a_thread_of_that_name_and_ends_with_the_block() -> None:
    names: list[str] = []
    ends: list[BaseException | None] = []
    began = threading.Event()

    def body(stop: threading.Event) -> None:
        names.append(threading.current_thread().name)
        began.set()
        assert stop.wait(PATIENCE_S)

    with Worker("stylist", body, ends.append):
        assert began.wait(PATIENCE_S)
        assert ends == []
    assert "stylist" not in [thread.name for thread in threading.enumerate()]
    assert names == ["stylist"]
    assert ends == [None]


def test_reader_of_the_slot_gets_the_very_error_that_ended_the_writer() -> None:
    slot: LatestSlot[int] = LatestSlot()
    cause = CameraMissing("the camera /dev/video0 is gone", "plug it in again")

    def body(stop: threading.Event) -> None:
        slot.put(1)
        raise cause

    with Worker("capture", body, slot.close):
        assert slot.take(PATIENCE_S) == 1
        with pytest.raises(SlotClosed) as end:
            slot.take(PATIENCE_S)
    assert end.value.cause is cause


def test_thread_that_does_not_end_is_named() -> None:
    release = threading.Event()

    def deaf(stop: threading.Event) -> None:
        release.wait(PATIENCE_S)

    worker = Worker("deaf", deaf, lambda cause: None, patience_s=0.05)
    with pytest.raises(MuraiError, match=r"the deaf thread did not end within 0\.05 s"), worker:
        pass
    release.set()


def test_error_of_the_block_is_not_hidden_by_a_thread_that_does_not_end() -> None:
    release = threading.Event()

    def deaf(stop: threading.Event) -> None:
        release.wait(PATIENCE_S)

    with pytest.raises(KeyError), Worker("deaf", deaf, lambda cause: None, patience_s=0.05):
        raise KeyError("the block's own")
    release.set()
