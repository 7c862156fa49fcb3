"""Films to learn on: single frames as photographs, and neighbouring ones for steadiness."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import torch
from torch import Tensor

from murai.errors import TrainingError

FILM_ENDINGS = {".mp4", ".mkv", ".mov", ".avi", ".webm", ".m4v", ".h264", ".ts"}
_FRAMES_EVERY_S = 1.0  # nearer ones show the same
_ASSUMED_FPS = 25.0


def film_frames(file: Path, short_side_px: int, every_s: float = _FRAMES_EVERY_S) -> list[Tensor]:
    """One frame a second, each (3, H, W) uint8 RGB; of a film that is damaged further on, those before.

    Raises:
        TrainingError: it can't be read at all.
    """
    return [frames[0] for frames in _runs(file, short_side_px, every_s, length=1)]


def film_pairs(file: Path, short_side_px: int, every_s: float, at_most: int) -> list[tuple[Tensor, Tensor]]:
    """Neighbouring frames (before, now), a pair every so many seconds; each (3, H, W) uint8 RGB.

    Raises:
        TrainingError: it can't be read at all.
    """
    pairs = []
    for before, now in _runs(file, short_side_px, every_s, length=2):
        pairs.append((before, now))
        if len(pairs) == at_most:
            break
    return pairs


def _runs(file: Path, short_side_px: int, every_s: float, length: int) -> Iterator[list[Tensor]]:
    """`length` neighbouring frames every so many seconds.

    Raises:
        TrainingError: there are none.
    """
    given = 0
    try:
        with open_film(file) as (fps, frames):
            period = max(length, round(fps * every_s))
            run: list[Tensor] = []
            for number, frame in enumerate(frames):
                if number % period < length:
                    run.append(frame_pixels(frame, _shrunk_size(frame, short_side_px)))
                if len(run) == length:
                    given += 1
                    yield run
                    run = []
    except TrainingError:
        if not given:
            raise
    if not given:
        raise TrainingError(f"the film {file} is too short", "give a longer video file")


@contextmanager
def open_film(file: Path) -> Iterator[tuple[float, Iterator[av.VideoFrame]]]:
    """How many frames a second a film has, and its frames one after another.

    Raises:
        TrainingError: it can't be read, at all or from some frame on, or has no pictures.
    """
    try:
        with av.open(file) as container:
            if not container.streams.video:
                raise TrainingError(f"the film {file} has no pictures", "give a video file")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            yield float(stream.average_rate or _ASSUMED_FPS), container.decode(stream)
    except (av.FFmpegError, OSError) as fault:
        raise TrainingError(
            f"can't read the film {file}: {fault.strerror or fault}", "give a whole video file"
        ) from fault


def frame_pixels(frame: av.VideoFrame, size_px: tuple[int, int]) -> Tensor:
    """(3, H, W) uint8 RGB, made to be of this width and height."""
    pixels = frame.to_ndarray(format="rgb24", width=size_px[0], height=size_px[1])
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def _shrunk_size(frame: av.VideoFrame, short_side_px: int) -> tuple[int, int]:
    factor = min(1.0, short_side_px / min(frame.width, frame.height))
    return round(frame.width * factor), round(frame.height * factor)
