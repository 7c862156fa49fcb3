"""The cameras of this machine, and the best of them."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from murai.errors import CameraError
from murai.sources.camera_faults import camera_fault
from murai.sources.camera_modes import FOURCCS, CameraMode, rank
from murai.sources.uri import CameraWish
from murai.sources.v4l2 import V4L2Camera, stable_path
from murai.sources.v4l2_query import camera_name, list_modes, open_node

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CameraFound:
    """A camera that is plugged in. `fault` says why it can't be used, or is None."""

    path: Path
    stable_path: Path
    title: str
    modes: tuple[CameraMode, ...]
    fault: CameraError | None = None


def list_cameras(devices: Path = Path("/dev")) -> list[CameraFound]:
    """All cameras, in the order of their numbers; nodes that give no pictures are left out."""
    nodes = [node for node in devices.glob("video*") if node.name[5:].isdecimal()]
    found = [_examine(node) for node in sorted(nodes, key=lambda node: int(node.name[5:]))]
    return [camera for camera in found if camera is not None]


def open_best_camera(wish: CameraWish) -> tuple[V4L2Camera | None, str]:
    """The first camera that gives H.264, then MJPEG, then raw, as `wish` allows.

    The second value says in one line why there is none; it is empty where there is one.
    """
    found = list_cameras()
    faults = [camera.fault for camera in found if camera.fault is not None]
    usable = [camera for camera in found if any(mode.fourcc in FOURCCS for mode in camera.modes)]
    for camera in sorted(usable, key=_best_rank):
        try:
            return V4L2Camera(camera.path, wish), ""
        except CameraError as fault:
            _log.info("passed over: %s", fault)
            faults.append(fault)
    return None, str(faults[0]) if faults else "no camera is plugged in"


def _best_rank(camera: CameraFound) -> int:
    return min(rank(mode) for mode in camera.modes if mode.fourcc in FOURCCS)


def _examine(node: Path) -> CameraFound | None:
    try:
        fd = open_node(node)
    except CameraError as fault:
        return CameraFound(node, node, str(node), (), fault)
    try:
        title = camera_name(fd, node)
        return CameraFound(node, stable_path(node), title, tuple(list_modes(fd, CameraWish())))
    except OSError as fault:
        return CameraFound(node, node, str(node), (), camera_fault(node, fault))
    except CameraError as fault:  # a node for metadata, or gone meanwhile
        _log.debug("%s", fault)
        return None
    finally:
        os.close(fd)
