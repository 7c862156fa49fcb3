"""Films to learn on: single frames as photographs, and neighbouring ones for steadiness."""

from __future__ import annotations

from collections.abc import Iterator
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
        with av.open(file) as container:
            if not container.streams.video:
                raise TrainingError(f"the film {file} has no pictures", "give a video file")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            period = max(length, round(float(stream.average_rate or _ASSUMED_FPS) * every_s))
            run: list[Tensor] = []
            for number, frame in enumerate(container.decode(stream)):
                if number % period < length:
                    run.append(_pixels(frame, short_side_px))
                if len(run) == length:
                    given += 1
                    yield run
                    run = []
    except (av.FFmpegError, OSError) as fault:
        if not given:
            raise TrainingError(f"can't read the film {file}: {fault}", "give a whole video file") from fault
    if not given:
        raise TrainingError(f"the film {file} is too short", "give a longer video file")


def _pixels(frame: av.VideoFrame, short_side_px: int) -> Tensor:
    factor = min(1.0, short_side_px / min(frame.width, frame.height))
    width, height = round(frame.width * factor), round(frame.height * factor)
    pixels = frame.to_ndarray(format="rgb24", width=width, height=height)
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()
