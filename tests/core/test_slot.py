"""The hand-over between two threads: the newest wins, nothing queues, the cause of an end comes through."""

from __future__ import annotations

import threading

import pytest

from murai.core.slot import LatestSlot, SlotClosed

PATIENCE_S = 10.0


def test_newer_item_replaces_the_older_one_and_counts_as_a_drop() -> None:
    slot: LatestSlot[int] = LatestSlot()
    for item in (1, 2, 3):
        slot.put(item)
    assert slot.take(0.0) == 3
    assert slot.dropped == 2
    assert slot.take(0.0) is None


def test_taken_items_are_no_drops() -> None:
    slot: LatestSlot[int] = LatestSlot()
    for item in range(5):
        slot.put(item)
        assert slot.take(0.0) == item
    assert slot.dropped == 0


def test_waiting_reader_is_woken_by_put() -> None:
    slot: LatestSlot[str] = LatestSlot()
    taken: list[str | None] = []
    reader = threading.Thread(target=lambda: taken.append(slot.take(PATIENCE_S)))
    reader.start()
    slot.put("frame")
    reader.join(PATIENCE_S / 2)
    assert taken == ["frame"]


def test_waiting_reader_is_woken_by_close_and_gets_the_cause() -> None:
    slot: LatestSlot[int] = LatestSlot()
    ends: list[SlotClosed] = []

    def read() -> None:
        try:
            slot.take(PATIENCE_S)
        except SlotClosed as end:
            ends.append(end)

    reader = threading.Thread(target=read)
    reader.start()
    cause = OSError("unplugged")
    slot.close(cause)
    reader.join(PATIENCE_S / 2)
    assert [end.cause for end in ends] == [cause]


def test_item_put_before_close_is_still_given_out() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.put(7)
    slot.close()
    assert slot.take(0.0) == 7
    with pytest.raises(SlotClosed) as end:
        slot.take(0.0)
    assert end.value.cause is None


def test_first_close_counts_and_later_items_vanish() -> None:
    slot: LatestSlot[int] = LatestSlot()
    first = ValueError("first")
    slot.close(first)
    slot.close(ValueError("second"))
    slot.put(1)
    with pytest.raises(SlotClosed, match="first") as end:
        slot.take(0.0)
    assert end.value.cause is first
    assert slot.dropped == 0


def test_every_item_is_taken_or_counted_and_order_holds_under_threads() -> None:
    slot: LatestSlot[int] = LatestSlot()
    count = 20_000

    def write() -> None:
        for item in range(count):
            slot.put(item)
        slot.close()

    writer = threading.Thread(target=write)
    writer.start()
    taken = list(_until_closed(slot))
    writer.join(PATIENCE_S)
    assert taken == sorted(set(taken))
    assert taken[-1] == count - 1
    assert len(taken) + slot.dropped == count


def _until_closed(slot: LatestSlot[int]) -> list[int]:
    taken = []
    try:
        while True:
            item = slot.take(PATIENCE_S)
            assert item is not None, "the writer hung"
            taken.append(item)
    except SlotClosed:
        return taken
