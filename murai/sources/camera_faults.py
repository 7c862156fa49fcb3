"""What the kernel's error numbers mean when a camera gives them, and what to do."""

from __future__ import annotations

import errno
from pathlib import Path

from murai.errors import CameraBusy, CameraError, CameraForbidden, CameraMissing, CameraUnsupported

_GONE = (errno.ENODEV, errno.ENXIO, errno.ENOENT, errno.ENOTDIR, errno.ESHUTDOWN)


def camera_fault(path: Path, fault: OSError) -> CameraError:
    """The error to raise for what the driver of the camera at `path` answered."""
    reason = fault.strerror or str(fault)
    match fault.errno:
        case number if number in _GONE:
            return CameraMissing(f"the camera at {path} is not there", "plug it in, or see `ls -l /dev/v4l/by-id`")
        case errno.EBUSY:
            return CameraBusy(f"another program uses the camera at {path}", f"see which with `fuser -v {path}`")
        case errno.EACCES | errno.EPERM:
            return CameraForbidden(
                f"no permission to open the camera at {path}", "`sudo usermod -aG video $USER`, then log in again"
            )
        case errno.ENOTTY | errno.EINVAL:
            return CameraError(f"{path} can't be used as a camera ({reason})", "choose one from /dev/v4l/by-id")
        case errno.ENOSPC:
            return CameraUnsupported(
                f"the USB bus has no room for what the camera at {path} would send",
                "give it a port of its own, or ask for mjpeg or a smaller size",
            )
        case _:
            return CameraError(f"the camera at {path} failed: {reason}", "unplug it and plug it in again")
