from fractions import Fraction

import pytest

from murai.errors import CameraUnsupported
from murai.sources.camera_modes import CameraMode, choose_mode, offers
from murai.sources.uri import CameraWish


def mode(fourcc: str, width: int, height: int, fps: int) -> CameraMode:
    return CameraMode(fourcc, width, height, Fraction(fps))


OLD_C920 = [
    mode("YUYV", 640, 480, 30),
    mode("YUYV", 1280, 720, 10),
    mode("MJPG", 640, 480, 30),
    mode("MJPG", 1280, 720, 30),
    mode("MJPG", 1920, 1080, 30),
    mode("H264", 640, 480, 30),
    mode("H264", 1280, 720, 15),
    mode("H264", 1280, 720, 30),
    mode("H264", 1920, 1080, 30),
]
NEW_C920 = [found for found in OLD_C920 if found.fourcc != "H264"]
RAW_ONLY = [found for found in OLD_C920 if found.fourcc == "YUYV"]


def test_h264_comes_first_then_mjpeg_then_raw() -> None:
    assert choose_mode(OLD_C920, CameraWish(), "C920") == mode("H264", 1280, 720, 30)
    assert choose_mode(NEW_C920, CameraWish(), "C920") == mode("MJPG", 1280, 720, 30)


def test_a_smooth_rate_comes_before_a_large_picture() -> None:
    assert choose_mode(RAW_ONLY, CameraWish(), "old") == mode("YUYV", 640, 480, 30)


def test_what_is_asked_for_is_met() -> None:
    wish = CameraWish((1280, 720), 15, "h264")
    assert choose_mode(OLD_C920, wish, "C920") == mode("H264", 1280, 720, 15)
    assert choose_mode(OLD_C920, CameraWish((1280, 720), format="yuyv"), "C920") == mode("YUYV", 1280, 720, 10)


def test_a_size_that_only_a_later_format_has_is_taken_from_that() -> None:
    only_small_h264 = [mode("H264", 640, 480, 30), mode("MJPG", 1920, 1080, 30)]
    assert choose_mode(only_small_h264, CameraWish((1920, 1080)), "camera").fourcc == "MJPG"


@pytest.mark.parametrize("wish", [CameraWish((1000, 700)), CameraWish(fps=60), CameraWish(format="nv12")])
def test_what_is_not_offered_is_told_with_what_is(wish: CameraWish) -> None:
    with pytest.raises(CameraUnsupported) as caught:
        choose_mode(NEW_C920, wish, "C920")
    assert "mjpeg 1920x1080 at 30" in caught.value.remedy


def test_an_unknown_rate_meets_any_wish() -> None:
    silent = [CameraMode("MJPG", 640, 480, Fraction(0))]
    assert choose_mode(silent, CameraWish(fps=25), "camera") == silent[0]


def test_a_camera_of_unknown_formats_is_told() -> None:
    with pytest.raises(CameraUnsupported, match="HEVC 640x480"):
        choose_mode([mode("HEVC", 640, 480, 30)], CameraWish(), "camera")


def test_offers_stay_one_short_line() -> None:
    many = [mode("MJPG", 16 * n, 16 * n, 30) for n in range(1, 101)]
    assert offers(many).endswith("and 76 more")
