import errno
import os
import subprocess
import sys
import textwrap
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from murai.config import SnapshotConfig
from murai.errors import SnapshotError
from murai.publish.snapshot import SnapshotFacts, check_folder, save_snapshot, snapshot_folder, sweep_folder
from murai.publish.text import Credit

WHEN = datetime(2031, 5, 9, 23, 4, 5, 670000, tzinfo=timezone(timedelta(hours=5, minutes=30)))
FACTS = SnapshotFacts("BQ7K2M", WHEN, Credit("Nuit étoilée", "Vincent van Gogh", "1889"))
JPEG, PNG = SnapshotConfig(), SnapshotConfig(format="png")


def drawn(width: int = 96, height: int = 64) -> np.ndarray:
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[:, : width // 2] = (250, 20, 30)
    rgb[: height // 2, width // 2 :] = (10, 200, 60)
    return rgb


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_jpeg_lies_in_the_folder_of_its_day(tmp_path: Path) -> None:
    path = save_snapshot(drawn(), FACTS, tmp_path / "new" / "folder", JPEG)
    assert path == tmp_path / "new/folder/2031-05-09/2031-05-09_23-04-05_BQ7K2M.jpg"
    with Image.open(path) as picture:
        assert picture.format == "JPEG"
        seen = np.asarray(picture).astype(int)
    assert np.abs(seen - drawn()).mean() < 2


def test_a_png_keeps_every_pixel(tmp_path: Path) -> None:
    path = save_snapshot(drawn(), FACTS, tmp_path, PNG)
    assert path.suffix == ".png"
    with Image.open(path) as picture:
        assert (np.asarray(picture) == drawn()).all()


def test_a_view_with_strides_is_saved_as_it_looks(tmp_path: Path) -> None:
    flipped = drawn()[::-1, ::-1]
    with Image.open(save_snapshot(flipped, FACTS, tmp_path, PNG)) as picture:
        assert (np.asarray(picture) == flipped).all()


@pytest.mark.parametrize("config", [JPEG, PNG])
def test_exif_tells_time_style_and_program(tmp_path: Path, config: SnapshotConfig) -> None:
    with Image.open(save_snapshot(drawn(), FACTS, tmp_path, config)) as picture:
        exif = picture.getexif()
        details = exif.get_ifd(ExifTags.IFD.Exif)
    assert details[ExifTags.Base.DateTimeOriginal] == "2031:05:09 23:04:05"
    assert details[ExifTags.Base.OffsetTimeOriginal] == "+05:30"
    assert exif[ExifTags.Base.Software].startswith("Murai ")
    # Pillow reads these bytes as Latin-1; readers of pictures take them for the UTF-8 that they are.
    described = exif[ExifTags.Base.ImageDescription].encode("latin-1").decode()
    assert described == "In the style of Nuit étoilée by Vincent van Gogh (BQ7K2M)"


def test_a_picture_of_that_name_is_never_overwritten(tmp_path: Path) -> None:
    first = save_snapshot(drawn(), FACTS, tmp_path, JPEG)
    before = first.read_bytes()
    second = save_snapshot(255 - drawn(), FACTS, tmp_path, JPEG)
    assert second.name == "2031-05-09_23-04-05_BQ7K2M_2.jpg"
    assert first.read_bytes() == before


def test_a_name_that_another_writer_holds_is_left_to_it(tmp_path: Path) -> None:
    day = tmp_path / "2031-05-09"
    day.mkdir()
    (day / ".murai-2031-05-09_23-04-05_BQ7K2M.jpg.part").touch()
    assert save_snapshot(drawn(), FACTS, tmp_path, JPEG).name.endswith("_2.jpg")


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    for attempt in (
        lambda: check_folder(tmp_path / "file"),
        lambda: save_snapshot(drawn(), FACTS, tmp_path / "file", JPEG),
    ):
        with pytest.raises(SnapshotError, match=r"can't keep pictures in .*file.*set snapshot\.folder"):
            attempt()


def in_child(script: str, *prefix: str, user: int | None = None) -> str:
    """Runs a script in a process of its own, which may lose rights or space, and gives what it printed."""
    head = "import sys; sys.path.insert(0, sys.argv[1])\nfrom tests.publish.test_snapshot import *\n"
    root = Path(__file__).parents[2]
    command = [*prefix, sys.executable, "-c", head + textwrap.dedent(script), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, user=user)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_disk_that_fills_up_halfway_leaves_nothing_behind(tmp_path: Path) -> None:
    told = in_child(f"""
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), dtype=np.uint8)
        try:
            save_snapshot(noise, FACTS, Path({str(tmp_path)!r}), PNG)
        except SnapshotError as fault:
            print(fault)
    """)
    assert "File too large" in told
    assert "ulimit" in told
    assert files(tmp_path) == []


def may_mount() -> bool:
    return subprocess.run(["unshare", "-Urm", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="this user may not mount a small disk")
def test_a_full_disk_is_told_and_space_helps(tmp_path: Path) -> None:
    told = in_child(
        f"""
        import subprocess
        disk = Path({str(tmp_path)!r})
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "none", str(disk)], check=True)
        (disk / "other").write_bytes(bytes(90_000))
        noise = np.random.default_rng(1).integers(0, 255, (100, 100, 3), dtype=np.uint8)
        try:
            save_snapshot(noise, FACTS, disk, PNG)
        except SnapshotError as fault:
            print(fault, files(disk))
        (disk / "other").unlink()
        print(save_snapshot(noise, FACTS, disk, PNG).exists())
        """,
        *("unshare", "-Urm"),
    )
    assert "No space left on device" in told
    assert "free some space" in told
    assert told.splitlines()[0].count(str(tmp_path)) == 1
    assert "['other']" in told
    assert told.endswith("True\n")


def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    attempt = f"""
        import os
        if os.geteuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        for attempt in (check_folder, lambda folder: save_snapshot(drawn(), FACTS, folder, JPEG)):
            try:
                attempt(Path({str(tmp_path)!r}))
            except SnapshotError as fault:
                print(fault)
    """
    # The folders above belong to this user alone: the way in is opened for the nobody that root becomes.
    above = [folder for folder in tmp_path.parents if folder.name.startswith("pytest-")]
    for folder in above:
        folder.chmod(0o755)
    told = in_child(attempt)
    tmp_path.chmod(0o755)
    assert told.count("Permission denied") == 2
    assert told.count("let this user write there") == 2
    assert told.count(str(tmp_path)) == 2, "each names the folder once"
    assert ".murai-" not in told


def test_sweeping_removes_what_a_kill_left_and_nothing_else(tmp_path: Path) -> None:
    kept = save_snapshot(drawn(), FACTS, tmp_path, JPEG)
    (kept.parent / ".murai-half.jpg.part").write_bytes(b"half")
    (kept.parent / "mine.part").write_bytes(b"somebody else's")
    sweep_folder(tmp_path)
    assert files(tmp_path) == [f"2031-05-09/{kept.name}", "2031-05-09/mine.part"]


def test_checking_a_folder_makes_it_and_leaves_it_empty(tmp_path: Path) -> None:
    check_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    assert files(tmp_path) == []


def test_the_folder_is_the_configured_one_or_the_users() -> None:
    assert snapshot_folder(SnapshotConfig(folder=Path("/elsewhere"))) == Path("/elsewhere")
    assert snapshot_folder(SnapshotConfig()).name == "Murai"


def test_a_failing_disk_names_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_handle: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", broken)
    (tmp_path / "2031-05-09").mkdir()
    with pytest.raises(SnapshotError, match="check that disk"):
        save_snapshot(drawn(), FACTS, tmp_path, JPEG)
    assert files(tmp_path) == []
