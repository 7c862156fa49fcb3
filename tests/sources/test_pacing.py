import logging
import time
from threading import Event, Timer

import pytest

from murai.sources.pacing import Pacer


def test_waits_until_a_moment_is_due_and_counts_from_the_first() -> None:
    pacer, stop = Pacer(), Event()
    started_s = time.monotonic()
    assert pacer.wait(10.0, stop)
    assert pacer.wait(10.2, stop)
    assert time.monotonic() - started_s >= 0.199
    assert pacer.due_s(10.2) - pacer.due_s(10.0) == pytest.approx(0.2)


def test_a_late_picture_keeps_the_moment_when_it_was_due() -> None:
    pacer, stop = Pacer(), Event()
    assert pacer.wait(0.0, stop)
    due_s = pacer.due_s(0.1)
    time.sleep(0.3)
    assert pacer.wait(0.1, stop)
    assert pacer.due_s(0.1) == due_s


def test_a_lag_does_not_grow_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    pacer, stop = Pacer(patience_s=0.1), Event()
    assert pacer.wait(0.0, stop)
    time.sleep(0.3)
    with caplog.at_level(logging.WARNING):
        assert pacer.wait(0.04, stop)
    assert abs(pacer.due_s(0.04) - time.monotonic()) < 0.2
    assert "behind" in caplog.text


def test_a_jump_ahead_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    pacer, stop = Pacer(), Event()
    assert pacer.wait(0.0, stop)
    Timer(20.0, stop.set).start()  # so that a failure doesn't last an hour
    with caplog.at_level(logging.WARNING):
        assert pacer.wait(3600.0, stop)
    assert abs(pacer.due_s(3600.0) - time.monotonic()) < 0.2
    assert "jump 3600.0 s ahead" in caplog.text
    assert pacer.due_s(3600.1) - pacer.due_s(3600.0) == pytest.approx(0.1)


def test_stop_ends_a_wait() -> None:
    pacer, stop = Pacer(longest_wait_s=60.0), Event()
    assert pacer.wait(0.0, stop)
    Timer(0.1, stop.set).start()
    assert not pacer.wait(30.0, stop)
