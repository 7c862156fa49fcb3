"""What is shown after damage, by the side of the same stream whole."""

import random

import numpy as np
import pytest

from murai.core.media import Packet, StreamInfo
from murai.sources.pictures import PictureDecoder
from tests.sources.clips import Recipe, moving, units

FAST = {"preset": "ultrafast", "tune": "zerolatency", "threads": "1"}
INFO = StreamInfo("h264", 160, 96, 10.0, "test")  # 2 s are 20 pictures


def h264(count: int, x264: str) -> list[bytes]:
    noise = np.random.default_rng(5)
    pictures = [picture // 2 + noise.integers(0, 64, picture.shape, np.uint8) for picture in moving(count)]
    return units(pictures, Recipe(options=FAST | {"x264-params": x264}))


def torn(unit: bytes) -> bytes:
    middle = len(unit) // 2
    return unit[:middle] + bytes(byte ^ 0x5A for byte in unit[middle : middle + 3]) + unit[middle + 3 :]


def shown(data: list[bytes], lost_before: int | None = None) -> tuple[dict[int, bytes], int]:
    """The pictures by the number of their packets, and the count of damaged ones."""
    decoder, pictures = PictureDecoder(INFO), {}
    for n, unit in enumerate(data):
        for picture in decoder.decode(Packet(unit, float(n), n, lost_before=n == lost_before)):
            pictures[round(picture.captured_s)] = picture.rgb.tobytes()
    return pictures, decoder.damaged


@pytest.mark.parametrize("broken", [1, 5, 12, 15])
def test_after_a_damaged_picture_none_is_shown_until_a_keyframe(broken: int) -> None:
    whole = h264(40, "keyint=15:scenecut=0")
    pictures, damaged = shown([torn(unit) if n == broken else unit for n, unit in enumerate(whole)])
    back = 15 if broken < 15 else 30
    assert list(pictures) == [*range(broken), *range(back, 40)]
    assert damaged == back - broken
    assert pictures.items() <= shown(whole)[0].items()


def test_every_packet_is_either_shown_or_counted_and_every_keyframe_shown() -> None:
    whole = h264(60, "keyint=10:scenecut=0")
    dice = random.Random(2)
    data = list(whole)
    for n in range(3, 60, 10):
        unit = bytearray(data[n])
        unit[dice.randrange(len(unit) // 4, len(unit) // 2)] ^= 0xFF
        data[n] = bytes(unit)
    pictures, damaged = shown(data)
    assert len(pictures) + damaged == 60
    assert set(range(0, 60, 10)) <= set(pictures)


def test_a_unit_that_is_no_picture_costs_those_that_refer_to_it() -> None:
    whole = h264(30, "keyint=15:scenecut=0")
    pictures, damaged = shown([b"rubbish" if n == 4 else unit for n, unit in enumerate(whole)])
    assert (list(pictures), damaged) == ([*range(4), *range(15, 30)], 11)


def test_what_the_source_lost_costs_those_that_refer_to_it() -> None:
    whole = h264(30, "keyint=15:scenecut=0")
    pictures, damaged = shown(whole[:5] + whole[6:], lost_before=5)
    assert (list(pictures), damaged) == ([*range(5), *range(14, 29)], 9)
    pictures, damaged = shown(whole[:14] + whole[15:], lost_before=14)  # a keyframe refers to nothing
    assert (len(pictures), damaged) == (29, 0)


def test_without_keyframes_a_recovery_point_ends_it() -> None:
    whole = h264(60, "keyint=12:intra-refresh=1")
    pictures, damaged = shown([torn(unit) if n == 5 else unit for n, unit in enumerate(whole)])
    assert damaged == 60 - len(pictures)
    assert 12 < damaged < 20  # one whole refresh that began after the damage, and less than patience
    assert list(pictures) == [*range(5), *range(5 + damaged, 60)]
    assert pictures.items() <= shown(whole)[0].items()


def test_after_two_seconds_pictures_are_shown_again_but_never_damaged_ones_themselves() -> None:
    whole = h264(70, "keyint=60:scenecut=0")
    pictures, damaged = shown([torn(unit) if n in (5, 30, 40) else unit for n, unit in enumerate(whole)])
    assert list(pictures) == [*range(5), *range(25, 30), *range(31, 40), *range(41, 70)]
    assert damaged == 22
    undamaged = shown(whole)[0]
    assert all(pictures[n] == undamaged[n] for n in range(60, 70))


def test_a_keyframe_brings_patience_back() -> None:
    whole = h264(90, "keyint=40:scenecut=0")
    pictures, _ = shown([torn(unit) if n in (7, 50) else unit for n, unit in enumerate(whole)])
    assert list(pictures) == [*range(7), *range(27, 50), *range(70, 90)]


def test_a_start_anew_needs_no_keyframe_to_wait_for() -> None:
    whole = h264(10, "keyint=60:scenecut=0")
    decoder = PictureDecoder(INFO)
    for n, unit in enumerate(whole):
        decoder.decode(Packet(torn(unit) if n == 9 else unit, float(n), n))
    decoder.flush()
    assert [len(decoder.decode(Packet(unit, float(n), n))) for n, unit in enumerate(whole)] == [1] * 10


def test_of_jpegs_only_the_damaged_one_is_lost() -> None:
    data = units(moving(10), Recipe("mjpeg", "yuvj420p", options={}, colour={"color_range": 2}))
    data[4] = data[4][: len(data[4]) // 2]
    decoder = PictureDecoder(StreamInfo("mjpeg", 160, 96, 10.0, "test"))
    given = [len(decoder.decode(Packet(unit, float(n), n, lost_before=n == 7))) for n, unit in enumerate(data)]
    assert (given, decoder.damaged) == ([1] * 4 + [0] + [1] * 5, 1)


def test_with_b_frames_all_is_right_again_from_the_keyframe_on() -> None:
    reordered = {"preset": "veryfast", "threads": "1", "x264-params": "bframes=3:b-adapt=0:keyint=12:open-gop=1"}
    whole = units(moving(40), Recipe(options=reordered))
    pictures, damaged = shown([torn(unit) if n == 1 else unit for n, unit in enumerate(whole)])
    undamaged, none = shown(whole)
    assert none == 0
    assert 0 < damaged <= 12
    assert list(pictures.items())[-20:] == list(undamaged.items())[-20:]
