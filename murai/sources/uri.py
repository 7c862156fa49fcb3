"""What a source's URI says: where the pictures come from, and with which options.

| URI | is | options |
| --- | --- | --- |
| `auto` | the best camera, else the synthetic scene | `auto?size=…&fps=…` as for a camera |
| `/dev/video0`, `v4l2:///dev/v4l/by-id/…` | a camera | `?size=1280x720&fps=30&format=auto|h264|mjpeg|yuyv|nv12` |
| a path, `file:///…` | a video file or a picture | for `file:` only: `?realtime=0|1&loop=0|1` |
| `rtsp://…`, `http(s)://…`, `rtmp(s)://…`, `udp://…` | a network stream | `#realtime=0|1&loop=0|1&transport=tcp|udp` |
| `synthetic:` | a drawn scene | `?size=640x360&fps=30&seed=1` |

A stream's query belongs to its server, so Murai's own options stand behind `#`, which is never sent.
A plain path is taken letter by letter, so any file name can be given.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from murai.config import parse_size
from murai.errors import ConfigError

Value = TypeVar("Value")
Name = TypeVar("Name", bound=str)
CameraFormat = Literal["auto", "h264", "mjpeg", "yuyv", "nv12"]
CAMERA_FORMATS: tuple[CameraFormat, ...] = ("auto", "h264", "mjpeg", "yuyv", "nv12")
STREAM_SCHEMES = ("rtsp", "rtsps", "http", "https", "rtmp", "rtmps", "udp")
_KNOWN = "auto, /dev/video0, v4l2:, file:, a path, rtsp:, http:, https:, rtmp:, udp: or synthetic:"


@dataclass(frozen=True, slots=True)
class CameraWish:
    """What is asked of a camera; None and "auto" leave the choice to what it offers."""

    size_px: tuple[int, int] | None = None
    fps: float | None = None
    format: CameraFormat = "auto"


@dataclass(frozen=True, slots=True)
class AutoSpec:
    """The best camera that there is, else the synthetic scene."""

    wish: CameraWish = CameraWish()


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """One camera, by device file or by a link to one."""

    path: Path
    wish: CameraWish = CameraWish()


@dataclass(frozen=True, slots=True)
class Playback:
    """How a recording is played: at its own pace or as fast as it goes, once or for ever."""

    realtime: bool = True
    loop: bool = True


KIOSK_PLAYBACK = Playback()


@dataclass(frozen=True, slots=True)
class FileSpec:
    """A video file or a picture."""

    path: Path
    playback: Playback = Playback()


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """A network stream. `transport` is RTSP's; `playback` counts only where the stream is a recording."""

    url: str
    playback: Playback = Playback()
    transport: Literal["tcp", "udp"] = "tcp"


@dataclass(frozen=True, slots=True)
class SyntheticSpec:
    """The drawn scene. Both sides of `size_px` are even, as 4:2:0 video wants them."""

    size_px: tuple[int, int] = (640, 360)
    fps: float = 30.0
    seed: int = 1


SourceSpec = AutoSpec | CameraSpec | FileSpec | StreamSpec | SyntheticSpec


def parse_source(uri: str, playback: Playback = KIOSK_PLAYBACK) -> SourceSpec:
    """What `uri` means; `playback` is for recordings whose URI doesn't say how to play them.

    Raises:
        ConfigError: unknown scheme, unknown option, or a value that can't be used; options behind a plain path.
    """
    text = uri.strip()
    if text == "auto" or text.startswith("auto?"):
        return AutoSpec(_wish(_Options(uri, text.partition("?")[2])))
    if text.startswith(("/dev/video", "/dev/v4l/")):
        return _camera(uri, text)
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower()
    if not colon or not re.fullmatch(r"[a-z][a-z0-9+.-]+", scheme):
        return FileSpec(_plain_path(uri, text), playback)
    if scheme == "v4l2":
        return _camera(uri, rest.removeprefix("//"))
    if scheme == "file":
        return _file(uri, rest, playback)
    if scheme == "synthetic":
        return _synthetic(_Options(uri, rest.partition("?")[2]))
    if scheme in STREAM_SCHEMES:
        return _stream(uri, text, playback)
    raise ConfigError(f"'{uri}' has the unknown scheme '{scheme}:'", f"a source is {_KNOWN}")


class _Options:
    """The options of one URI, each read once; `done` complains of those that nobody asked for."""

    def __init__(self, uri: str, query: str) -> None:
        self._uri = uri
        self._known: list[str] = []
        self._values: dict[str, str] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            if name in self._values:
                raise ConfigError(f"'{uri}' gives the option '{name}' twice", "give it once")
            self._values[name] = value

    def read(self, name: str, parse: Callable[[str], Value], default: Value, form: str) -> Value:
        """The option's value; `form` says in the error what would be right."""
        self._known.append(name)
        text = self._values.pop(name, None)
        if text is None:
            return default
        try:
            return parse(text)
        except (ValueError, ConfigError) as fault:
            raise ConfigError(f"'{self._uri}': {name}={text} can't be used", f"write {name}={form}") from fault

    def done(self) -> None:
        for name in self._values:
            known = ", ".join(self._known)
            raise ConfigError(f"'{self._uri}' has the unknown option '{name}'", f"known here: {known}")


def _plain_path(uri: str, text: str) -> Path:
    path = os.path.expanduser(_filled(uri, text))
    name, mark, _ = path.rpartition("?")
    if mark and not os.path.exists(path) and os.path.isfile(name):
        raise ConfigError(f"'{uri}' gives options to a plain path", f"options need file:, as in file:{text}")
    return Path(path)


def _camera(uri: str, text: str) -> CameraSpec:
    path, _, query = text.partition("?")
    return CameraSpec(Path(unquote(_filled(uri, path))), _wish(_Options(uri, query)))


def _wish(options: _Options) -> CameraWish:
    size_px = options.read("size", _maybe(parse_size), None, "1280x720 or auto")
    fps = options.read("fps", _maybe(_rate), None, "30 or auto")
    form = options.read("format", _one_of(CAMERA_FORMATS), CAMERA_FORMATS[0], "|".join(CAMERA_FORMATS))
    options.done()
    return CameraWish(size_px, fps, form)


def _file(uri: str, rest: str, playback: Playback) -> FileSpec:
    path, _, query = rest.partition("?")
    if path.startswith("//"):
        host, slash, path = path[2:].partition("/")
        if host not in ("", "localhost"):
            raise ConfigError(f"'{uri}' names the host '{host}'", "a file URI is file:///path or file:path")
        path = slash + path
    options = _Options(uri, query)
    chosen = _playback(options, playback)
    options.done()
    return FileSpec(Path(unquote(_filled(uri, path))), chosen)


def _stream(uri: str, text: str, playback: Playback) -> StreamSpec:
    url, _, fragment = text.partition("#")
    if not _names_host(url):
        raise ConfigError(f"'{uri}' names no host", "write it as rtsp://host/path or http://host:port/path")
    options = _Options(uri, fragment)
    chosen = _playback(options, playback)
    transport = options.read("transport", _one_of(("tcp", "udp")), "tcp", "tcp|udp")
    options.done()
    return StreamSpec(url, chosen, "udp" if transport == "udp" else "tcp")


def _names_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.netloc) and parts.port != 0  # asking for the port checks it
    except ValueError:
        return False


def _synthetic(options: _Options) -> SyntheticSpec:
    plain = SyntheticSpec()
    size_px = options.read("size", _even_size, plain.size_px, "640x360, both sides even and at most 3840")
    fps = options.read("fps", _rate, plain.fps, "30, at least 1 and at most 240")
    seed = options.read("seed", _natural, plain.seed, "1, a whole number from 0")
    options.done()
    return SyntheticSpec(size_px, fps, seed)


def _playback(options: _Options, default: Playback) -> Playback:
    realtime = options.read("realtime", _flag, default.realtime, "0|1")
    loop = options.read("loop", _flag, default.loop, "0|1")
    return Playback(realtime, loop)


def _filled(uri: str, path: str) -> str:
    if not path:
        raise ConfigError(f"'{uri}' names no file", f"a source is {_KNOWN}")
    return path


def _maybe(parse: Callable[[str], Value]) -> Callable[[str], Value | None]:
    return lambda text: None if text == "auto" else parse(text)


def _one_of(choices: tuple[Name, ...]) -> Callable[[str], Name]:
    def parse(text: str) -> Name:
        for choice in choices:
            if choice == text.lower():
                return choice
        raise ValueError(text)

    return parse


def _rate(text: str) -> float:
    rate = float(text)
    if not 1.0 <= rate <= 240.0:  # also false for NaN
        raise ValueError(text)
    return rate


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(text)
    return text == "1"


def _natural(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) < 2**32):
        raise ValueError(text)
    return int(text)


def _even_size(text: str) -> tuple[int, int]:
    width, height = parse_size(text)
    if width % 2 or height % 2 or max(width, height) > 3840:
        raise ValueError(text)
    return width, height
