from pathlib import Path

import pytest

from murai.errors import ConfigError
from murai.sources.uri import (
    AutoSpec,
    CameraSpec,
    CameraWish,
    FileSpec,
    Playback,
    StreamSpec,
    SyntheticSpec,
    parse_source,
)

LINK = Path("/dev/v4l/by-id/usb-046d_HD_Pro_Webcam_C920-video-index0")


@pytest.mark.parametrize(
    ("uri", "spec"),
    [
        ("auto", AutoSpec()),
        ("auto?size=640x480", AutoSpec(CameraWish((640, 480)))),
        ("/dev/video0", CameraSpec(Path("/dev/video0"))),
        ("/dev/video2?format=mjpeg", CameraSpec(Path("/dev/video2"), CameraWish(format="mjpeg"))),
        (f"v4l2://{LINK}?size=1280x720&fps=30&format=h264", CameraSpec(LINK, CameraWish((1280, 720), 30.0, "h264"))),
        (f"v4l2:{LINK}?size=auto&fps=auto&format=auto", CameraSpec(LINK)),
        ("clips/a?b.mp4", FileSpec(Path("clips/a?b.mp4"))),
        ("/a%20b.mp4", FileSpec(Path("/a%20b.mp4"))),
        ("file:///a%20b.mp4?loop=0&realtime=0", FileSpec(Path("/a b.mp4"), Playback(False, False))),
        ("file://localhost/a.mp4", FileSpec(Path("/a.mp4"))),
        ("file:a.mp4?loop=0", FileSpec(Path("a.mp4"), Playback(loop=False))),
        ("rtsp://user:word@host/x?loop=7&size=a", StreamSpec("rtsp://user:word@host/x?loop=7&size=a")),
        ("rtsp://host/x#transport=udp", StreamSpec("rtsp://host/x", transport="udp")),
        ("https://host/a.mp4?t=1#loop=0", StreamSpec("https://host/a.mp4?t=1", Playback(loop=False))),
        ("udp://@:5000", StreamSpec("udp://@:5000")),
        ("~nobody-of-that-name/a.mp4", FileSpec(Path("~nobody-of-that-name/a.mp4"))),
        ("synthetic:", SyntheticSpec()),
        ("synthetic:?size=320x240&fps=24&seed=9", SyntheticSpec((320, 240), 24.0, 9)),
    ],
)
def test_uris_mean(uri: str, spec: object) -> None:
    assert parse_source(uri) == spec


def test_the_caller_chooses_how_a_recording_is_played_where_the_uri_does_not() -> None:
    once = Playback(realtime=False, loop=False)
    assert parse_source("a.mp4", once) == FileSpec(Path("a.mp4"), once)
    assert parse_source("file:a.mp4?loop=1", once) == FileSpec(Path("a.mp4"), Playback(False, True))


@pytest.mark.parametrize(
    ("uri", "named"),
    [
        ("webcam://0", "webcam:"),
        ("synthetik:", "synthetik:"),
        ("", "names no file"),
        ("file://", "names no file"),
        ("file://otherhost/a.mp4", "otherhost"),
        ("/dev/video0?sise=1x1", "sise"),
        ("/dev/video0?size=big", "size=big"),
        ("/dev/video0?format=h265", "format=h265"),
        ("/dev/video0?fps=30&fps=60", "twice"),
        ("file:a.mp4?loop=yes", "loop=yes"),
        ("synthetic:?size=641x360", "size=641x360"),
        ("synthetic:?fps=nan", "fps=nan"),
        ("synthetic:?seed=-1", "seed=-1"),
        ("rtsp:///x", "names no host"),
        ("http://host:99999/x", "names no host"),
        ("http://[::1/x", "names no host"),
        ("rtsp://host/x#transport=pigeon", "transport=pigeon"),
    ],
)
def test_a_wrong_uri_is_told_with_its_remedy(uri: str, named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_source(uri)
    assert named in str(caught.value)
    assert uri in caught.value.what
    assert caught.value.remedy


def test_options_behind_a_plain_path_want_a_scheme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("fast.mp4").touch()
    with pytest.raises(ConfigError, match=r"options need file:, as in file:fast\.mp4\?loop=0"):
        parse_source("fast.mp4?loop=0")
    Path("fast.mp4?loop=0").touch()
    assert parse_source("fast.mp4?loop=0") == FileSpec(Path("fast.mp4?loop=0"))
    assert parse_source("slow.mp4?loop=0") == FileSpec(Path("slow.mp4?loop=0"))
