from __future__ import annotations

import pytest

from murai.apps.presses import PressClock, parse_presses
from murai.errors import ConfigError


def test_presses_come_in_the_order_of_time() -> None:
    assert parse_presses("8:3, 2:space,2.5:ctrl+q") == [(2.0, "Space"), (2.5, "Ctrl+Q"), (8.0, "3")]


def test_a_comma_can_be_pressed() -> None:
    assert parse_presses("1:,,2:A") == [(1.0, ","), (2.0, "A")]


@pytest.mark.parametrize("text", ["Space", "x:Space", "-1:Space", "nan:A", "inf:A", "1:Nokey", "1:", "1:A,"])
def test_what_is_no_press_is_told(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_presses(text)


def test_the_clock_gives_each_press_once() -> None:
    clock = PressClock([(1.0, "A"), (2.0, "B"), (2.0, "C")])
    assert clock.due(0.9) == []
    assert clock.due(1.0) == ["A"]
    assert clock.due(1.5) == []
    assert clock.due(10.0) == ["B", "C"]
    assert clock.due(11.0) == []
