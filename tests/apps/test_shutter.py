from __future__ import annotations

import pytest

from murai.apps.shutter import Shutter
from murai.config import SnapshotConfig
from tests.fakes.paintings import painted


def test_countdown_flash_review_and_back() -> None:
    shutter = Shutter(SnapshotConfig(countdown_s=3.0, review_s=2.0))
    picture = painted()
    assert shutter.countdown(10.0) is None
    shutter.press(10.0)
    assert [shutter.countdown(10.0 + t) for t in (0.0, 0.9, 1.1, 2.9)] == ["3", "3", "2", "1"]
    assert not shutter.due(12.9)
    assert shutter.due(13.0)
    shutter.take(picture, 13.0)
    assert not shutter.due(13.0)
    assert shutter.countdown(13.0) is None
    assert shutter.flash(13.0) == 1.0
    assert 0.0 < shutter.flash(13.2) < 0.5
    assert shutter.flash(14.0) == 0.0
    assert shutter.frozen(14.9) is picture
    assert shutter.frozen(15.0) is None
    melting = shutter.melting(15.1)
    assert melting is not None
    assert melting[0] is picture
    assert melting[1] == pytest.approx(0.1 / 0.35)
    assert shutter.melting(16.0) is None


def test_a_second_press_changes_nothing_until_the_picture_is_off() -> None:
    shutter = Shutter(SnapshotConfig(countdown_s=1.0, review_s=2.0))
    shutter.press(0.0)
    shutter.press(0.8)
    assert shutter.due(1.0)
    shutter.take(painted(), 1.0)
    shutter.press(2.0)
    assert not shutter.counting
    shutter.press(3.1)
    assert shutter.counting


def test_no_countdown_takes_it_at_once() -> None:
    shutter = Shutter(SnapshotConfig(countdown_s=0.0))
    shutter.press(5.0)
    assert shutter.due(5.0)


def test_abort() -> None:
    shutter = Shutter(SnapshotConfig())
    shutter.press(0.0)
    shutter.abort()
    assert not shutter.due(100.0)
