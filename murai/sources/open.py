"""From a URI to an open source."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from murai.core.media import PacketSource
from murai.errors import CameraUnsupported
from murai.sources.uri import (
    KIOSK_PLAYBACK,
    AutoSpec,
    CameraSpec,
    CameraWish,
    FileSpec,
    Playback,
    StreamSpec,
    SyntheticSpec,
    parse_source,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """An open source, with what the supervisor and the screen have to know.

    uri: opens this very source again; a camera's is by its lasting link, whatever its number.
    notice: one line for the screen, or "" where everything is as asked for.
    """

    source: PacketSource
    uri: str
    notice: str = ""


def open_source(uri: str, playback: Playback = KIOSK_PLAYBACK) -> OpenedSource:
    """Opens what `uri` names; `playback` is for recordings whose URI doesn't say how to play them.

    Raises:
        ConfigError: the URI can't be understood.
        SourceError: the source can't be opened.
    """
    # Only what is needed is loaded: a camera needs no FFmpeg, a file no V4L2.
    match parse_source(uri, playback):
        case AutoSpec(wish):
            return _open_auto(wish)
        case CameraSpec(path, wish):
            return _open_camera(path, wish)
        case FileSpec() as file:
            from murai.sources.media import open_file

            return OpenedSource(open_file(file), uri)
        case StreamSpec() as stream:
            from murai.sources.media import open_stream

            return OpenedSource(open_stream(stream), uri)
        case SyntheticSpec() as scene:
            from murai.sources.synthetic import SyntheticSource

            return OpenedSource(SyntheticSource(scene), uri)


def _open_camera(path: Path, wish: CameraWish) -> OpenedSource:
    try:
        from murai.sources.v4l2 import V4L2Camera
    except ImportError as fault:
        raise CameraUnsupported(f"no camera can be opened on this system ({fault})", "cameras need Linux") from fault
    camera = V4L2Camera(path, wish)
    return OpenedSource(camera, camera_uri(camera.stable_path, wish))


def open_camera_for(uri: str) -> OpenedSource | None:
    """The camera that `auto` stands for, if there is one now; never the drawn scene in its place.

    Raises:
        ConfigError: the URI can't be understood.
    """
    spec = parse_source(uri)
    return _open_best(spec.wish)[0] if isinstance(spec, AutoSpec) else None


def _open_best(wish: CameraWish) -> tuple[OpenedSource | None, str]:
    """The best camera; the second value says in one line why there is none."""
    try:
        from murai.sources.cameras import open_best_camera
    except ImportError as fault:
        return None, f"no cameras on this system ({fault})"
    camera, reason = open_best_camera(wish)
    if camera is None:
        return None, reason
    _log.info("source: %s, %s", camera.info.title, camera.mode)
    return OpenedSource(camera, camera_uri(camera.stable_path, wish)), ""


def _open_auto(wish: CameraWish) -> OpenedSource:
    opened, reason = _open_best(wish)
    if opened is not None:
        return opened
    from murai.sources.synthetic import SyntheticSource

    notice = f"{reason}; showing the drawn scene"
    _log.info("source: %s", notice)
    return OpenedSource(SyntheticSource(SyntheticSpec()), "synthetic:", notice)


def camera_uri(path: Path, wish: CameraWish) -> str:
    """The URI that asks the camera at `path` for the same again."""
    size = "auto" if wish.size_px is None else "{}x{}".format(*wish.size_px)
    fps = "auto" if wish.fps is None else f"{wish.fps:g}"
    return f"v4l2://{quote(str(path), safe='/:')}?size={size}&fps={fps}&format={wish.format}"
