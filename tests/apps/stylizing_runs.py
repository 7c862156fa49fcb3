"""What the tests of `murai stylize` paint: drawn pictures, films with sound, and packs for them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.console import Console

from murai.apps.stylizing import Report, stylize
from murai.apps.stylizing_options import make_options
from murai.sources.colours import matrix_of
from tests.sources.clips import moving

Pixels = npt.NDArray[np.uint8]
SIZE_PX = (96, 64)
TICKS_HZ = 12_800


def paint(source: Path | str, output: Path, pack: Path, **more: Any) -> Report:
    """One call of `murai stylize` on the CPU."""
    given = {"input": str(source), "output": output, "pack": str(pack), "device": "cpu", **more}
    return stylize(make_options(given), Console(file=io.StringIO()))


def draw(file: Path, number: int = 0, size_px: tuple[int, int] = SIZE_PX, **saving: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    around_px = (-(-size_px[0] // 8) * 8, -(-size_px[1] // 8) * 8)
    picture = moving(number + 1, around_px)[number][: size_px[1], : size_px[0]]
    Image.fromarray(picture).save(file, **saving)
    return file


def pixels(file: Path) -> Pixels:
    with Image.open(file) as opened:
        return np.asarray(opened.convert("RGB"))


def film(
    file: Path,
    frames: int = 12,
    *,
    every: int | Sequence[int] = 512,
    sound: str | None = "aac",
    size_px: tuple[int, int] = SIZE_PX,
    turns_left: int = 0,
    begins: int = 0,
) -> Path:
    """A film of wandering squares. every: ticks from each frame to the next, of 12,800 a second; begins: too."""
    steps = [every] * frames if isinstance(every, int) else list(every)
    with av.open(str(file), "w") as container:
        video = container.add_stream("libx264", 25, options={"preset": "ultrafast", "crf": "12", "g": "5"})
        video.width, video.height, video.pix_fmt = *size_px, "yuv420p"
        video.codec_context.time_base = Fraction(1, TICKS_HZ)
        if turns_left:
            video.set_display_rotation(90 * turns_left)
        audio = container.add_stream(sound, 44_100) if sound else None
        tick = begins
        for picture, step in zip(moving(frames, size_px), steps, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = tick, Fraction(1, TICKS_HZ)
            container.mux(video.encode(frame))
            tick += step
        container.mux(video.encode(None))
        if audio is not None:
            _hum(container, audio, begins / TICKS_HZ, tick / TICKS_HZ)
    return file


def _hum(container: av.container.OutputContainer, audio: av.AudioStream, from_s: float, to_s: float) -> None:
    for n in range(round(from_s * 44_100 / 1024), round(to_s * 44_100 / 1024)):
        wave = np.sin(np.arange(n * 1024, (n + 1) * 1024) * 0.07)[None].astype(np.float32) * 0.3
        frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 44_100, n * 1024
        container.mux(audio.encode(frame))
    container.mux(audio.encode(None))


@dataclass(frozen=True)
class Seen:
    """What a player sees and hears of a film. times_s: of its frames. sound: each packet with its time."""

    frames: list[Pixels]
    times_s: list[float]
    sound: list[tuple[float, bytes]]


def watch(file: Path) -> Seen:
    with av.open(str(file)) as container:
        decoded = list(container.decode(container.streams.video[0]))
    with av.open(str(file)) as container:
        heard = [packet for stream in container.streams.audio for packet in container.demux(stream) if packet.size]
    return Seen(
        [_shown(frame) for frame in decoded],
        [float((frame.pts or 0) * (frame.time_base or 0)) for frame in decoded],
        [(float((packet.pts or 0) * (packet.time_base or 0)), bytes(packet)) for packet in heard],
    )


def _shown(frame: av.VideoFrame) -> Pixels:
    """As a player shows it, by the matrix that the file names."""
    found: Pixels = frame.to_ndarray(format="rgb24", src_colorspace=matrix_of(frame, "h264"))
    return found


def blurred(picture: Pixels) -> Pixels:
    """Means of 8 x 8 px: what is left of colours where they are coded at half the resolution."""
    height, width = picture.shape[0] // 8, picture.shape[1] // 8
    return picture.reshape(height, 8, width, 8, 3).mean((1, 3)).round().astype(np.uint8)


def away(one: Pixels, other: Pixels) -> float:
    """Mean absolute difference, of 255."""
    return float(np.abs(one.astype(float) - other.astype(float)).mean())
