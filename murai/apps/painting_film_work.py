"""The folder beside a film that is being painted: all that is needed to go on where the work was stopped."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from murai.apps.painting_files import picture_bytes
from murai.core.files import unwritable, write_whole
from murai.errors import PaintingError
from murai.imaging.flow import FinderName
from murai.training.data import read_image


class FrameReport(BaseModel):
    """What painting a frame came to.

    anew: it begins a scene. flicker: warping error against the frame before, None where a scene begins.
    """

    model_config = ConfigDict(frozen=True)

    round: int
    frame: int
    anew: bool
    took_s: float
    losses: dict[str, float]
    flicker: float | None


class FilmState(BaseModel):
    """How far the work has come.

    asked: what the paintings depend on. tile_px: of the frames so far. flow: what finds out what moved, as it was
    chosen in the beginning: on another machine `auto` may be another one.
    times: of each frame, its tick and how many it lasts. size: (height, width) of the frames.
    """

    asked: dict[str, Any]
    tile_px: int
    flow: FinderName
    size: tuple[int, int]
    times: list[tuple[int, int]]
    reports: list[FrameReport] = []


class FilmWork:
    """The folder's files. Each is whole or not there, also after a loss of power.

    Frames are kept as the numbers that they are, and not only as the PNGs that people see: so what is painted after a
    stop is, bit by bit, what would have been painted without it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def state(self) -> FilmState | None:
        """What was kept, None where the work has not begun.

        Raises:
            PaintingError: it can't be read.
        """
        file = self.folder / "state.json"
        try:
            return FilmState.model_validate_json(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as fault:
            raise PaintingError(f"can't read {file}", "remove its folder to paint the film anew") from fault

    def keep_state(self, state: FilmState) -> None:
        """Raises: PaintingError: it can't be written."""
        write_durably(self.folder / "state.json", state.model_dump_json().encode())

    def keep_content(self, frame: int, rgb: Tensor) -> None:
        """rgb: (3, H, W) float in [0, 1]. Raises: PaintingError: it can't be written."""
        write_durably(self.content(frame), picture_bytes(rgb))

    def content(self, frame: int) -> Path:
        return self.folder / "content" / f"{frame + 1:06d}.png"

    def read_content(self, frame: int) -> Tensor:
        """(3, H, W) float RGB in [0, 1], in host memory."""
        return read_image(self.content(frame)).float() / 255.0

    def keep_painted(self, round_: int, frame: int, picture: Tensor) -> None:
        """picture: (3, H, W) float. Raises: PaintingError: it can't be written."""
        write_durably(self.painted(round_, frame), save({"picture": picture.detach().cpu().contiguous()}))

    def read_painted(self, round_: int, frame: int) -> Tensor:
        """(3, H, W) float, in host memory."""
        return load_file(self.painted(round_, frame))["picture"]

    def painted(self, round_: int, frame: int) -> Path:
        return self.folder / f"pass-{round_}" / f"{frame + 1:06d}.safetensors"

    def has_painted(self, round_: int, frame: int) -> bool:
        """Whether it is there, of the size that it says."""
        try:
            with safe_open(self.painted(round_, frame), "pt"):
                return True
        except (OSError, SafetensorError):
            return False

    def forget_painted(self, round_: int, frame: int) -> None:
        """Nobody asks for it any more."""
        self.painted(round_, frame).unlink(missing_ok=True)

    def frames_folder(self) -> Path:
        """Where frames for people go that nobody asked to keep."""
        return self.folder / "frames"

    def remove(self) -> None:
        """All of it, for the film is whole."""
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def open_work(folder: Path) -> Iterator[FilmWork]:
    """The folder, made where it is missing; for one process at a time.

    Raises:
        PaintingError: it can't be written, or another process has it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as fault:
        raise PaintingError(*unwritable(folder, fault)) from fault
    try:
        _lock(handle, folder)
        yield FilmWork(folder)
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        raise PaintingError(f"{folder} is in use: this film is being painted already", "name another output") from fault
    except OSError as fault:
        raise PaintingError(*unwritable(folder, fault)) from fault


def write_durably(file: Path, content: bytes) -> None:
    """Writes a file whole or not at all; it has reached the disk then.

    Raises:
        PaintingError: it can't be written.
    """

    def save(part: Path) -> None:
        with part.open("wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())

    try:
        write_whole(file, save)
    except OSError as fault:
        raise PaintingError(*unwritable(file, fault)) from fault
