"""What a camera's packets say about buffers that the driver marked as damaged; the driver is played."""

import os
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from threading import Event

import pytest
from linuxpy.video import device as v4l2

from murai.sources import v4l2 as camera_module
from murai.sources.camera_modes import CameraMode
from murai.sources.v4l2 import V4L2Camera

KEYFRAME, PICTURE = b"\0\0\0\1\x65key", b"\0\0\0\1\x41pic"


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> Iterator[V4L2Camera]:
    """Its buffers are: a keyframe, a whole picture, two damaged ones, two whole ones."""
    whole = [KEYFRAME, PICTURE, PICTURE, PICTURE, PICTURE, PICTURE]
    maps = [bytearray(unit) for unit in whole]
    flags = iter([0, 0, v4l2.BufferFlag.ERROR, v4l2.BufferFlag.ERROR, 0, 0])
    numbers = iter(range(6))

    def dequeue(*_: object) -> object:
        index = next(numbers)
        return v4l2.raw.v4l2_buffer(index=index, bytesused=len(whole[index]), flags=int(next(flags)))

    mode = CameraMode("H264", 160, 96, Fraction(25))
    for name, played in (("camera_name", "camera"), ("list_modes", [mode]), ("choose_mode", mode), ("set_mode", 0)):
        monkeypatch.setattr(camera_module, name, lambda *_, played=played: played)
    for name in ("enqueue_buffers", "stream_on", "enqueue_buffer", "stream_off", "free_buffers"):
        monkeypatch.setattr(v4l2, name, lambda *_: None)
    monkeypatch.setattr(v4l2, "dequeue_buffer", dequeue)
    with tempfile.TemporaryFile() as file:  # always ready to be read
        monkeypatch.setattr(camera_module, "open_node", lambda _: os.dup(file.fileno()))
        opened = V4L2Camera(Path("/dev/null"))
        monkeypatch.setattr(opened, "_stream", lambda stop: opened._read(maps, stop))  # type: ignore[arg-type]
        yield opened
        opened.close()


def test_the_packet_after_damaged_buffers_says_so(camera: V4L2Camera) -> None:
    packets = camera.packets(Event())
    assert [next(packets).lost_before for _ in range(4)] == [False, False, True, False]
    assert camera.damaged == 2
