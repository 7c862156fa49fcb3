"""Numbers as pictures, read again from wherever they are seen."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from murai.apps.benchmark.code import NUMBERS, draw_squares, number_of, squares_of
from murai.apps.benchmark.finder import find_screen, known_place
from murai.apps.benchmark.sightings import Sightings
from murai.errors import BenchError
from tests.apps.bench_camera import CORNERS, seen_from_the_side

SCREEN = (180, 320, 3)


def drawn(number: int) -> NDArray[np.uint8]:
    picture = np.zeros(SCREEN, np.uint8)
    draw_squares(picture, squares_of(number))
    return picture


def lit(light: int) -> NDArray[np.uint8]:
    return np.full(SCREEN, light, np.uint8)


def test_every_number_is_read_again() -> None:
    assert [number_of(squares_of(number)) for number in range(NUMBERS)] == list(range(NUMBERS))
    assert number_of(squares_of(NUMBERS + 5)) == 5


def test_between_two_numbers_neither_is_taken_for_a_third() -> None:
    for number in (0, 1, 7, 1023, NUMBERS - 2):
        one, two = squares_of(number).reshape(-1), squares_of(number + 1).reshape(-1)
        for mixture in range(2 ** len(np.flatnonzero(one != two))):
            mixed = one.copy()
            for place, index in enumerate(np.flatnonzero(one != two)):
                mixed[index] = two[index] if mixture >> place & 1 else one[index]
            assert number_of(mixed.reshape(4, 4)) in (number, number + 1, None)


def test_a_single_wrong_square_is_noticed() -> None:
    for index in range(16):
        squares = squares_of(1234)
        squares.flat[index] ^= True
        assert number_of(squares) is None


def test_numbers_are_read_where_they_were_drawn() -> None:
    picture = np.full((200, 400, 3), 200, np.uint8)
    picture[10:190, 60:380] = drawn(777)
    assert known_place(60, 10, 380, 190).read(picture) == 777


def test_numbers_are_read_off_a_screen_that_is_seen_from_the_side() -> None:
    reader = find_screen(seen_from_the_side(lit(0)), seen_from_the_side(lit(255)))
    for found, there in zip(reader.corners, CORNERS, strict=True):
        assert np.hypot(found[0] - there[0], found[1] - there[1]) < 5
    numbers = range(0, NUMBERS, 397)
    assert [reader.read(seen_from_the_side(drawn(number), number)) for number in numbers] == list(numbers)


def test_a_camera_that_looks_elsewhere_is_told() -> None:
    with pytest.raises(BenchError, match="doesn't see the screen flash"):
        find_screen(seen_from_the_side(lit(0), 1), seen_from_the_side(lit(0), 2))


def test_a_latency_is_from_the_first_showing_to_the_first_sight() -> None:
    sightings = Sightings()
    sightings.sent(1, 10.0)
    sightings.sent(1, 10.2)
    sightings.sent(2, 10.5)
    for number, at_s in ((None, 10.1), (1, 10.4), (1, 10.6), (9, 10.6), (2, 11.0)):
        sightings.seen(number, at_s)
    assert sightings.latencies_s == pytest.approx([0.4, 0.5])
    assert sightings.unread == 1
