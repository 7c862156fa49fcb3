"""What `murai bench` is told, and what of it is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from murai.config import parse_size
from murai.errors import ConfigError

Size = tuple[int, int]

STAGES = ("decode", "colour", "network", "draw", "pipeline", "live")
PEERS = ("peer", "onnxruntime", "openvino", "tensorrt")
EXTRA_PEERS = PEERS[:3]
"""Those that the extra `bench` installs."""
_NAMED: dict[str, Size] = {"360p": (640, 360), "720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}
_LARGEST_PX = 3840  # of the drawn scene


@dataclass(frozen=True)
class BenchOptions:
    """What is measured, how long, and where the figures go.

    rows: of `STAGES` and `PEERS`; empty for all.
    sizes: of the pictures; empty for the usual ones of the device.
    packs: names or folders; empty for all that came with Murai, first the one that is made for the device.
    seconds: that each row lasts, at least.
    quick: one size, one pack, one style and short rows, where nothing else is said.
    """

    rows: tuple[str, ...] = ()
    sizes: tuple[Size, ...] = ()
    packs: tuple[str, ...] = ()
    seconds: float | None = None
    quick: bool = False
    device: Literal["auto", "cpu", "cuda"] = "auto"
    json_file: Path | None = None
    plot: Path | None = None

    @property
    def row_s(self) -> float:
        return self.seconds or (1.0 if self.quick else 3.0)

    def wants(self, row: str) -> bool:
        return not self.rows or row in self.rows

    def sizes_on(self, device: str) -> tuple[Size, ...]:
        """What was asked for, or the usual sizes of the device."""
        usual = list(_NAMED.values())
        if self.quick:
            usual = usual[:1]
        elif device == "cpu":
            usual = usual[:3]
        return self.sizes or tuple(usual)


def parse_rows(text: str) -> tuple[str, ...]:
    """Rows of "decode,pipeline,…".

    Raises:
        ConfigError: there is no row of that name.
    """
    rows = tuple(name.strip() for name in text.split(",") if name.strip())
    for row in rows:
        if row not in STAGES + PEERS:
            raise ConfigError(f"--rows {text}: there is no row '{row}'", f"choose of {', '.join(STAGES + PEERS)}")
    return rows


def parse_sizes(text: str) -> tuple[Size, ...]:
    """Sizes of "360p,1280x720,…".

    Raises:
        ConfigError: something is no size that video can have.
    """
    names: Sequence[str] = [name.strip().lower() for name in text.split(",") if name.strip()]
    sizes = tuple(_size_of(name) for name in names)
    for name, size in zip(names, sizes, strict=True):
        if size[0] % 2 or size[1] % 2 or max(size) > _LARGEST_PX:
            raise ConfigError(f"--sizes {name} can't be filmed", f"choose even sides of at most {_LARGEST_PX} px")
    return sizes


def _size_of(name: str) -> Size:
    try:
        return _NAMED.get(name) or parse_size(name)
    except ConfigError as fault:
        raise ConfigError(f"--sizes: {fault.what}", f"choose of {', '.join(_NAMED)}, or {fault.remedy}") from fault


def size_name(size: Size) -> str:
    """As in "640x360"."""
    return f"{size[0]}x{size[1]}"
