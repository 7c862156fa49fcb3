"""Strict, frozen models of the TOML files in configs/. What stands here is what the README explains."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from murai.config.keys import key_name
from murai.errors import ConfigError

Parsed = TypeVar("Parsed")

_FEWEST_PX, _MOST_PX = 16, 16384


def parse_size(text: str) -> tuple[int, int]:
    """Width and height in px from "1280x720".

    Raises:
        ConfigError: it is not of that form, or a side is out of bounds.
    """
    match = re.fullmatch(r"(\d{1,9})x(\d{1,9})", text.lower(), re.ASCII)
    if match is None:
        raise ConfigError(f"'{text}' is no size", "write WIDTHxHEIGHT in px, such as 1280x720")
    width, height = (int(side) for side in match.groups())
    if not _FEWEST_PX <= min(width, height) <= max(width, height) <= _MOST_PX:
        raise ConfigError(f"the size '{text}' is out of bounds", f"choose {_FEWEST_PX} to {_MOST_PX} px a side")
    return width, height


def _as_size(value: Any) -> Any:
    return _told(parse_size, value) if isinstance(value, str) else value


def _as_path(value: Any) -> Any:
    """None for "", which Path would take for the folder "."."""
    if not isinstance(value, str):
        return value
    try:
        return Path(value).expanduser() if value else None
    except RuntimeError as fault:
        raise ValueError("there is no such user's home") from fault


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _as_keys(value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_told(key_name, name) for name in value)


def _as_web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0  # asking checks it
    except ValueError:
        whole = False
    if not whole or any(sign.isspace() for sign in value):
        raise ValueError("it is no web address: write it as https://host")
    return value


def _told(parse: Callable[[str], Parsed], text: str) -> Parsed:
    """Pydantic adds the entry's path to a ValueError, and lets anything else through."""
    try:
        return parse(text)
    except ConfigError as fault:
        raise ValueError(str(fault)) from fault


Size = Annotated[tuple[int, int], BeforeValidator(_as_size)]
FilePath = Annotated[Path | None, BeforeValidator(_as_path)]
WebAddress = Annotated[str, AfterValidator(_as_web_address)]
Strings = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
Keys = Annotated[tuple[str, ...], BeforeValidator(_as_tuple), AfterValidator(_as_keys)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class SourceConfig(_Section):
    """Where the pictures come from.

    uri: `auto`, a camera, a file, a stream, or `synthetic:`.
    """

    uri: str = "auto"


class StylizerConfig(_Section):
    """Who paints, and how.

    pack: name of a folder in styles/, a path to one, or "auto" for the one that came with Murai.
    style: name of the style to start with, or "" for the pack's first.
    device: "auto" takes a GPU where there is one.
    strength: 0.0 is the camera's picture, 1.0 the painting.
    own_colours: start with the camera's own colours.
    steady: what rests stays as it was painted, and what moves takes its strokes along.
    """

    pack: str = "auto"
    style: str = ""
    device: Literal["auto", "cuda", "cpu"] = "auto"
    strength: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    own_colours: bool = False
    steady: bool = True


class DisplayConfig(_Section):
    """What it is shown on.

    mode: "auto" opens a window where there is a screen and draws offscreen where there is none.
    size: of the window or the offscreen picture, px.
    monitor: number of the monitor for full screen, from 0.
    fit: "fill" cuts what sticks out, "fit" leaves bars.
    quarter_turns: clockwise, for a screen that stands on its side.
    """

    mode: Literal["auto", "window", "offscreen"] = "auto"
    size: Size = (1280, 720)
    fullscreen: bool = False
    monitor: Annotated[int, Field(ge=0)] = 0
    fit: Literal["fill", "fit"] = "fill"
    mirror: bool = True
    quarter_turns: Annotated[int, Field(ge=0, le=3)] = 0
    vsync: bool = True


class SnapshotConfig(_Section):
    """Pictures that visitors take.

    folder: pictures lie in one folder a day below it; "" for the user's pictures folder.
    format: file format; `quality` is for jpeg, 1 to 95.
    countdown_s: from the key to the picture; 0 takes it at once.
    review_s: how long the picture stays frozen on the screen.
    cancel_s: how long after the picture Backspace still keeps it from being posted.
    """

    folder: FilePath = None
    format: Literal["jpeg", "png"] = "jpeg"
    quality: Annotated[int, Field(ge=1, le=95)] = 92
    countdown_s: Annotated[float, Field(ge=0.0, le=30.0)] = 3.0
    review_s: Annotated[float, Field(ge=0.0, le=30.0)] = 2.5
    cancel_s: Annotated[float, Field(ge=0.0, le=300.0)] = 8.0


class OutboxConfig(_Section):
    """Where pictures wait until they are posted.

    file: the SQLite file; "" for one in the user's state folder.
    attempts: how often a post is tried before it counts as dead.
    """

    file: FilePath = None
    attempts: Annotated[int, Field(ge=1, le=1000)] = 50


class TwitterConfig(_Section):
    """How pictures are posted. The keys themselves never stand in a config file.

    text: template; {title}, {artist}, {year}, {code} and {hashtags} are filled in.
    media_api: "v2" (POST /2/media/upload) or "v1.1" (upload host).
    keys_file: TOML file of mode 0600 with api_key, api_secret, access_token, access_secret; "" for none.
    api_url, upload_url: base addresses; other ones are for tests and gateways.
    timeout_s: for each request.
    """

    enabled: bool = True
    text: str = "Painted after {title} by {artist}. {hashtags} #{code}"
    alt_text: str = "A live picture from a camera, repainted in the style of {title} by {artist}."
    hashtags: Strings = ("murai",)
    media_api: Literal["v2", "v1.1"] = "v2"
    keys_file: FilePath = None
    api_url: WebAddress = "https://api.twitter.com"
    upload_url: WebAddress = "https://upload.twitter.com"
    timeout_s: Annotated[float, Field(gt=0.0, le=300.0)] = 20.0


class KioskConfig(_Section):
    """How the show behaves.

    lock: Esc no longer leaves the program, and Ctrl+Q must be held for three seconds.
    change_every_s: pace of `A`, styles changing by themselves; `change_at_start` begins with it on.
    fade_s: how long one style takes to become another.
    help_at_start: show the keys for ten seconds when the show starts.
    reset_after_s: without a key for so long, what visitors changed goes back; 0 for never.
    """

    lock: bool = False
    change_every_s: Annotated[float, Field(ge=1.0, le=86400.0)] = 20.0
    change_at_start: bool = False
    fade_s: Annotated[float, Field(ge=0.0, le=10.0)] = 0.6
    help_at_start: bool = False
    reset_after_s: Annotated[float, Field(ge=0.0, le=86400.0)] = 120.0


class KeysConfig(_Section):
    """Which keys do what; a list replaces the whole entry. `styles` are style 1, 2, … in order."""

    styles: Keys = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "0")
    next_style: Keys = ("Right", "PageDown")
    previous_style: Keys = ("Left", "PageUp")
    picture: Keys = ("Space", "Enter")
    cancel: Keys = ("Backspace",)
    more: Keys = ("Up",)
    less: Keys = ("Down",)
    own_colours: Keys = ("C",)
    blend: Keys = ("B",)
    split: Keys = ("V",)
    mirror: Keys = ("M",)
    original: Keys = ("O",)
    auto_change: Keys = ("A",)
    help: Keys = ("H", "F1")
    fullscreen: Keys = ("F", "F11")
    close: Keys = ("Esc",)
    quit: Keys = ("Ctrl+Q",)
    reload: Keys = ("Ctrl+R",)


class Config(_Section):
    """Everything that configs/kiosk.toml can say; every entry has a default."""

    source: SourceConfig = SourceConfig()
    stylizer: StylizerConfig = StylizerConfig()
    display: DisplayConfig = DisplayConfig()
    snapshot: SnapshotConfig = SnapshotConfig()
    outbox: OutboxConfig = OutboxConfig()
    twitter: TwitterConfig = TwitterConfig()
    kiosk: KioskConfig = KioskConfig()
    keys: KeysConfig = KeysConfig()
