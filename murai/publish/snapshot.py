"""A picture as a file: whole and on the disk, or not there at all."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image

from murai import __version__
from murai.config import SnapshotConfig
from murai.core.paths import pictures_folder
from murai.errors import SnapshotError
from murai.publish.text import Credit

_SUFFIX = {"jpeg": ".jpg", "png": ".png"}
_PART_PREFIX, _PART_SUFFIX = ".murai-", ".part"
_NAMES_TO_TRY = 100

_REMEDIES = {
    errno.ENOSPC: "free some space on that disk",
    errno.EDQUOT: "free some space: this user's share of the disk is used up",
    errno.EFBIG: "raise the limit on file sizes (ulimit -f)",
    errno.EACCES: "let this user write there, or set snapshot.folder",
    errno.EPERM: "let this user write there, or set snapshot.folder",
    errno.EROFS: "mount that disk for writing, or set snapshot.folder",
    errno.ENOTDIR: "set snapshot.folder to a folder",
    errno.EEXIST: "set snapshot.folder to a folder",
    errno.EIO: "check that disk",
}


@dataclass(frozen=True, slots=True)
class SnapshotFacts:
    """What is kept with a picture.

    taken_at: wall clock with its offset from UTC.
    """

    code: str
    taken_at: datetime
    credit: Credit


def snapshot_folder(config: SnapshotConfig) -> Path:
    """Where pictures lie: as configured, or the user's pictures folder."""
    return config.folder or pictures_folder()


def check_folder(folder: Path) -> None:
    """Makes the folder and checks that it can be written to. Safe beside a running show.

    Raises:
        SnapshotError: no picture could be kept there.
    """
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f"{_PART_PREFIX}{os.getpid()}.probe"
        try:
            probe.write_bytes(b"written")
        finally:
            probe.unlink(missing_ok=True)


def sweep_folder(folder: Path) -> None:
    """Removes what a killed program left half written. For the start of the one show that writes there.

    Raises:
        SnapshotError: something half written can't be removed.
    """
    parts = f"{_PART_PREFIX}*{_PART_SUFFIX}"
    with _told(folder):
        for part in folder.glob(f"*/{parts}"):
            part.unlink(missing_ok=True)


def save_snapshot(rgb: npt.NDArray[np.uint8], facts: SnapshotFacts, folder: Path, config: SnapshotConfig) -> Path:
    """Writes a picture to FOLDER/YYYY-MM-DD/YYYY-MM-DD_HH-MM-SS_CODE.jpg (or .png) and returns that path.

    rgb: (H, W, 3) uint8, full range sRGB. A picture that is there already is never overwritten. When
    this returns, the picture survives a power cut. Takes as long as the disk does.

    Raises:
        SnapshotError: it could not be written; nothing half written stays behind.
    """
    encoded = _encode(rgb, facts, config)
    day = folder / f"{facts.taken_at:%Y-%m-%d}"
    with _told(day):
        if not day.is_dir():
            day.mkdir(parents=True, exist_ok=True)
            _sync_folder(day.parent)
        for path in _names(day, facts, _SUFFIX[config.format]):
            if _write_new(path, encoded):
                return path
    raise SnapshotError(f"{day} is full of pictures named {facts.code}", "move them away")


def _encode(rgb: npt.NDArray[np.uint8], facts: SnapshotFacts, config: SnapshotConfig) -> bytes:
    encoded = io.BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(rgb))
    exif = _exif(facts)
    if config.format == "png":
        # Level 6, Pillow's own choice, takes three times as long for a tenth of the size.
        picture.save(encoded, "PNG", exif=exif, compress_level=3)
    else:
        # Full colour resolution: paintings have hard edges between strong colours.
        picture.save(encoded, "JPEG", exif=exif, quality=config.quality, subsampling="4:4:4")
    return encoded.getvalue()


def _exif(facts: SnapshotFacts) -> Image.Exif:
    time = f"{facts.taken_at:%Y:%m:%d %H:%M:%S}"
    credit = facts.credit
    described = f"{credit.title} by {credit.artist}" if credit.artist else credit.title
    exif = Image.Exif()
    # Bytes, because Pillow turns every letter beyond ASCII of a string into a question mark.
    exif[ExifTags.Base.ImageDescription] = f"In the style of {described} ({facts.code})".encode()
    exif[ExifTags.Base.Software] = f"Murai {__version__}"
    exif[ExifTags.Base.DateTime] = time
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = time
    details[ExifTags.Base.SubsecTimeOriginal] = f"{facts.taken_at:%f}"
    if facts.taken_at.utcoffset() is not None:
        offset = facts.taken_at.isoformat()[-6:]
        details[ExifTags.Base.OffsetTime] = offset
        details[ExifTags.Base.OffsetTimeOriginal] = offset
    return exif


def _names(day: Path, facts: SnapshotFacts, suffix: str) -> Iterator[Path]:
    stem = f"{facts.taken_at:%Y-%m-%d_%H-%M-%S}_{facts.code}"
    yield day / f"{stem}{suffix}"
    for number in range(2, _NAMES_TO_TRY + 1):
        yield day / f"{stem}_{number}{suffix}"


def _write_new(path: Path, content: bytes) -> bool:
    """Writes a file that appears whole; False where one of that name exists or is being written."""
    part = path.with_name(f"{_PART_PREFIX}{path.name}{_PART_SUFFIX}")
    try:
        # Exclusive: whoever holds the part holds the name, so the look at `path` below can't be overtaken.
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        return False
    try:
        with os.fdopen(handle, "wb") as file:
            if path.exists():
                return False
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        _sync_folder(path.parent)
        return True
    finally:
        part.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """A new name is on the disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        reason = fault.strerror or str(fault)
        remedy = _REMEDIES.get(fault.errno or 0, "check snapshot.folder and its disk")
        raise SnapshotError(f"can't keep pictures in {folder}: {reason}", remedy) from fault
