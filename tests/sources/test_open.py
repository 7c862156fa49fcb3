import logging
from contextlib import closing
from pathlib import Path

import pytest

from murai.errors import CameraMissing, ConfigError
from murai.sources import open_source
from murai.sources.open import camera_uri, open_camera_for
from murai.sources.uri import CameraSpec, CameraWish, Playback, parse_source
from tests.sources.clips import moving, write_clip


def test_where_there_is_no_camera_the_drawn_scene_is_shown_and_said(caplog: pytest.LogCaptureFixture) -> None:
    if list(Path("/dev").glob("video*")):
        pytest.skip("this machine may have a camera")
    with caplog.at_level(logging.INFO):
        opened = open_source("auto")
    with closing(opened.source):
        assert opened.source.info.title == "drawn scene"
    assert opened.notice == "no camera is plugged in; showing the drawn scene"
    assert opened.notice in caplog.text
    assert opened.uri == "synthetic:"


def test_a_camera_alone_is_never_the_drawn_scene(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("murai.sources.cameras.list_cameras", lambda: [])
    assert open_camera_for("auto?fps=30") is None
    assert open_camera_for("synthetic:") is None
    with pytest.raises(ConfigError):
        open_camera_for("nonesuch://x")


def test_files_and_scenes_are_opened_as_asked_without_a_notice(tmp_path: Path) -> None:
    file = write_clip(tmp_path / "a.mp4", moving(3))
    for uri in (str(file), f"file://{file}?loop=0", "synthetic:?size=64x64"):
        opened = open_source(uri, Playback(realtime=False, loop=False))
        opened.source.close()
        assert (opened.uri, opened.notice) == (uri, "")


def test_a_camera_is_opened_again_by_its_link_with_the_same_wish() -> None:
    wish = CameraWish((1280, 720), 29.97, "mjpeg")
    link = Path("/dev/v4l/by-id/usb-a b?-video-index0")
    for asked in (wish, CameraWish()):
        assert parse_source(camera_uri(link, asked)) == CameraSpec(link, asked)


def test_errors_come_through() -> None:
    with pytest.raises(CameraMissing):
        open_source("/dev/video77")
    with pytest.raises(ConfigError):
        open_source("nonesuch://x")
