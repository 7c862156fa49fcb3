"""Recovery points as ITU-T H.264 writes them, by hand: forbidden bit and type first, then messages."""

import pytest

from murai.sources.recovery import RecoveryPoints, recovery_frames

START = b"\0\0\0\1"
REFERENCE, DISPOSABLE = START + b"\x41\x9a\x11", START + b"\x01\x9a\x11"


@pytest.mark.parametrize(
    ("sei", "frames"),
    [
        (b"\x06\x06\x01\x80\x80", 0),  # "1"
        (b"\x06\x06\x01\x58\x80", 1),  # "010"
        (b"\x06\x06\x02\x12\x40\x80", 8),  # "0001001"
        (b"\x06\x05\x02\xaa\xbb\x06\x01\x58\x80", 1),  # another message before it
        (b"\x06\x05\xff\x01" + b"x" * 256 + b"\x06\x01\x58\x80", 1),  # a long one
        (b"\x06\x05\x04\0\0\x03\x01\x7f\x06\x01\x58\x80", 1),  # one with emulation prevention
        (b"\x06\x05\x01\xaa\x80", None),
        (b"\x06\x06\x01\x00\x80", None),  # damaged
        (b"\x06\x06", None),
        (b"\x06\xff\xff", None),
    ],
)
def test_the_count_of_frames(sei: bytes, frames: int | None) -> None:
    assert recovery_frames(sei) == frames


def test_only_reference_pictures_count() -> None:
    sei = START + b"\x06\x06\x01\x60\x80"  # "011": 2
    stream = [REFERENCE, sei + REFERENCE, DISPOSABLE, REFERENCE, REFERENCE]
    points = RecoveryPoints()
    assert [points.reached(unit) for unit in stream] == [False, False, False, False, True]
    points.forget()
    assert not points.reached(REFERENCE)
