"""What can be told without a camera; scripts/test-camera has the rest, with a real one."""

import errno
import logging
import os
from pathlib import Path

import pytest
from linuxpy.video import device as v4l2

from murai.errors import CameraBusy, CameraError, CameraForbidden, CameraMissing, CameraUnsupported
from murai.sources.camera_faults import camera_fault
from murai.sources.cameras import list_cameras
from murai.sources.h264 import can_start_at
from murai.sources.uri import CameraWish
from murai.sources.v4l2 import V4L2Camera, stable_path, without_padding
from murai.sources.v4l2_query import list_modes


def test_a_camera_that_is_not_there() -> None:
    with pytest.raises(CameraMissing, match="/dev/video77"):
        V4L2Camera(Path("/dev/video77"))


def test_a_device_that_is_no_camera() -> None:
    with pytest.raises(CameraError, match="/dev/null can't be used as a camera"):
        V4L2Camera(Path("/dev/null"))


def test_devices_without_a_camera_are_listed_with_their_fault(tmp_path: Path) -> None:
    (tmp_path / "video10").symlink_to("/dev/null")
    (tmp_path / "video2").symlink_to(tmp_path / "gone")
    (tmp_path / "videoconf").touch()
    found = list_cameras(tmp_path)
    assert [camera.path.name for camera in found] == ["video2", "video10"]
    assert isinstance(found[0].fault, CameraMissing)
    assert all(camera.fault for camera in found)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENODEV, CameraMissing),
        (errno.EBUSY, CameraBusy),
        (errno.EACCES, CameraForbidden),
        (errno.ENOSPC, CameraUnsupported),
        (errno.EPROTO, CameraError),
    ],
)
def test_each_answer_of_the_kernel_has_its_error_and_remedy(number: int, kind: type[CameraError]) -> None:
    fault = camera_fault(Path("/dev/video0"), OSError(number, os.strerror(number)))
    assert type(fault) is kind
    assert "/dev/video0" in str(fault)
    assert fault.remedy


@pytest.mark.parametrize(("level", "told"), [(logging.WARNING, 0), (logging.INFO, 1)])
def test_a_format_that_linuxpy_does_not_know_is_told_only_to_who_asks(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, level: int, told: int
) -> None:
    unknown = v4l2.raw.v4l2_fmtdesc(pixelformat=int.from_bytes(b"XYZ?", "little"))
    monkeypatch.setattr(v4l2, "iter_read", lambda fd, request, start: [unknown])
    with caplog.at_level(level):
        assert list_modes(-1, CameraWish()) == []
        v4l2.log.warning("something else")
    said = [record.getMessage() for record in caplog.records]
    assert len([line for line in said if "XYZ?" in line]) == told
    assert "something else" in said


def test_the_lasting_link_is_found_by_camera_before_port(tmp_path: Path) -> None:
    node, by_id, by_path = tmp_path / "video3", tmp_path / "by-id", tmp_path / "by-path"
    node.touch()
    links = (by_id, by_path)
    assert stable_path(node, links) == node
    by_path.mkdir()
    (by_path / "port").symlink_to(node)
    assert stable_path(node, links) == by_path / "port"
    by_id.mkdir()
    (by_id / "camera").symlink_to(node)
    (by_id / "another").symlink_to(tmp_path / "video4")
    assert stable_path(node, links) == by_id / "camera"
    assert stable_path(by_path / "port", links) == by_id / "camera"


def test_padding_is_cut_from_raw_lines() -> None:
    assert without_padding(b"ab..cd..", 4, 2, 2) == b"abcd"
    assert without_padding(b"abcd-rest", 2, 2, 2) == b"abcd"


def test_h264_starts_at_headers_or_a_keyframe() -> None:
    assert can_start_at(b"\0\0\0\1\x09\xf0\0\0\1\x67headers\0\0\1\x68x\0\0\1\x65picture")
    assert can_start_at(b"\0\0\1\x65picture")
    assert not can_start_at(b"\0\0\0\1\x41refers to others")
    assert not can_start_at(b"\0\0\1\x06about\0\0\1\x41refers to others")
    assert not can_start_at(b"")
    assert not can_start_at(b"\0\0\1")
