"""Threads that read and write beside the painter, and what happens when one of them fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from murai.apps.stylizing_flow import Pipe, read_ahead, write_behind
from murai.core.slot import SlotClosed
from murai.errors import MediaError, RenderError


def test_everything_goes_through_in_order() -> None:
    written: list[int] = []
    with write_behind(written.append, 3) as put, read_ahead(range(200), 2) as items:
        for item in items:
            put(item)
    assert written == list(range(200))


def test_no_more_is_read_than_there_is_room_for() -> None:
    read: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(100):
            read.append(number)
            yield number

    with read_ahead(numbers(), 3) as items:
        assert next(items) == 0
        waited = threading.Event()
        waited.wait(0.3)  # whatever the reader would do, it had time to
        assert len(read) <= 5
    assert len(read) < 100


def test_what_the_reader_met_comes_after_what_it_read() -> None:
    def torn() -> Iterator[int]:
        yield 1
        raise MediaError("the film is torn")

    seen: list[int] = []
    with pytest.raises(MediaError, match="torn"), read_ahead(torn(), 3) as items:
        seen.extend(items)
    assert seen == [1]


def test_what_the_writer_met_stops_who_puts() -> None:
    def full(item: int) -> None:
        raise RenderError("the disk is full")

    with pytest.raises(RenderError, match="full"), write_behind(full, 1) as put:
        for number in range(1000):
            put(number)


def test_a_fault_with_the_last_item_is_not_lost() -> None:
    def full(item: int) -> None:
        raise RenderError("the disk is full")

    with pytest.raises(RenderError, match="full"), write_behind(full, 5) as put:
        put(1)


def test_after_a_fault_of_the_painter_nobody_goes_on() -> None:
    written: list[int] = []
    with pytest.raises(ZeroDivisionError), write_behind(written.append, 1) as put, read_ahead(range(50), 1) as items:
        put(next(items))
        raise ZeroDivisionError
    assert len(written) <= 1
    assert not [thread for thread in threading.enumerate() if thread.name in ("reader", "writer")]


def test_a_closed_pipe_gives_out_what_it_holds() -> None:
    pipe: Pipe[int] = Pipe(2)
    stop = threading.Event()
    pipe.put(1, stop)
    pipe.close()
    assert pipe.take(stop) == 1
    with pytest.raises(SlotClosed):
        pipe.take(stop)
    with pytest.raises(SlotClosed):
        pipe.put(2, stop)
